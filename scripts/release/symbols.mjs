// What a prebuilt addon needs of its platform: libraries, and versions of their symbols. A release fails if that is more
// than the platform's oldest system has.
import { basename } from 'node:path'
import { inRoot, StepError } from '../project.mjs'
import { output } from './commands.mjs'
import { readMachO } from './mach-o.mjs'
import { GLIBC } from './targets.mjs'

/** The libraries that every system of a kind has. */
const LIBRARIES = {
  glibc: /^(lib(c|m|dl|pthread|rt)\.so\.\d+|ld-linux[-\w]*\.so\.\d+)$/,
  // musl's loader knows this name as its own.
  musl: /^libc\.so$/,
  win32: /^(kernel32|ntdll|msvcrt|ucrtbase|api-ms-win-crt-[-\w]+)\.dll$/i,
  darwin: /^\/usr\/lib\/(libSystem\.B|libc\+\+\.1)\.dylib$/,
}

/**
 * What Node calls of an addon, and an addon of the CUDA plug-in. Everything else would meet the symbols of other libraries
 * in the process.
 */
const EXPORTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1', 'gru_cuda_plugin']

const printed = (...command) => output(command, inRoot())

const allMatches = (text, pattern) => [...text.matchAll(pattern)].map(([, found]) => found)

const inOrder = (one, other) => one.localeCompare(other, 'en', { numeric: true })

function readElf(file) {
  const dynamic = printed('readelf', '--wide', '--dynamic', file)
  const versions = printed('readelf', '--wide', '--version-info', file)
  const symbols = printed('nm', '--dynamic', '--defined-only', file)
  return {
    libraries: allMatches(dynamic, /\(NEEDED\).*\[(.*)\]/g),
    glibc: allMatches(versions, /\bName: GLIBC_([\d.]+)/g)
      .sort(inOrder)
      .at(-1),
    foreign: allMatches(versions, /\bName: ((?:GLIBCXX|CXXABI|GCC)_[\d.]+)/g),
    exported: allMatches(symbols, / [A-Z] (\w+)$/gm),
  }
}

const readPe = (file) => ({
  libraries: allMatches(printed('objdump', '--private-headers', file), /DLL Name: (\S+)/g),
})

/** The faults of an addon for Linux, and what is to be said about it. */
function examineElf(file) {
  const { libraries, glibc, foreign, exported } = readElf(file)
  const tooNew = glibc !== undefined && inOrder(glibc, GLIBC) > 0
  return {
    libraries,
    faults: [
      ...(tooNew ? [`it needs GLIBC_${glibc}, and GLIBC_${GLIBC} is the newest allowed`] : []),
      ...foreign.map((version) => `it needs ${version}`),
      ...exported.filter((name) => !EXPORTS.includes(name)).map((name) => `it exports ${name}`),
    ],
    needs: glibc === undefined ? 'libc' : `GLIBC ${glibc}`,
  }
}

function examinePe(file) {
  const { libraries } = readPe(file)
  return { libraries, faults: [], needs: libraries.join(', ') }
}

function examineMachO(file, { cpu }) {
  const { libraries, macos, signed } = readMachO(file)
  const own = basename(file)
  const faults =
    cpu === 'arm64' && !signed ? ['it is not signed, and macOS loads no such file'] : []
  const names = libraries.map((library) => basename(library)).filter((name) => name !== own)
  return { libraries, faults, needs: `macOS ${macos}, ${names.join(', ')}` }
}

const EXAMINERS = { linux: examineElf, win32: examinePe, darwin: examineMachO }

/** Checks the addon of a target and returns in words what it needs. */
export function checkSymbols(file, target) {
  const { libraries, faults, needs } = EXAMINERS[target.os](file, target)
  const allowed = LIBRARIES[target.libc ?? target.os]
  const unknown = libraries.filter((library) => !allowed.test(library))
  const all = [...faults, ...unknown.map((library) => `it needs the library ${library}`)]
  if (all.length === 0) return needs
  throw new StepError(`the addon for ${target.name} (${file}):\n  ${all.join('\n  ')}`)
}
