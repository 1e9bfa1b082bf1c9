/**
 * What to do if the native part cannot be loaded. This depends on where the code is: a checkout has the scripts and
 * packages for a build; an installed package has the sources, and prebuilt files in other packages; a bundle has neither.
 *
 * @module
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import {
  ADDON_FILE,
  FALLBACK,
  type Failure,
  isBundled,
  isInstalled,
  packageOf,
  PREBUILT_PLATFORMS,
} from './load-addon'
import { hasOldGlibc, OLDEST_GLIBC, type Platform } from './platform'

/** As detect-libc calls it. */
const GLIBC = 'glibc'

/** The command that builds the native part of an installed package. */
export const BUILD_COMMAND = 'npx gru build'

/** How each bundler leaves the package out of a bundle. */
export const EXTERNALS = [
  "esbuild: `external: ['gru-native']`",
  "webpack: `externals: { 'gru-native': 'commonjs gru-native' }`",
  'ncc: `--external gru-native`',
  "Next.js: `serverExternalPackages: ['gru-native']`",
] as const

/** The message for a file named by GRU_NATIVE_ADDON that could not be loaded. */
export function explainNamed(platform: Platform, failures: readonly Failure[]): string {
  const { place } = failures[0]!
  return join(`${failed(platform)}: ${reasonOf(failures[0]!)}`, [
    `GRU_NATIVE_ADDON names ${place}: correct it, or unset it to use the package's own build`,
  ])
}

/**
 * The message for a native part that was not found or could not be loaded.
 *
 * @param codeFolder - the folder of the code that is running: directly in the package, or a bundle's
 * @param failures - all that was tried
 */
export function explainLoadError(
  codeFolder: string,
  platform: Platform,
  failures: readonly Failure[],
): string {
  const [first, ...others] = failures.filter((failure) => !isMissing(failure)).map(reasonOf)
  const list = [...others, ...remedies(codeFolder, platform)]
  return join(`${failed(platform)}: ${first ?? nothingFor(platform)}`, list)
}

function nothingFor({ name }: Platform): string {
  return PREBUILT_PLATFORMS.includes(name)
    ? `${packageOf(name)} is not installed`
    : 'there is no prebuilt file for this platform'
}

/** The text of the warning that the WebAssembly is used, and how to get the native part. */
export function explainFallback(
  codeFolder: string,
  platform: Platform,
  failures: readonly Failure[],
): string {
  const message = explainLoadError(codeFolder, platform, failures)
  return (
    'the slower WebAssembly is in use, with one thread (GRU_NATIVE_FALLBACK=off makes this an error): ' +
    message
  )
}

function join(message: string, list: readonly string[]): string {
  return [message, ...list].join('\n  - ')
}

function failed({ system, libc }: Platform): string {
  const library = libc ? ` ${[libc.family, libc.version ?? ''].join(' ').trim()}` : ''
  return `the native part could not be loaded on ${system}${library}, Node ${process.version}`
}

/** Whether there is nothing at a place. What is not installed stands in the remedies. */
function isMissing({ place, cause }: Failure): boolean {
  const { code } = cause as NodeJS.ErrnoException
  return code === 'MODULE_NOT_FOUND' && cause.message.includes(place)
}

function reasonOf({ place, cause }: Failure): string {
  const [line] = cause.message.split('\n', 1) as [string]
  return line.includes(place) ? line : `${place}: ${line}`
}

function remedies(codeFolder: string, platform: Platform): string[] {
  if (isBundled()) return remediesOfBundle(codeFolder, platform)
  const folder = path.dirname(codeFolder)
  return isCheckout(folder) ? remedyOfCheckout(folder) : remediesOfPackage(folder, platform)
}

function remediesOfBundle(folder: string, { name }: Platform): string[] {
  return [
    `the code of gru-native is in a bundle, in ${folder}, and its native part cannot be in one: install the package ` +
      `where the bundle runs, and better leave it out of the bundle (${EXTERNALS.join('; ')})`,
    `or copy the file ${ADDON_FILE} of the package ${packageOf(name)}, or of a build, to ${path.join(folder, ADDON_FILE)}`,
  ]
}

/** An installed package has no scripts. */
function isCheckout(folder: string): boolean {
  return fs.existsSync(path.join(folder, 'scripts', 'setup.mjs'))
}

function remedyOfCheckout(folder: string): string[] {
  // Set-up does not rebuild files that are newer than their sources, even if they are of another machine.
  const fresh = fs.existsSync(path.join(folder, 'build')) ? 'rm -rf build && ' : ''
  return [`build it, in ${folder}: \`${fresh}npm run setup\``]
}

function remediesOfPackage(folder: string, platform: Platform): string[] {
  const { name } = platform
  const lacks =
    PREBUILT_PLATFORMS.includes(name) && !isInstalled(packageOf(name)) && !hasOldGlibc(platform)
  return [
    ...prebuilds(platform),
    ...(lacks
      ? [
          `install the prebuilt file: \`${installCommand(folder, packageOf(name))}\`. npm leaves it out with ` +
            '--omit=optional, and where a lock file was made on another platform',
        ]
      : []),
    `build it from source, with CMake 3.21 or later and a C++20 compiler (GCC or Clang): \`${BUILD_COMMAND}\``,
    ...(isInstalled(FALLBACK)
      ? []
      : [`use the slower WebAssembly: \`${installCommand(folder, FALLBACK)}\``]),
  ]
}

/** Which prebuilt files there are, and which glibc they need. */
function prebuilds(platform: Platform): string[] {
  const installed = PREBUILT_PLATFORMS.filter((name) => isInstalled(packageOf(name)))
  return [
    `there are prebuilt files for: ${PREBUILT_PLATFORMS.join(', ')}; installed: ${installed.join(', ') || 'none'}`,
    ...(platform.libc?.family === GLIBC
      ? [
          `those for Linux need ${GLIBC} ${OLDEST_GLIBC} or later, found: ${platform.libc.version ?? 'none'}`,
        ]
      : []),
  ]
}

/** All packages of a release have one version. */
function installCommand(folder: string, name: string): string {
  const manifest = fs.readFileSync(path.join(folder, 'package.json'), 'utf8')
  return `npm install ${name}@${(JSON.parse(manifest) as { version: string }).version}`
}
