// Builds the native unit tests and runs them under CTest, without Node, optionally under sanitizers.
//
//   node scripts/native-tests.mjs [sanitizer...] [--folder NAME] [--target NAME] [--tests REGEX] [--junit FILE]
//
// --folder builds and runs only the tests of native/NAME: base, reference, model, cpu, cuda or binding. --target builds
// only that target of CMake. --tests runs only the tests that match. Without a sanitizer the build is build/native, with `address undefined` it is
// build/sanitize, with others build/sanitize-NAME. --junit writes the results as JUnit XML.
import { parseArgs } from 'node:util'
import { runNativeSuite } from './native-suite.mjs'

const { values, positionals: sanitizers } = parseArgs({
  allowPositionals: true,
  options: {
    junit: { type: 'string' },
    folder: { type: 'string' },
    target: { type: 'string' },
    tests: { type: 'string' },
  },
})

function buildFolder() {
  if (sanitizers.length === 0) return 'native'
  return sanitizers.includes('address') ? 'sanitize' : `sanitize-${sanitizers.join('-')}`
}

const tests = values.tests ?? (values.folder && `^${values.folder}/`)
const target = values.target ?? (values.folder && `gru_tests_${values.folder}`)

/**
 * Tests that sanitizers skip: in the emulated device they take minutes. errors_test covers its errors, too, and
 * engine_test chooses one of the tiers, each of which has an entry of its own.
 */
const REPEATS = ['--exclude-regex', '^cuda/engine_((bits|failures|model|recompute)_test|test$)']

/** With sanitizers, more optimization takes more time in the compiler than it saves in the tests. */
const BUILD_TYPE =
  sanitizers.length === 0
    ? ['-DCMAKE_BUILD_TYPE=Release']
    : ['-DCMAKE_BUILD_TYPE=RelWithDebInfo', '-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -g1']

process.exitCode = runNativeSuite({
  folder: buildFolder(),
  configure: [...BUILD_TYPE, `-DGRU_SANITIZE=${sanitizers.join(';')}`],
  ...(target && { targets: [target] }),
  select: [...(tests ? ['--tests-regex', tests] : []), ...(sanitizers.length > 0 ? REPEATS : [])],
  junit: values.junit,
})
