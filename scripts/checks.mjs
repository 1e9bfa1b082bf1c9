// Runs a list of checks one after another and counts the results. A check that fails does not stop the others. A check
// is { name, command, env?, count? }. Without `count` its exit status is one result. With it, `count` reads the results
// of its tests from a report that the command wrote.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { inRoot, packageCommand, run } from './project.mjs'

/** Where reports of tests and the totals are written. */
export const reports = inRoot('build', 'reports')
export const totalsFile = inRoot('build', 'reports', 'totals.json')

const report = (name, extension) =>
  `${reports}/${name.replaceAll(/[^a-z0-9]+/gi, '-')}.${extension}`

function countJest(file) {
  const { numPassedTests, numFailedTests, numFailedTestSuites, testResults } = JSON.parse(
    readFileSync(file, 'utf8'),
  )
  // A file that cannot be loaded has no tests to count. It is one failure.
  const broken = testResults.filter(
    (suite) => suite.status === 'failed' && !suite.assertionResults.length,
  )
  const failed = numFailedTests + broken.length
  return { passed: numPassedTests, failed: Math.max(failed, numFailedTestSuites > 0 ? 1 : 0) }
}

/** The results in a report of CTest. */
export function countJunit(file) {
  const attribute = (name) =>
    Number(new RegExp(`<testsuite[^>]*\\b${name}="(\\d+)"`).exec(readFileSync(file, 'utf8'))[1])
  // CTest calls a test that it could not start "skipped" or "disabled". Both count as failures.
  const failed = attribute('failures') + attribute('skipped') + attribute('disabled')
  return { passed: attribute('tests') - failed, failed }
}

/** The check that runs jest, on all tests or on those whose path matches `pattern`. */
export function jestCheck(name, { pattern, env } = {}) {
  const file = report(name, 'json')
  const selection = pattern ? ['--testPathPatterns', pattern] : []
  return {
    name,
    command: [...packageCommand('jest'), '--json', '--outputFile', file, ...selection],
    env,
    count: () => countJest(file),
    file,
  }
}

/** The check of a command that writes `{ passed, failed }` into the JSON file that its option --json names. */
export function countedCheck(name, command) {
  const file = report(name, 'json')
  const count = () => JSON.parse(readFileSync(file, 'utf8'))
  return { name, command: [...command, '--json', file], count, file }
}

/** The check that builds native unit tests and runs them, by a script that writes a JUnit report. */
function ctestCheck(name, script, args = []) {
  const file = report(name, 'xml')
  return {
    name,
    command: [process.execPath, `scripts/${script}`, ...args, '--junit', file],
    count: () => countJunit(file),
    file,
  }
}

/** The check of the native unit tests on this machine, with the arguments of native-tests.mjs. */
export const nativeCheck = (name, args) => ctestCheck(name, 'native-tests.mjs', args)

/** The check that a version of Clang compiles everything, with the native unit tests compiled by it. */
export const clangCheck = (name, version) => ctestCheck(name, 'clang-tests.mjs', [version])

/** The check of the native unit tests compiled for aarch64, under emulation. */
export const aarch64Check = (name) => ctestCheck(name, 'aarch64-tests.mjs')

function results({ command, env, count, file }) {
  if (file) rmSync(file, { force: true })
  const status = run(command, { env })
  if (!count) return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
  try {
    const counted = count()
    // The build failed, or there was a crash after the last test. The report alone would not show this.
    return status !== 0 && counted.failed === 0 ? { ...counted, failed: 1 } : counted
  } catch {
    return { passed: 0, failed: 1 }
  }
}

/** Runs one check and prints a line before and after it. Returns its name, counts and seconds. */
export function runCheck(check) {
  console.log(`\n=== ${check.name}`)
  const start = performance.now()
  let counted
  try {
    counted = results(check)
  } catch (error) {
    console.error(error.message)
    counted = { passed: 0, failed: 1 }
  }
  const seconds = (performance.now() - start) / 1000
  console.log(
    `=== ${check.name}: ${counted.failed === 0 ? 'ok' : 'FAILED'}, ${seconds.toFixed(1)} s`,
  )
  return { name: check.name, ...counted, seconds }
}

/** Empties the folder of reports. */
export function clearReports() {
  rmSync(reports, { recursive: true, force: true })
  mkdirSync(reports, { recursive: true })
}

/** Prints a line for each check and finally `N passed, N failed`. The exit status is 1 if any failed. */
export function summarize(rows) {
  console.log('\n=== summary')
  for (const { name, passed, failed, seconds } of rows) {
    const counts = `${passed} passed, ${failed} failed`
    console.log(
      `${failed === 0 ? 'ok    ' : 'FAILED'}  ${name.padEnd(34)} ${counts}, ${seconds.toFixed(1)} s`,
    )
  }
  const sum = (key) => rows.reduce((total, row) => total + row[key], 0)
  const totals = { passed: sum('passed'), failed: sum('failed') }
  process.exitCode = totals.failed === 0 ? 0 : 1
  console.log(`${totals.passed} passed, ${totals.failed} failed`)
  return totals
}
