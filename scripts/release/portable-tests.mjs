// A part of the tests as one file that needs nothing but a Node: for platforms on which jest and its files are not there.
import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import process from 'node:process'
import { build } from 'esbuild'
import { filesUnder, inRoot, StepError } from '../project.mjs'

const FOLDER = inRoot('build', 'release', 'portable-tests')
const inFolder = (name) => `${FOLDER}/${name}`
const BUNDLE = inFolder('tests.cjs')

/**
 * Every numerical test, and the tests of models: their training, their files and resumed training. The tests of the
 * memory that a file takes are not among them: they measure processes of their own.
 */
const SELECTED =
  /(?:\.numerics|\/model(?!-file-memory)[\w-]*|\/trainer-save|\/resume|\/sequence-model|\/seq2seq)\.test\.ts$/

/** The files of the bundle. */
export const PORTABLE_FILES = filesUnder(['test']).filter((file) => SELECTED.test(file))

/** Those of them that check values alone. */
export const NUMERICS = PORTABLE_FILES.filter((file) => file.endsWith('.numerics.test.ts'))

/** Tests that start a process of their own with the library, compiled by esbuild, which is not in the bundle. */
const LEFT_OUT = [
  'test/model-file.test.ts > a save that does not end well > because the process is killed, leaves a whole file',
  'test/resume.test.ts > a training job that is killed at 30 random moments ends with the bits of an unbroken one',
]

const inQuotes = (...path) => JSON.stringify(inRoot(...path))

const program = () => `
  import { runTests } from ${inQuotes('scripts/release/portable-runner.mjs')}
  import { runtime } from ${inQuotes('lib/index.ts')}
  const files = {
    ${PORTABLE_FILES.map((file) => `${JSON.stringify(file)}: () => void require(${inQuotes(file)}),`).join('\n    ')}
  }
  void runTests(files, runtime)`

/** In a bundle, __dirname and __filename are the bundle's. Tests mean their own. */
const ownPaths = {
  name: 'own-paths',
  setup({ onLoad }) {
    onLoad({ filter: /\/test\/.*\.ts$/ }, ({ path }) => ({
      contents:
        `const __filename = ${JSON.stringify(path)}, __dirname = ${JSON.stringify(dirname(path))}\n` +
        readFileSync(path, 'utf8'),
      loader: 'ts',
    }))
  },
}

async function writeBundle() {
  await build({
    stdin: { contents: program(), resolveDir: inRoot(), loader: 'js' },
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // Messages of errors have the names of classes.
    keepNames: true,
    outfile: BUNDLE,
    logLevel: 'error',
    plugins: [ownPaths],
    external: ['@babel/*', 'esbuild'],
  })
}

let bundle
/** Writes the bundle, once in a process. */
const provideBundle = () => (bundle ??= writeBundle())

/** Starts the command and waits. What it prints goes to a file: under Wine, Node can write to no pipe. */
function start([program, ...args], env, output) {
  const file = openSync(output, 'w')
  try {
    const options = { cwd: inRoot(), stdio: ['ignore', file, file] }
    return spawnSync(program, args, { ...options, env: { ...process.env, ...env } })
  } finally {
    closeSync(file)
  }
}

function readReport(report, output, { status, signal, error }) {
  // A crash after the last test is a failure, too.
  if (status === 0 && existsSync(report)) return JSON.parse(readFileSync(report, 'utf8'))
  const ended = error?.message ?? signal ?? `exit status ${status}`
  throw new StepError(`the tests did not end (${ended}):\n${readFileSync(output, 'utf8')}`)
}

/**
 * Runs tests of the bundle by a command that starts a Node, with an addon, and returns `{ node, platform, arch, isa,
 * isas, passed }` of that Node. It throws if a test fails. `name` is for the files of this run, `files` are those of
 * PORTABLE_FILES that are to run, and `env` has more variables.
 */
export async function runPortable(command, { name, addon, files, env }) {
  await provideBundle()
  const [options, report, output] = ['options.json', 'report.json', 'output.txt'].map((file) =>
    inFolder(`${name}.${file}`),
  )
  rmSync(report, { force: true })
  const left = LEFT_OUT.filter((test) => files.includes(test.split(' > ')[0]))
  writeFileSync(options, JSON.stringify({ report, files, leftOut: left }))
  const ended = start([...command, BUNDLE, options], { GRU_NATIVE_ADDON: addon, ...env }, output)
  const { failures, ...seen } = readReport(report, output, ended)
  if (failures.length === 0 && seen.passed > 0) return seen
  throw new StepError(
    `${name}: ${seen.passed} tests passed, ${failures.length} failed:\n${failures.join('\n\n')}`,
  )
}
