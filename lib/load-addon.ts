/**
 * Finding the addon. Tools that collect the files of a program (ncc; the file tracing of Next.js) read this file: they
 * look for calls of node-gyp-build with a folder that they can compute from `__dirname`. ncc reads only ECMAScript 2020,
 * and no helpers of TypeScript, so the imports are of single names, and there is no newer syntax here.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
// A default import would need a helper of TypeScript.
// eslint-disable-next-line @typescript-eslint/no-require-imports
import loadBuilt = require('node-gyp-build')

/** The folder of the prebuilt files, in the package or beside a bundle. */
export const PREBUILDS = 'prebuilds'

/**
 * Whether this code is not in the package any more, since a bundler took it from there. The package has the declarations
 * of its native part, whatever the name of a fork is.
 */
export function isBundled(): boolean {
  return !existsSync(join(__dirname, '..', 'binding.d.ts'))
}

/**
 * Loads the addon. If this code is in a bundle, it is looked for beside the bundle, then in a package that is installed
 * where the bundle is, and then above the bundle.
 */
export function loadAddon(): unknown {
  if (existsSync(join(__dirname, PREBUILDS))) return loadBuilt(__dirname)
  const installed = isBundled() ? installedPackage() : undefined
  // The package's folders lib and dist have this file.
  return installed === undefined ? loadBuilt(`${__dirname}/..`) : loadBuilt(installed)
}

function installedPackage(): string | undefined {
  try {
    return dirname(createRequire(__filename).resolve('gru-native/package.json'))
  } catch {
    return undefined
  }
}
