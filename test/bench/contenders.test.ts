import { mkdirSync, writeFileSync } from 'node:fs'
import { UsageError } from '../../bench/arguments'
import { findBuilds } from '../../bench/builds'
import { ContenderError, ContenderProcess, UnsupportedError } from '../../bench/contender-process'
import type { Contender } from '../../bench/contenders'
import { parseHeld } from '../../bench/held'
import { readFloats, readJob, writeJob, writeTensors } from '../../bench/job'
import { enter, laneOf, outcomeOf, type PreparedCase } from '../../bench/lanes'
import { type Lane, measureInTurn, QUICK } from '../../bench/rounds'
import { drawTensors } from '../../bench/tensors'
import { SMALL, SMALL_LSTM } from '../support/bench'
import { temporaryFolder } from '../support/temporary-folder'

const inFolder = temporaryFolder()

/** A contender in its own process that answers each command with a line of its table. */
function fakeContender(name: string, first: string, answers: Record<string, string>): Contender {
  const file = inFolder(`${name}.cjs`)
  writeFileSync(
    file,
    `const answers = ${JSON.stringify(answers)}
     console.log('a library says hello')
     console.log(${JSON.stringify(first)})
     const lines = require('node:readline').createInterface({ input: process.stdin })
     lines.on('line', (line) => {
       const answer = answers[line.split(' ')[0]]
       if (answer === undefined) { console.error('lost my way'); process.exit(3) }
       const values = Float32Array.from({ length: 72 }, () => 0.5)
       const { results } = JSON.parse(require('node:fs').readFileSync(process.argv[2], 'utf8'))
       require('node:fs').writeFileSync(results + '/output.f32', values)
       console.log(answer)
     })`,
  )
  return { name, command: (job) => ({ program: process.execPath, args: [file, job] }) }
}

const READY = '{"ready":{"version":"1.2","memory":5}}'
const WROTE = '{"wrote":["output"]}'

describe('contenders', () => {
  const tensors = drawTensors(SMALL, 4)
  const prepared = (name: string, output: number): PreparedCase => {
    const folder = inFolder(name)
    writeTensors(folder, tensors)
    const results = { output: new Float64Array(72).fill(output) }
    return {
      ...{ case: SMALL, folder, lengths: tensors.lengths },
      truth: { forward: { period: 4, results } },
    }
  }

  test('a right one is timed in turn', async () => {
    const contender = fakeContender('right', READY, {
      ...{ check: WROTE, warm: '{"median":0.5}', round: '{"median":0.25}' },
    })
    const entry = await enter(contender, prepared('right', 0.5), 'forward', 1)
    if (entry.kind !== 'ready') throw new Error(entry.reason)
    const [result] = await measureInTurn([laneOf(entry.process)], QUICK)
    entry.process.end()
    const expected = { kind: 'timed', version: '1.2', seconds: [0.25, 0.25] }
    expect(outcomeOf(entry, result)).toEqual(expected)
  })

  test('a wrong one is never timed', async () => {
    const contender = fakeContender('wrong', READY, { check: WROTE })
    const entry = await enter(contender, prepared('wrong', 0.6), 'forward', 1)
    const reason = 'output differs by 1.0e-1 where 1.0e-4 is allowed'
    expect(entry).toEqual({ kind: 'wrong', version: '1.2', reason })
    expect(outcomeOf(entry, undefined)).toBe(entry)
  })

  test('one that cannot do the work says why', async () => {
    const contender = fakeContender('unable', '{"unsupported":"has no such layer"}', {})
    const entry = await enter(contender, prepared('unable', 0.5), 'forward', 1)
    expect(entry).toEqual({ kind: 'unsupported', reason: 'has no such layer' })
    await expect(ContenderProcess.start(contender.command(''))).rejects.toThrow(UnsupportedError)
  })

  test('one that fails or dies is told from the others', async () => {
    const fails = fakeContender('fails', READY, { check: '{"failed":"out of luck"}' })
    const entry = await enter(fails, prepared('fails', 0.5), 'forward', 1)
    expect(entry).toEqual({ kind: 'failed', reason: 'out of luck' })
    const dies = fakeContender('dies', READY, {})
    expect(await enter(dies, prepared('dies', 0.5), 'forward', 1)).toEqual({
      kind: 'failed',
      reason: 'ended with status 3: lost my way',
    })
    const command = { program: inFolder('nothing'), args: [] }
    await expect(ContenderProcess.start(command)).rejects.toThrow(ContenderError)
  })
})

