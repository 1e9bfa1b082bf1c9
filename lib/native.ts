/**
 * The native part: found, loaded and set up at its first use.
 *
 * @module
 */
import { createRequire } from 'node:module'
import * as path from 'node:path'
import loadBuilt from 'node-gyp-build'
import type * as Binding from '../binding'
import { GruError, type GruErrorCode } from './errors'

export type Native = Binding.NativeSurface

/** What the native part says of a job that its abort flag stopped; {@link GruError} never leaves with it. */
export const ABORTED = 'ERR_GRU_ABORTED'

// lib and dist both lie directly in the package.
const packageFolder = path.dirname(__dirname)

let loaded: Native | undefined

/**
 * The native part.
 *
 * @throws GruError ERR_GRU_LOAD, with remedies, where it cannot be loaded
 */
export function native(): Native {
  loaded ??= load()
  return loaded
}

function load(): Native {
  const addonPath = process.env['GRU_NATIVE_ADDON']
  try {
    const addon = (addonPath ? requireFile(addonPath) : loadBuilt(packageFolder)) as typeof Binding
    return addon.initialize((code, message) => new GruError(code as GruErrorCode, message))
  } catch (cause) {
    throw new GruError('ERR_GRU_LOAD', explain(addonPath, cause as Error), { cause })
  }
}

function requireFile(file: string): unknown {
  return createRequire(__filename)(path.resolve(file))
}

function explain(addonPath: string | undefined, cause: Error): string {
  const platform = `${process.platform} ${process.arch}, Node ${process.version}`
  const remedies = addonPath
    ? [
        `GRU_NATIVE_ADDON names ${addonPath}: correct it, or unset it to use the package's own build`,
      ]
    : [
        'install the package again on this machine: prebuilt files differ by platform, and on Linux by libc (glibc, musl)',
        `build it from source: \`npm run build\` in ${packageFolder} needs CMake and a C++20 compiler`,
      ]
  const list = remedies.map((remedy) => `\n  - ${remedy}`).join('')
  return `the native part could not be loaded on ${platform}: ${firstLine(cause.message)}${list}`
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text
}
