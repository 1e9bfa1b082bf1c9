/**
 * What to do if the native part cannot be loaded. This depends on where the code is: a checkout has the scripts and
 * packages for a build; an installed package has prebuilt files and the sources; a bundle has none of them.
 *
 * @module
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import { isBundled, PREBUILDS } from './load-addon'

/** The packages that build the addon of an installed package. They are not among its dependencies. */
export const BUILD_PACKAGES = ['cmake-js@8', 'node-addon-api@8'] as const

/** How each bundler leaves the package out of a bundle. */
export const EXTERNALS = [
  "esbuild: `external: ['gru-native']`",
  "webpack: `externals: { 'gru-native': 'commonjs gru-native' }`",
  'ncc: `--external gru-native`',
  "Next.js: `serverExternalPackages: ['gru-native']`",
] as const

/**
 * The message for an addon that was not found or could not be loaded.
 *
 * @param codeFolder - the folder of the code that is running: directly in the package, or a bundle's
 * @param named - the file that GRU_NATIVE_ADDON names, if it is set
 */
export function explainLoadError(
  codeFolder: string,
  named: string | undefined,
  cause: Error,
): string {
  const [reason] = cause.message.split('\n', 1)
  const list = remedies(codeFolder, named).map((line) => `\n  - ${line}`)
  return `the native part could not be loaded on ${platform()}: ${reason}${list.join('')}`
}

function platform(): string {
  const system = [process.platform, process.arch, ...libc()].join(' ')
  return `${system}, Node ${process.version}`
}

/** The C library on Linux, on which the prebuilt files depend. */
function libc(): string[] {
  if (process.platform !== 'linux') return []
  const { header } = process.report.getReport() as unknown as {
    readonly header: { readonly glibcVersionRuntime?: string }
  }
  const version = header.glibcVersionRuntime
  return version === undefined ? ['musl'] : [`glibc ${version}`]
}

function remedies(codeFolder: string, named: string | undefined): string[] {
  if (named) {
    return [
      `GRU_NATIVE_ADDON names ${named}: correct it, or unset it to use the package's own build`,
    ]
  }
  if (isBundled()) return remediesOfBundle(codeFolder)
  const folder = path.dirname(codeFolder)
  return isCheckout(folder) ? remedyOfCheckout(folder) : remediesOfPackage(folder)
}

function remediesOfBundle(folder: string): string[] {
  const beside = path.join(folder, PREBUILDS)
  const files = prebuilt(folder)
  return [
    `the code of gru-native is in a bundle, in ${folder}, and its native part cannot be in one: install the package ` +
      `where the bundle runs, and better leave it out of the bundle (${EXTERNALS.join('; ')})`,
    `or copy the package's folder ${PREBUILDS} to ${beside}` +
      (files.length > 0 ? `, which has files for: ${files.join(', ')}` : ''),
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

function remediesOfPackage(folder: string): string[] {
  const install = `npm install --no-save --save-prod --omit=dev ${BUILD_PACKAGES.join(' ')}`
  return [
    `the package has prebuilt files for: ${prebuilt(folder).join(', ') || 'no platform'}`,
    `build it from source, with CMake 3.21 or later and a C++20 compiler (GCC or Clang), in ${folder}: ` +
      `\`${install} && npx cmake-js rebuild\``,
  ]
}

/** Paths such as `linux-x64/gru-native.glibc.node`. */
function prebuilt(folder: string): string[] {
  const prebuilds = path.join(folder, PREBUILDS)
  if (!fs.existsSync(prebuilds)) return []
  const files = fs.readdirSync(prebuilds, { recursive: true, encoding: 'utf8' })
  return files.filter((file) => file.endsWith('.node')).sort()
}
