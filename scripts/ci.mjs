// What .ci/run does after `npm test`: the numerics with an addon built without BLAS, the native tests for
// aarch64 under emulation, and the main job.
// The last line of output is `N passed, N failed`, those of `npm test` included.
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { aarch64Check, jestCheck, runCheck, summarize, totalsFile } from './checks.mjs'
import { inRoot, packageCommand } from './project.mjs'

const NO_BLAS = inRoot('build', 'no-blas')

const buildWithoutBlas = () => ({
  name: 'build without BLAS',
  command: [
    ...[...packageCommand('cmake-js'), '--log-level', 'warn', 'build', '--out', NO_BLAS],
    ...['--CDGRU_BLAS=OFF', '--parallel', String(availableParallelism())],
  ],
})

const checks = [
  buildWithoutBlas,
  () =>
    jestCheck('numerics, built without BLAS', {
      pattern: '\\.numerics\\.test\\.ts$',
      env: { GRU_NATIVE_ADDON: `${NO_BLAS}/Release/gru_native.node` },
    }),
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
