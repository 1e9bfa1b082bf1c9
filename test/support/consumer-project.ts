import * as fs from 'node:fs'
import * as path from 'node:path'
import { currentPlatform } from '../../lib/platform'
import { addonPath } from './addon'
import { shell, type ShellExit } from './shell'

const root = path.join(__dirname, '..', '..')

/** A project of a user, with this package among its packages. */
export interface ConsumerProject {
  readonly folder: string
  /** The installed package. */
  readonly installed: string
  /** The package of this platform, with the native part, as in a release; in tests on WebAssembly it is not there. */
  readonly platform: string
  readonly write: (file: string, text: string) => string
  /** Runs a command line in the project, or in a folder of it. */
  readonly run: (command: string, under?: string) => Promise<ShellExit>
}

/** Whether the tests run on the WebAssembly. Its package is then the only one with a native part. */
const isWasm = path.extname(addonPath) === '.js'

function installWasm(modules: string): void {
  const folder = path.join(modules, '@gru-native', 'wasm32')
  fs.cpSync(path.dirname(addonPath), folder, { recursive: true })
}

function installPrebuilt(platform: string): void {
  fs.mkdirSync(platform, { recursive: true })
  fs.copyFileSync(addonPath, path.join(platform, 'gru_native.node'))
  fs.writeFileSync(path.join(platform, 'package.json'), '{ "main": "gru_native.node" }')
}

/** Makes a project in a new folder, with the package as it was built last. */
export function consumerProject(folder: string): ConsumerProject {
  const modules = path.join(folder, 'node_modules')
  const installed = path.join(modules, 'gru-native')
  for (const part of ['dist', 'package.json', 'binding.d.ts']) {
    fs.cpSync(path.join(root, part), path.join(installed, part), { recursive: true })
  }
  const platform = path.join(modules, '@gru-native', currentPlatform().name)
  if (isWasm) installWasm(modules)
  else installPrebuilt(platform)
  for (const dependency of ['detect-libc', 'node-gyp-build']) {
    const place = path.join('node_modules', dependency)
    fs.cpSync(path.join(root, place), path.join(folder, place), { recursive: true })
  }
  return {
    folder,
    installed,
    platform,
    write: (file, text) => {
      const written = path.join(folder, file)
      fs.mkdirSync(path.dirname(written), { recursive: true })
      fs.writeFileSync(written, text)
      return written
    },
    run: (command, under = '') =>
      shell(command, path.join(folder, under), {
        ...{ GRU_NATIVE_ADDON: '', NODE_OPTIONS: '' },
        // The first use of the WebAssembly warns, and the output has both streams.
        ...(isWasm ? { NODE_NO_WARNINGS: '1' } : {}),
      }),
  }
}
