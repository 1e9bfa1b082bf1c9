import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { version } from '../../package.json'
import { gru, newFolder, removeFolders, smallJob, writeJob } from './harness'

afterAll(removeFolders)

const PROGRAM = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js')

it.each([[['--help']], [['-h']], [[]]])('tells how to use it: gru %j', async (args) => {
  const { status, stdout, stderr } = await gru(...args)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toContain('gru train JOB.json [--out DIR]')
  expect(stdout).toContain('gru forecast MODEL CSV [--json]')
})

it('tells its version', async () => {
  await expect(gru('--version')).resolves.toEqual({
    status: 0,
    stdout: `${version}\n`,
    stderr: '',
  })
})

it.each([
  ['an unknown command', ['trian'], 'unknown command "trian": expected train or forecast'],
  ['an unknown option', ['train', 'job.json', '--ouy'], "Unknown option '--ouy' (see gru --help)"],
  ['no job', ['train'], 'arguments: expected JOB.json, got none'],
  ['two jobs', ['train', 'a.json', 'b.json'], 'arguments: expected JOB.json, got a.json b.json'],
  ['a missing job', ['train', 'none.json'], 'none.json: expected a file that can be read'],
  ['a missing model', ['forecast', 'none.safetensors', 'a.csv'], 'none.safetensors: expected'],
  ['no table', ['forecast', 'm'], 'arguments: expected MODEL.safetensors TABLE.csv, got m'],
])('says what is wrong in one line: %s', async (_, args, message) => {
  const { status, stdout, stderr } = await gru(...args)
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr.startsWith('gru: ')).toBe(true)
  expect(stderr).toContain(message)
  expect(stderr.trimEnd().split('\n')).toHaveLength(1)
})

it.each(['echarts', 'cli-progress', 'csv-parse/sync'])(
  'names the command that installs %s where it is missing, before any work',
  async (peer) => {
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
    const args = ['--require', hook, PROGRAM, 'train', writeJob(smallJob())]
    const { status, stdout, stderr } = await new Promise<Record<string, unknown>>((resolve) => {
      execFile(process.execPath, args, (error, stdout, stderr) => {
        resolve({ status: error?.code, stdout, stderr })
      })
    })
    const name = peer.split('/')[0]!
    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: '',
      stderr: `gru: this command needs the package ${name}: npm install echarts cli-progress csv-parse\n`,
    })
  },
)
