// Makes a checkout ready to use: npm packages, a CBLAS library, the native addon, the TypeScript build, and for
// tests doctest, an emulated device, Chromium and the packages of the example service. It skips what is up to date, so that a
// second run takes almost no time.
//
//   node scripts/setup.mjs [--tests] [--warnings-are-errors]
//
// --tests               also provides doctest, for the native unit tests, Chromium and the packages of examples/service,
//                       and builds the CUDA plug-in that runs on the processor, which only tests use
// --warnings-are-errors treats the compiler's warnings as errors, as the project's own checks do; do not use it for
//                       a mere installation, since a newer compiler may have new warnings
// GRU_NATIVE_SETUP_BLAS=skip   never install a CBLAS library; build with the one that is there, or with
//                              the built-in matrix product
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { aptCommand, aptInstall, mayInstall } from './apt.mjs'
import {
  filesUnder,
  fingerprint,
  inRoot,
  namesIn,
  packageCommand,
  readStamp,
  run,
  StepError,
  succeeds,
  writeStamp,
} from './project.mjs'

const say = (line) => console.log(`set-up: ${line}`)

/** Runs a command of a step. If it fails, the error names the step, the command and the remedy. */
function must(step, command, remedy, options) {
  const status = run(command, options)
  if (status === 0) return
  throw new StepError(
    `${step} failed (exit status ${status})\n  command: ${command.join(' ')}\n  remedy:  ${remedy}`,
  )
}

/** Whether node_modules of a folder has exactly the packages that its package-lock.json names for this platform. */
function packagesMatchLock(folder) {
  const installedPath = inRoot(folder, 'node_modules', '.package-lock.json')
  if (!existsSync(installedPath)) return false
  const wanted = JSON.parse(readFileSync(inRoot(folder, 'package-lock.json'), 'utf8')).packages
  const installed = JSON.parse(readFileSync(installedPath, 'utf8')).packages
  const sameVersion = ([path, { version, integrity, optional }]) =>
    path === '' ||
    (installed[path] === undefined
      ? optional === true
      : installed[path].version === version && installed[path].integrity === integrity)
  return Object.entries(wanted).every(sameVersion) && Object.keys(installed).every((p) => wanted[p])
}

/** Installs the packages of a folder with a lock file of its own. */
function installPackages(folder) {
  if (packagesMatchLock(folder)) return
  const what = folder === '.' ? 'npm packages' : `npm packages of ${folder}`
  say(`installing ${what} (npm ci)`)
  must(
    `installing ${what}`,
    ['npm', 'ci', '--prefix', folder, '--include=dev', '--no-audit', '--no-fund'],
    'check the network; if package.json changed, `npm install` brings its lock file up to date',
  )
}

/**
 * Installs Debian packages if it may. One attempt for each build folder, so that a machine without a network does not
 * wait in every run.
 */
function installOnce(name, packages) {
  const stamp = `${name}-install`
  if (!mayInstall() || readStamp(stamp) !== undefined) return
  say(`installing ${name} (${aptCommand(packages)})`)
  writeStamp(stamp, aptInstall(packages) ? 'installed' : 'failed')
}

/** The command of this platform that installs Debian's packages, or the ones of Homebrew. */
const installCommand = (packages, brewed) =>
  process.platform === 'darwin'
    ? `brew install ${brewed.join(' ')}`
    : `${aptCommand(packages)}   (as root)`

/** Whether CMake will find a CBLAS (in the same places as cmake/cblas.cmake). */
function hasCblas() {
  if (succeeds(['pkg-config', '--exists', 'openblas'])) return true
  const folders = ['/usr/include', '/usr/local/include', '/opt/homebrew/opt/openblas/include']
  if (process.platform === 'linux') {
    for (const name of namesIn('/usr/include')) {
      if (name.includes('-linux-') || name === 'openblas') folders.push(join('/usr/include', name))
    }
  }
  return folders.some((folder) => existsSync(join(folder, 'cblas.h')))
}

const BLAS_PACKAGES = ['libopenblas-dev']

/** Whether the user forbids set-up to install a CBLAS. Prints a message if the variable has another value. */
function skipsBlas() {
  const asked = process.env.GRU_NATIVE_SETUP_BLAS || undefined
  if (asked !== undefined && asked !== 'skip') {
    say(`GRU_NATIVE_SETUP_BLAS: expected skip, got ${JSON.stringify(asked)}; nothing is skipped`)
  }
  return asked === 'skip'
}

/** Provides a CBLAS if it can, and returns whether there is one. It never fails, since the engine has its own GEMM. */
function provideBlas() {
  const skips = skipsBlas()
  if (hasCblas()) return true
  if (skips) {
    say('no CBLAS; going on with the built-in matrix product (GRU_NATIVE_SETUP_BLAS=skip)')
    return false
  }
  installOnce('OpenBLAS', BLAS_PACKAGES)
  if (hasCblas()) return true
  say('no CBLAS; going on with the built-in matrix product. For OpenBLAS beside it run')
  say(`  ${installCommand(BLAS_PACKAGES, ['openblas', 'pkg-config'])}`)
  return false
}

/** Whether doctest is where packages put it. cmake/doctest.cmake also finds it in places that CMake is told. */
const hasDoctest = () =>
  ['/usr/include', '/usr/local/include', '/opt/homebrew/include'].some((folder) =>
    existsSync(join(folder, 'doctest', 'doctest.h')),
  )

