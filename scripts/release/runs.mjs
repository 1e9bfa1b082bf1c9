// What a release runs of each package on this machine, which is a Linux with glibc on x86-64. A test that fails is a
// StepError. What cannot run here is said in words.
import process from 'node:process'
import { NotInstalled } from '../apt.mjs'
import { StepError } from '../project.mjs'
import { provideArm64Node } from './arm64-node.mjs'
import { runCudaTests } from './cuda-tests.mjs'
import { runNativeTests } from './native-runs.mjs'
import { NUMERICS, PORTABLE_FILES, runPortable } from './portable-tests.mjs'
import { TARGETS } from './targets.mjs'
import { testWasmNatively } from './wasm-native-tests.mjs'
import { testWasm } from './wasm-tests.mjs'
import { provideWindowsNode } from './windows-node.mjs'

const thisNode = () => ({ command: [process.execPath], what: `Node ${process.versions.node}` })

const sum = (counts) => counts.reduce((total, count) => total + count, 0)

/**
 * Runs tests of the bundle with an addon on a Node: the given files with the best instruction set, and the numerical
 * tests with each of `others` that the addon has there, too.
 */
async function runOn({ command, env, what }, { name, addon, files, tests, others = [] }) {
  const run = (selected, isa) =>
    runPortable(command, {
      ...{ name, addon, files: selected },
      env: { ...env, ...(isa === undefined ? {} : { GRU_NATIVE_ISA: isa }) },
    })
  console.log(`\n${name}: ${tests} on ${what}`)
  const best = await run(files)
  const numerics = []
  for (const isa of best.isas.filter((isa) => others.includes(isa) && isa !== best.isa)) {
    numerics.push(await run(NUMERICS, isa))
  }
  const more =
    numerics.length > 0 ? `; numerics with ${numerics.map(({ isa }) => isa).join(', ')}` : ''
  return {
    ran: `${what}: ${tests} with ${best.isa}${more}`,
    passed: sum([best, ...numerics].map(({ passed }) => passed)),
  }
}

const ALL = { files: PORTABLE_FILES, tests: 'numerics, models and their files' }

function runNative(name) {
  const target = TARGETS.find((each) => each.name === name)
  const emulated = target.cpu === 'x64' ? '' : ', emulated by QEMU'
  return {
    ran: `the native test programs of engine, CPU device and executor${emulated}; no Node: neither npm nor Debian has one for musl`,
    passed: runNativeTests(target),
  }
}

/** Here all of jest can run. */
function runWasm(addon) {
  const { passed, leftOut } = testWasm(addon)
  return {
    ran: `${thisNode().what}: all tests of the API but ${leftOut}, which need what WebAssembly has not; the native test programs of engine and CPU device`,
    passed: passed + testWasmNatively(),
  }
}

const nothing = (why) => () => ({ ran: `nothing: ${why}`, passed: 0 })
const noMac = nothing('no macOS; its libraries, oldest macOS and signature were read')

/** By the package's name after `@gru-native/`. Each takes the name and the addon. */
const RUNS = {
  'linux-x64': (name, addon) =>
    runOn(thisNode(), { name, addon, ...ALL, others: ['avx2', 'baseline'] }),
  'linux-arm64': (name, addon) => runOn(provideArm64Node(), { name, addon, ...ALL }),
  'linuxmusl-x64': runNative,
  'linuxmusl-arm64': runNative,
  'win32-x64': (name, addon) =>
    runOn(provideWindowsNode(), { name, addon, ...ALL, others: ['avx2'] }),
  'darwin-arm64': noMac,
  'darwin-x64': noMac,
  wasm32: (name, addon) => runWasm(addon),
  'cuda-linux-x64': () => ({
    ran: `${thisNode().what}: the tests of the CUDA device with linux-x64, its kernels on the processor by the emulator`,
    passed: runCudaTests(),
  }),
}

/**
 * Runs what can run here of a package. Returns in words what ran, and how many tests passed. A platform whose emulator
 * cannot be installed here is not tested, and the words say so.
 */
export async function runPackage(name, addon) {
  const run = RUNS[name]
  if (run === undefined) throw new StepError(`${name}: it is not known how to test it`)
  try {
    return await run(name, addon)
  } catch (error) {
    if (!(error instanceof NotInstalled)) throw error
    console.error(error.message)
    const [reason] = error.message.split('\n')
    return nothing(reason)()
  }
}

/** Fails if an emulator is not there and cannot be installed. */
export function requireEmulators() {
  provideArm64Node()
  provideWindowsNode()
}
