import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { version } from '../../package.json'
import { asOnCommandLine } from '../../lib/cli/option-names'
import { gru, newFolder, removeFolders, writeJob } from './harness'

afterAll(removeFolders)

const PROGRAM = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js')

it.each([[['--help']], [['-h']], [[]]])('tells how to use it: gru %j', async (args) => {
  const { status, stdout, stderr } = await gru(...args)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  for (const command of [
    'train JOB.json',
    'forecast MODEL TABLE',
    'inspect TABLE',
    'compare RUN',
  ]) {
    expect(stdout).toContain(`  gru ${command}`)
  }
})

it.each(['train', 'forecast', 'inspect', 'compare', 'build'])(
  'tells the options of a command: gru %s --help',
  async (command) => {
    const { status, stdout, stderr } = await gru(command, 'some.csv', '--help')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(new RegExp(`^gru ${command}( [A-Z]+|\n)`))
    expect(stdout).toMatch(/^ {2}--[a-z]/m)
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
  },
)

it('tells its version', async () => {
  await expect(gru('--version')).resolves.toEqual({
    status: 0,
    stdout: `${version}\n`,
    stderr: '',
  })
})

it.each([
  [
    'an unknown command',
    ['trian'],
    'unknown command "trian": expected one of train, forecast, inspect, compare, build',
  ],
  [
    'an unknown option',
    ['train', 'a.csv', '--target', 'a', '--horizn'],
    '"--horizn" (did you mean --horizon?)',
  ],
  ['no job', ['train'], 'arguments: expected JOB.json or TABLE, got none'],
  ['a missing table', ['inspect', 'none.csv'], 'none.csv: expected a file that can be read'],
  ['a missing job', ['train', 'none.json'], 'none.json: expected a file that can be read'],
  ['a missing model', ['forecast', 'none.safetensors', 'a.csv'], 'none.safetensors: expected'],
  ['no table', ['forecast', 'm'], 'arguments: expected MODEL TABLE, got m'],
])('says what is wrong in one line: %s', async (_, args, message) => {
  const { status, stdout, stderr } = await gru(...args)
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr.startsWith('gru: ')).toBe(true)
  expect(stderr).toContain(message)
  expect(stderr.trimEnd().split('\n')).toHaveLength(1)
})

it.each([
  ['uplot/package.json', 'the report needs the package uplot: npm install uplot'],
  [
    'cli-progress',
    'this command needs the package cli-progress: npm install uplot cli-progress csv-parse',
  ],
])(
  'names the command that installs %s where it is missing, before anything is read',
  async (peer, message) => {
    const hook = path.join(newFolder(), 'hide.js')
    writeFileSync(
      hook,
      `const Module = require('node:module')
       const resolve = Module._resolveFilename
       Module._resolveFilename = function (request, ...rest) {
         if (request !== ${JSON.stringify(peer)}) return resolve.call(this, request, ...rest)
         throw Object.assign(new Error('hidden'), { code: 'MODULE_NOT_FOUND' })
       }`,
    )
    const args = ['--require', hook, PROGRAM, 'train', 'no-such-job.json']
    const { status, stdout, stderr } = await new Promise<Record<string, unknown>>((resolve) => {
      execFile(process.execPath, args, (error, stdout, stderr) => {
        resolve({ status: error?.code, stdout, stderr })
      })
    })
    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: '',
      stderr: `gru: ${message}\n`,
    })
  },
)

it('names options as the command line has them, and as a job has them where there is one', async () => {
  const file = path.join(newFolder(), 'table.csv')
  writeFileSync(file, ['day,value', ...[1, 2, 3, 4].map((i) => `0${i}/02/2012,${i}`)].join('\n'))
  const { stderr } = await gru('inspect', file)
  expect(stderr).toContain("expected the option --date-form to say which: 'day/month/year' (")
  const ofJob = await gru('train', writeJob({ table: file, target: 'value' }))
  expect(ofJob.stderr).toContain('expected the option dateForm to say which')
})

it.each([
  ["difference: expected 'last', got x", "--difference: expected 'last', got x"],
  ['a: expected b\nmodel.hiddenSize: expected 1', 'a: expected b\n--hidden-size: expected 1'],
  ['losses (a lower training.learningRate may help)', 'losses (a lower --learning-rate may help)'],
  ['t.csv, target: expected a column', 't.csv, target: expected a column'],
  [
    'got "option dateForm \\" option seed", option seed',
    'got "option dateForm \\" option seed", option --seed',
  ],
  ['the horizon of option other', 'the horizon of option other'],
])('names the options of a message: %j', (message, expected) => {
  expect(asOnCommandLine(message)).toBe(expected)
})