const DOCTEST_PACKAGES = ['doctest-dev']

/** Provides doctest if it can. It never fails: only the native unit tests need doctest, and their build says so. */
function provideDoctest() {
  if (!hasDoctest()) installOnce('doctest', DOCTEST_PACKAGES)
  if (hasDoctest()) return
  say('no doctest; going on without it. To build the native unit tests, run before')
  say(`  ${installCommand(DOCTEST_PACKAGES, ['doctest'])}`)
}

const CHROMIUM_PACKAGES = ['chromium']

/** Whether there is the Chromium that test/support/chromium.ts drives. */
const hasChromium = () => succeeds(['chromium', '--version'])

/** Provides Chromium if it can. It never fails: only the test of the example service's page needs it, and says so. */
function provideChromium() {
  if (!hasChromium()) installOnce('Chromium', CHROMIUM_PACKAGES)
  if (hasChromium()) return
  say('no Chromium; going on without it. To test the page of examples/service, run before')
  say(`  ${installCommand(CHROMIUM_PACKAGES, ['--cask', 'chromium'])}`)
}

function checkToolchain() {
  const compilers = [process.env.CXX, 'c++', 'g++', 'clang++'].filter(Boolean)
  const missing = [
    ...(succeeds(['cmake', '--version']) ? [] : ['cmake']),
    ...(compilers.some((compiler) => succeeds([compiler, '--version'])) ? [] : ['g++']),
    ...(succeeds(['make', '--version']) || succeeds(['ninja', '--version']) ? [] : ['make']),
  ]
  if (missing.length === 0) return
  throw new StepError(
    `building the native addon failed: ${missing.join(' and ')} not found\n` +
      `  remedy:  apt-get install -y ${missing.join(' ')}   (as root; elsewhere: CMake and a C++20 compiler)`,
  )
}

const ADDON = { name: 'the native addon', target: 'gru_native', file: 'gru_native.node' }
/** For the tests of a device that this machine may not have. */
const EMULATED_PLUGIN = {
  name: 'the emulated CUDA plug-in',
  target: 'gru_native_cuda_emulated',
  file: 'gru_native_cuda_emulated.so',
}

/** Builds one library of build/Release with cmake-js and additional options of CMake. */
function buildNative({ name, target, file }, blas, further) {
  const sources = filesUnder(
    ['CMakeLists.txt', 'cmake', 'native', 'package.json'],
    (source) => !source.endsWith('_test.cc'),
  )
  const stamp = fingerprint(sources, { blas, platform: process.platform, arch: process.arch })
  if (readStamp(target) === stamp && existsSync(inRoot('build', 'Release', file))) return
  checkToolchain()
  say(`building ${name} (cmake-js)`)
  const cmakeJs = [...packageCommand('cmake-js'), '--log-level', 'warn']
  const remedy = 'read the first error above; `rm -rf build` starts afresh'
  const options = ['--CDGRU_BLAS=AUTO', '--CDGRU_CUDA=OFF', '--CDGRU_CUDA_EMULATED=ON', ...further]
  must(`configuring ${name}`, [...cmakeJs, 'configure', ...options], remedy, { quiet: true })
  const jobs = String(availableParallelism())
  const build = [...cmakeJs, 'build', '--target', target, '--parallel', jobs]
  must(`building ${name}`, build, remedy)
  writeStamp(target, stamp)
}

/** What runs after the compiler. */
const DIST_SCRIPTS = ['scripts/bundle.mjs', 'scripts/headers.mjs']

function buildTypeScript() {
  const sources = filesUnder([
    'binding.d.ts',
    'lib',
    'tsconfig.json',
    'tsconfig.build.json',
    'package-lock.json',
    ...DIST_SCRIPTS,
  ])
  const stamp = fingerprint(sources, {})
  if (readStamp('typescript') === stamp && existsSync(inRoot('dist', 'index.js'))) return
  say('compiling TypeScript (tsc)')
  // A file that was renamed or removed must not stay in dist.
  rmSync(inRoot('dist'), { recursive: true, force: true })
  must(
    'compiling TypeScript',
    [...packageCommand('typescript', 'tsc'), '-p', 'tsconfig.build.json'],
    'mend the errors above',
  )
  for (const script of DIST_SCRIPTS) {
    must(`completing dist (${script})`, [process.execPath, script], 'mend the errors above')
  }
  writeStamp('typescript', stamp)
}

/** It has packages of its own. */
const SERVICE = 'examples/service'

/** Updates what is needed to run the library, and with `tests` also what tests need. */
export function setUp({ tests, 'warnings-are-errors': warningsAreErrors }) {
  installPackages('.')
  const blas = provideBlas()
  if (tests) {
    installPackages(SERVICE)
    provideDoctest()
    provideChromium()
  }
  // The option is not given otherwise: a build folder that the checks have set up keeps its setting.
  const further = warningsAreErrors ? ['--CDGRU_WERROR=ON'] : []
  buildNative(ADDON, blas, further)
  // The addon opens plug-ins only on Linux.
  if (tests && process.platform === 'linux') buildNative(EMULATED_PLUGIN, blas, further)
  buildTypeScript()
}

if (process.argv[1] === import.meta.filename) {
  try {
    const flag = { type: 'boolean', default: false }
    const { values } = parseArgs({ options: { tests: flag, 'warnings-are-errors': flag } })
    setUp(values)
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    console.error(`set-up: ${error.message}`)
    process.exitCode = 1
  }
}
