// The native unit tests of engine and CPU, compiled for WebAssembly, under node:wasi.
import { countJunit } from '../checks.mjs'
import { ONCE_EACH, runNativeSuite } from '../native-suite.mjs'
import { inRoot, StepError } from '../project.mjs'
import { wasmOptions } from './wasm-toolchain.mjs'

const FOLDERS = ['base', 'reference', 'model', 'cpu', 'wasm']

/** Builds them in build/wasm32-tests and returns how many test programs passed. It throws if one fails. */
export function testWasmNatively(junit = inRoot('build', 'wasm32', 'native-tests.xml')) {
  const status = runNativeSuite({
    folder: 'wasm32-tests',
    configure: wasmOptions(),
    targets: FOLDERS.map((folder) => `gru_tests_${folder}`),
    select: [...ONCE_EACH, '--tests-regex', `^(${FOLDERS.join('|')})/`],
    junit,
  })
  if (status !== 0) throw new StepError('the native tests for WebAssembly failed')
  return countJunit(junit).passed
}
