// What .ci/run does after `npm test`: the numerical tests with what is shipped, which has no BLAS, a part of the tests of
// the API on arm64 under emulation, races in the executor and in the CUDA device, its compilation for GPUs if there is an
// nvcc, the compilation of everything by two Clangs, the native tests for aarch64 under emulation, and the main job. The
// last line of output is `N passed, N failed`, including the results of `npm test`.
import { existsSync, readFileSync } from 'node:fs'
import {
  aarch64Check,
  clangCheck,
  countedCheck,
  jestCheck,
  nativeCheck,
  runCheck,
  summarize,
  totalsFile,
} from './checks.mjs'
import { hasClang } from './clang.mjs'
import { findNvcc } from './nvcc.mjs'
import { inRoot } from './project.mjs'
import { wasmAddon } from './wasm-addon.mjs'

/**
 * The small set. The set of the recurrences takes minutes for each tier: run `scripts/native-tests.mjs thread` for it.
 */
const RACES = ['--target', 'gru_tests_races', '--tests', '^cuda/(emulator_|device_gemm_test)']

/** The oldest and the newest Clang that are known to compile the project. */
const CLANGS = ['14', '19']

const WERROR = '-DGRU_WERROR=ON'

const script = (name, ...args) => [process.execPath, `scripts/${name}.mjs`, ...args]

/** The numerical tests with another addon than the checkout's own. */
const numericsOn = (name, addon) => () =>
  jestCheck(`numerics, ${name}`, {
    pattern: '\\.numerics\\.test\\.ts$',
    env: { GRU_NATIVE_ADDON: addon },
  })

/** What is shipped without a compiler: by the release's compilers, and thus without a BLAS. */
const prebuiltChecks = [
  () => ({
    name: 'prebuilt addon for glibc 2.28',
    command: script('release/ci-checks', 'linux-x64'),
  }),
  numericsOn('prebuilt', inRoot('build', 'release', 'linux-x64', 'gru_native.node')),
  () => countedCheck('API on arm64, emulated', script('release/ci-checks', 'linux-arm64')),
  () => ({ name: 'WebAssembly', command: script('wasm-package') }),
  numericsOn('WebAssembly', wasmAddon),
]

/** If there is an nvcc: builds the plug-in for every target, and reports the resources of its kernels. */
function cudaChecks() {
  if (!findNvcc()) {
    console.log('\nleft out: the CUDA plug-in for GPUs: there is no nvcc')
    return []
  }
  const folder = inRoot('build', 'cuda', 'lib')
  return [
    () => ({
      name: 'CUDA for every target',
      command: script('build-cuda', '--into', folder, '--', WERROR),
    }),
    () => ({ name: 'CUDA registers and spills', command: script('cuda-report') }),
  ]
}

/** For each Clang that exists or can be installed. */
function clangChecks() {
  return CLANGS.filter((version) => {
    const there = hasClang(version)
    if (!there) console.log(`\nleft out: Clang ${version}: it is not there and cannot be installed`)
    return there
  }).map((version) => () => clangCheck(`everything by Clang ${version}`, version))
}

const checks = [
  ...prebuiltChecks,
  () => nativeCheck('CUDA kernels, ThreadSanitizer', ['thread', ...RACES]),
  () => nativeCheck('executor, ThreadSanitizer', ['thread', '--folder', 'binding']),
  ...cudaChecks(),
  ...clangChecks(),
  () => aarch64Check('native tests, aarch64'),
  () => ({ name: 'npm start', command: ['npm', 'start'] }),
]

const notRun = (name) => ({ name, passed: 0, failed: 1, seconds: 0 })

function runMade(makeCheck) {
  try {
    return runCheck(makeCheck())
  } catch (error) {
    console.error(error.message)
    return notRun('check that cannot start')
  }
}

const tested = existsSync(totalsFile)
  ? JSON.parse(readFileSync(totalsFile, 'utf8')).rows
  : [notRun('npm test')]
summarize([...tested, ...checks.map(runMade)])
