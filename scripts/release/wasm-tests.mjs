// The tests of the API with the WebAssembly, all but those of wasm-left-out.mjs.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { relative } from 'node:path'
import { inRoot, packageCommand, root, run, StepError } from '../project.mjs'
import { LEFT_OUT } from './wasm-left-out.mjs'

const report = inRoot('build', 'wasm32', 'jest.json')

const files = LEFT_OUT.filter(({ tests }) => tests === undefined).map(({ file }) => file)
const single = LEFT_OUT.flatMap(({ file, tests = [] }) => tests.map((name) => ({ file, name })))

const escape = (text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

function runJest(addon) {
  const names = single.map(({ name }) => escape(name)).join('|')
  return run(
    [
      ...packageCommand('jest'),
      ...['--json', '--outputFile', report, '--testTimeout', '180000'],
      // Those of test/wasm are for the WebAssembly alone.
      ...['--testMatch', '<rootDir>/test/**/*.test.ts', '<rootDir>/test/wasm/*.ts'],
      ...['--testPathIgnorePatterns', ...files.map((file) => `/${escape(file)}$`)],
      ...['--testNamePattern', `^(?!(?:${names})$)`],
    ],
    { env: { GRU_NATIVE_ADDON: addon } },
  )
}

/** The tests that jest left out, as `FILE: NAME`. */
function skipped({ testResults }) {
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'pending')
      .map(({ fullName }) => `${relative(root, name)}: ${fullName}`),
  )
}

/** Whether what was left out is what the list says. */
function checkLeftOut(results) {
  const found = skipped(results)
  const listed = single.map(({ file, name }) => `${file}: ${name}`)
  const wrong = [
    ...listed.filter((test) => !found.includes(test)).map((test) => `there is no ${test}`),
    ...found.filter((test) => !listed.includes(test)).map((test) => `not listed: ${test}`),
    ...files.filter((file) => !existsSync(inRoot(file))).map((file) => `there is no ${file}`),
  ]
  if (wrong.length === 0) return
  throw new StepError(
    `scripts/release/wasm-left-out.mjs does not fit the tests:\n  ${wrong.join('\n  ')}`,
  )
}

/**
 * Runs them on the package's file `addon`. Returns how many tests passed, and how many were left out; a file that was
 * left out counts as one.
 */
export function testWasm(addon) {
  rmSync(report, { force: true })
  const status = runJest(addon)
  const results = JSON.parse(readFileSync(report, 'utf8'))
  checkLeftOut(results)
  const { numPassedTests, numFailedTests } = results
  if (status !== 0) {
    throw new StepError(
      `tests of the API with the WebAssembly: ${numFailedTests} failed (exit status ${status})`,
    )
  }
  return { passed: numPassedTests, leftOut: single.length + files.length }
}