describe('held memory', () => {
  test('is what V8 prints last', () => {
    const line = (size: number): string => `[7:0x1]  9 ms: External memory reported: ${size} KB\n`
    expect(parseHeld(`${line(900)}{"median":1}\n${line(12)}`)).toBe(12 * 1024)
    expect(() => parseHeld('{"median":1}\n')).toThrow(ContenderError)
  })
})

test('a build to compare must exist', () => {
  const folder = inFolder('checkout')
  const places = { root: folder, scripts: folder, probe: '', addon: '' }
  expect(() => findBuilds(places, folder, 'cpu')).toThrow(UsageError)
  mkdirSync(`${folder}/dist`, { recursive: true })
  writeFileSync(`${folder}/dist/index.js`, '')
  const { before, after } = findBuilds({ ...places, root: '/here' }, folder, 'cuda:1')
  expect(before.command('job').args.slice(1)).toEqual(['job', folder])
  expect(after.command('job').args.slice(1)).toEqual(['job', '/here'])
  const env = { GRU_NATIVE_DEVICE: 'cuda:1', GRU_NATIVE_ADDON: undefined }
  expect(before.command('job').env).toEqual(env)
})

describe('jobs', () => {
  test.each([
    ['gru', SMALL, ['initialState']],
    ['lstm', SMALL_LSTM, ['initialState', 'initialCell']],
  ] as const)('name the tensors of what the cell carries: %s', (name, given, initial) => {
    const folder = inFolder(`job-${name}`)
    const tensors = drawTensors(given, 4)
    writeTensors(folder, tensors)
    const work = { case: given, mode: 'gradients', threads: 1, folder } as const
    const job = readJob(writeJob('someone', work).file)
    expect(job.states.map((state) => state.initial)).toEqual(initial)
    for (const state of job.states) {
      for (const tensor of [state.initial, state.dFinal]) {
        expect(readFloats(job, tensor)).toEqual(tensors[tensor])
        expect(readFloats(job, tensor)).toHaveLength(24)
      }
    }
  })
})

describe('rounds', () => {
  const settings = { rounds: 3, roundSeconds: 0, warmSeconds: 0, laneSeconds: 100 }

  function lane(name: string, log: string[], failAt = Infinity): Lane {
    let rounds = 0
    return {
      warm: () => Promise.resolve(0),
      round: () => {
        log.push(name)
        rounds += 1
        return rounds > failAt ? Promise.reject(new Error('broke')) : Promise.resolve(rounds)
      },
    }
  }

  test('alternate, and begin with another lane each time', async () => {
    const log: string[] = []
    const results = await measureInTurn([lane('a', log), lane('b', log)], settings)
    expect(log.join('')).toBe('abbaab')
    expect(results).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ])
  })

  test('go on without a lane that fails', async () => {
    const log: string[] = []
    const results = await measureInTurn([lane('a', log, 1), lane('b', log)], settings)
    expect(log.join('')).toBe('abbab')
    expect(results).toEqual([new Error('broke'), [1, 2, 3]])
  })

  test('end early for a lane that takes too long, after one', async () => {
    const log: string[] = []
    const slow = { ...settings, laneSeconds: -1 }
    expect(await measureInTurn([lane('a', log)], slow)).toEqual([[1]])
  })
})
