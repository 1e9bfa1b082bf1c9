// What runs the tests inside the bundle of portable-tests.mjs: jest's own runner and `expect`, without jest's files and
// processes.
import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { expect } from 'expect'
import * as circus from 'jest-circus'
import { ModuleMocker } from 'jest-mock'

const { afterAll, afterEach, beforeAll, beforeEach, describe, it, test } = circus
const hooks = { afterAll, afterEach, beforeAll, beforeEach }
Object.assign(globalThis, { ...hooks, describe, it, test, expect })
globalThis.jest = new ModuleMocker(globalThis)

// An emulator is slow.
globalThis[Symbol.for('TEST_TIMEOUT_SYMBOL')] = 3_600_000

/** The name of a test as a report shows it: its file, its groups and its own name. */
const nameOf = (path) => path.filter((name) => name !== 'ROOT_DESCRIBE_BLOCK').join(' > ')

function* testsIn(block, path = [block.name]) {
  for (const child of block.children) {
    const childPath = [...path, child.name]
    if (child.type === 'describeBlock') yield* testsIn(child, childPath)
    else yield { test: child, name: nameOf(childPath) }
  }
}

/** Marks the named tests as skipped, and returns the names that no test has. */
function leaveOut(names) {
  const left = new Set(names)
  for (const { test, name } of testsIn(circus.getState().rootDescribeBlock)) {
    if (left.delete(name)) test.mode = 'skip'
  }
  return [...left]
}

function summarize({ testResults, unhandledErrors }) {
  const done = testResults.filter(({ status }) => status === 'done')
  const broken = done.filter(({ errors }) => errors.length > 0)
  return {
    passed: done.length - broken.length,
    failures: [
      ...broken.map(({ testPath, errors }) => `${nameOf(testPath)}\n${errors.join('\n')}`),
      ...unhandledErrors.map(String),
    ],
  }
}

/**
 * Runs the tests of the files that the program's argument selects. `files` has a function for each, by its path, which
 * loads it. The argument names a JSON file: `{ report, files, leftOut }`. `report` is where the result is written, as
 * JSON. `leftOut` has the names of tests that do not run.
 */
export async function runTests(files, runtime) {
  const options = JSON.parse(readFileSync(process.argv[2], 'utf8'))
  for (const file of options.files) describe(file, files[file])
  const unknown = leaveOut(options.leftOut)
  const { passed, failures } = summarize(await circus.run())
  const all = [...failures, ...unknown.map((name) => `there is no test ${name} to leave out`)]
  const { isa, isas } = runtime()
  const { version: node, platform, arch } = process
  const seen = { node, platform, arch, isa, isas, passed, failures: all }
  writeFileSync(options.report, JSON.stringify(seen))
}
