/**
 * Finding the native part. Tools that collect the files of a program, as Next.js does, follow the calls of `load` below,
 * which have the full names of the packages. Bundlers leave these calls alone.
 *
 * @module
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import type * as Binding from '../binding'

// In this form, and not as an import, the tools know what `load` is.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const { createRequire } = require('node:module') as typeof import('node:module')
const load = createRequire(__filename)

/** The file of the native part, in a platform's package and in a build. */
export const ADDON_FILE = 'gru_native.node'

/** The WebAssembly of the same engine. */
export const FALLBACK = '@gru-native/wasm32'

/** The prebuilt native parts, by platform: each is a package of its own. */
const PREBUILT: Readonly<Record<string, () => unknown>> = {
  'linux-x64': () => load('@gru-native/linux-x64/gru_native.node') as unknown,
  'linux-arm64': () => load('@gru-native/linux-arm64/gru_native.node') as unknown,
  'linuxmusl-x64': () => load('@gru-native/linuxmusl-x64/gru_native.node') as unknown,
  'linuxmusl-arm64': () => load('@gru-native/linuxmusl-arm64/gru_native.node') as unknown,
  'darwin-arm64': () => load('@gru-native/darwin-arm64/gru_native.node') as unknown,
  'darwin-x64': () => load('@gru-native/darwin-x64/gru_native.node') as unknown,
  'win32-x64': () => load('@gru-native/win32-x64/gru_native.node') as unknown,
}

/** The platforms with a prebuilt native part. */
export const PREBUILT_PLATFORMS: readonly string[] = Object.keys(PREBUILT)

/** The package of a platform. */
export function packageOf(platform: string): string {
  return `@gru-native/${platform}`
}

/** Something that did not load, and why. */
export interface Failure {
  /** A file or a package. */
  readonly place: string
  readonly cause: Error
}

/** What loaded, if anything did, and what was tried before it without success. */
export interface Found {
  readonly addon?: typeof Binding
  readonly failures: readonly Failure[]
}

/** A place of the native part. */
interface Source {
  readonly place: string
  readonly load: () => unknown
}

/**
 * Whether this code is not in the package any more, since a bundler took it from there. The package has the declarations
 * of its native part, whatever the name of a fork is.
 */
export function isBundled(): boolean {
  return !fs.existsSync(path.join(__dirname, '..', 'binding.d.ts'))
}

/** Loads the file that the user names. */
export function findNamed(file: string): Found {
  return firstThatLoads([fileSource(path.resolve(file))])
}

/**
 * Loads the native part for a platform: the package's own build, which is newer than what was installed, or one that
 * prebuildify has put into it, or else that of the platform's package. If this code is in a bundle, a file beside it comes first, and then what an installed package finds.
 */
export function findAddon(platform: string): Found {
  const near = isBundled()
    ? [...fileIfThere(__dirname, ADDON_FILE), ...installedPackage(platform)]
    : [...fileIfThere(__dirname, '..', 'build', 'Release', ADDON_FILE), ...ownPrebuilds()]
  const prebuilt = PREBUILT[platform]
  const place = packageOf(platform)
  return firstThatLoads([...near, ...(prebuilt ? [{ place, load: prebuilt }] : [])])
}

/** Loads the WebAssembly, which runs everywhere. */
export function findFallback(): Found {
  return firstThatLoads([{ place: FALLBACK, load: () => load('@gru-native/wasm32') as unknown }])
}

/** A module of Node that few programs need: an import would load it together with the package. */
export function loadWorkerThreads(): typeof import('node:worker_threads') {
  return load('node:worker_threads') as typeof import('node:worker_threads')
}

/** Whether a package can be found from here. */
export function isInstalled(name: string): boolean {
  try {
    load.resolve(`${name}/package.json`)
    return true
  } catch {
    return false
  }
}

function firstThatLoads(sources: readonly Source[]): Found {
  const failures: Failure[] = []
  for (const { place, load: loadSource } of sources) {
    try {
      return { addon: checked(loadSource()), failures }
    } catch (cause) {
      failures.push({ place, cause: cause as Error })
    }
  }
  return { failures }
}

function checked(loaded: unknown): typeof Binding {
  const addon = loaded as Partial<typeof Binding> | null | undefined
  if (typeof addon?.initialize === 'function') return loaded as typeof Binding
  throw new Error('it is no native part of gru-native')
}

function fileSource(file: string): Source {
  return { place: file, load: () => load(file) as unknown }
}

function fileIfThere(...parts: readonly string[]): Source[] {
  const file = path.join(...parts)
  return fs.existsSync(file) ? [fileSource(file)] : []
}

/** Files in the package itself: whoever packs it for a platform without a package of its own puts them there. */
function ownPrebuilds(): Source[] {
  const folder = path.join(__dirname, '..')
  const prebuilds = path.join(folder, 'prebuilds')
  if (!fs.existsSync(prebuilds)) return []
  const loadPrebuilt = (): unknown => (load('node-gyp-build') as (from: string) => unknown)(folder)
  return [{ place: prebuilds, load: loadPrebuilt }]
}

/** The places that a package knows that is installed where a bundle is. */
function installedPackage(platform: string): Source[] {
  if (!isInstalled('gru-native')) return []
  const folder = path.dirname(load.resolve('gru-native/package.json'))
  const loadInstalled = (): unknown => {
    const loader = load(path.join(folder, 'dist', 'load-addon.js')) as typeof import('./load-addon')
    const { addon, failures } = loader.findAddon(platform)
    if (addon === undefined) throw failures[0]?.cause ?? new Error('it has no native part')
    return addon
  }
  return [{ place: folder, load: loadInstalled }]
}
