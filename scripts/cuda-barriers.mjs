// Removes each barrier of the CUDA sources in turn, in a copy, and runs the tests of the emulated device: in three
// orders of threads, and if none of them fails, once more under ThreadSanitizer. Some test should fail.
//
//   node scripts/cuda-barriers.mjs [--list] [--plain] [--tests REGEX] [FILE...]
//
// Without a FILE it uses every source and header of native/cuda except the emulator's. --plain skips ThreadSanitizer.
// --tests selects tests of CTest; the default is those that compare results. Each barrier costs a build of the files
// that include it, and about ten seconds. The exit status is 1 if a barrier can be removed without a test that fails.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { barrierSites, withoutSite } from './barrier-sites.mjs'
import { filesUnder, inRoot, run, StepError } from './project.mjs'

const FOLDER = inRoot('build', 'barriers')
const COPY = join(FOLDER, 'source')
const JOBS = String(availableParallelism())
/** For a test that waits forever and is not stopped by the emulator. */
const TIMEOUT_SECONDS = '120'

const ORDERS = [
  { name: 'forward', env: { GRU_CUDA_EMULATED_ORDER: 'forward' } },
  { name: 'reverse', env: { GRU_CUDA_EMULATED_ORDER: 'reverse' } },
  { name: 'shuffle', env: { GRU_CUDA_EMULATED_ORDER: 'shuffle', GRU_CUDA_EMULATED_SEED: '1' } },
]

const BUILDS = [
  { name: 'plain', sanitize: '', orders: ORDERS },
  { name: 'thread', sanitize: 'thread', orders: ORDERS.slice(0, 1) },
]

/** The tests that compare results. The other tests of the device test errors, memory and the emulator itself. */
const RESULTS = '^cuda/(device|precision|tiles|engine_(test|model))'

const buildFolder = ({ name }) => join(FOLDER, name)

function copySources() {
  rmSync(COPY, { recursive: true, force: true })
  mkdirSync(COPY, { recursive: true })
  for (const name of ['native', 'cmake', 'CMakeLists.txt', 'package.json']) {
    cpSync(inRoot(name), join(COPY, name), { recursive: true, preserveTimestamps: true })
  }
}

function configure(build) {
  const status = run([
    ...['cmake', '-S', COPY, '-B', buildFolder(build), '--log-level=WARNING'],
    ...['-DCMAKE_BUILD_TYPE=RelWithDebInfo', '-DGRU_BLAS=OFF', '-DGRU_TESTS=ON'],
    ...['-DGRU_CUDA=OFF', `-DGRU_SANITIZE=${build.sanitize}`],
  ])
  if (status !== 0) throw new StepError(`configuring ${build.name} failed`)
}

const compiles = (build) =>
  run(['cmake', '--build', buildFolder(build), '--target', 'gru_tests_cuda', '--parallel', JOBS], {
    quiet: true,
  }) === 0

const passes = (build, tests, env) =>
  run(
    [
      ...['ctest', '--test-dir', buildFolder(build), '--tests-regex', tests, '--parallel', JOBS],
      ...['--stop-on-failure', '--no-tests=error', '--timeout', TIMEOUT_SECONDS, '--quiet'],
    ],
    { env },
  ) === 0

/** The name of the test that fails with the current sources in the copy, or undefined. */
function noticedBy({ builds, tests }) {
  for (const build of builds) {
    if (!compiles(build)) throw new StepError(`building ${build.name} failed`)
    for (const { name, env } of build.orders) {
      if (!passes(build, tests, env)) return build.sanitize ? 'ThreadSanitizer' : `order ${name}`
    }
  }
  return undefined
}

/** Removes one barrier from the copy, runs the tests, and restores it. */
function attempt({ file, source, site }, how) {
  const copy = join(COPY, file)
  const start = performance.now()
  writeFileSync(copy, withoutSite(source, site))
  try {
    const by = noticedBy(how)
    const seconds = ((performance.now() - start) / 1000).toFixed(0)
    console.log(
      `${by ? 'noticed' : 'MISSED '}  ${place({ file, site })}  (${by ?? 'nothing'}, ${seconds} s)`,
    )
    return by !== undefined
  } finally {
    writeFileSync(copy, source)
  }
}

const place = ({ file, site }) => `${file}:${site.line}: ${site.text.replaceAll(/\s+/g, ' ')}`

function allSites(files) {
  const unknown = files.find((file) => !existsSync(inRoot(file)))
  if (unknown) throw new StepError(`expected files of native/cuda, got ${unknown}`)
  const sources =
    files.length > 0
      ? files
      : filesUnder(
          ['native/cuda'],
          (file) =>
            /\.(cu|cuh|h|cc)$/.test(file) && !/emulator\/|_test\.cc$|_testing\.h$/.test(file),
        )
  return sources.flatMap((file) => {
    const source = readFileSync(inRoot(file), 'utf8')
    return barrierSites(source).map((site) => ({ file, source, site }))
  })
}

function main({ values, positionals }) {
  const sites = allSites(positionals)
  if (values.list) {
    console.log(sites.map(place).join('\n'))
    return 0
  }
  copySources()
  const how = { builds: values.plain ? BUILDS.slice(0, 1) : BUILDS, tests: values.tests }
  how.builds.forEach(configure)
  const before = noticedBy(how)
  if (before) throw new StepError(`the tests fail with every barrier in place (${before})`)
  const missed = sites.filter((site) => !attempt(site, how))
  console.log(`${sites.length - missed.length} of ${sites.length} barriers noticed`)
  return missed.length === 0 ? 0 : 1
}

try {
  process.exitCode = main(
    parseArgs({
      allowPositionals: true,
      options: {
        list: { type: 'boolean' },
        plain: { type: 'boolean' },
        tests: { type: 'string', default: RESULTS },
      },
    }),
  )
} catch (error) {
  if (!(error instanceof StepError)) throw error
  console.error(`cuda-barriers: ${error.message}`)
  process.exitCode = 1
}
