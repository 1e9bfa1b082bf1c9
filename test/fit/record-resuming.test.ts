import { parse } from 'csv-parse/sync'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import * as path from 'node:path'
import { Dataset, type FitOptions, type RecordOptions } from '../../lib'
import { startFit } from '../../lib/fit/loop'
import type { FitState } from '../../lib/fit/state'
import { fitJobs } from '../../lib/trainer'
import { type FakeTrainer, fakeTrainer, marked } from '../support/fit'
import { temporaryFolder } from '../support/temporary-folder'
import { collect, make, options } from '../support/trainer'

const inFolder = temporaryFolder()
const newPath = (): string => path.join(mkdtempSync(inFolder('case-')), 'record')

/** The batch whose update is skipped. */
const SKIPPED = 99
const batches = [SKIPPED, 1, 2, 3, SKIPPED].map(marked)

type Entry = Readonly<Record<string, unknown>>

/** Without what depends on the moment. */
function untimed(entries: readonly Entry[]): Entry[] {
  const isTimed = (name: string): boolean => ['time', 'samplesPerSecond'].includes(name)
  return entries.map((entry) =>
    Object.fromEntries(Object.entries(entry).filter(([name]) => !isTimed(name))),
  )
}

const READERS: Readonly<Record<'jsonLines' | 'csv', (file: string) => Entry[]>> = {
  jsonLines: (file) =>
    readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Entry),
  csv: (file) => parse(readFileSync(file), { columns: true }),
}
const KINDS = ['jsonLines', 'csv'] as const

const fitOptions = (records: readonly RecordOptions[]): FitOptions => ({
  ...{ epochs: 2, validation: [marked(4)], records },
})

/** Its losses follow from the batch and the updates before it. */
function newTrainer(updates = 0): FakeTrainer {
  const fake: FakeTrainer = fakeTrainer({
    step: (update) => {
      const mark = fake.steps.at(-1)!.marks[0]![0]!
      return mark === SKIPPED ? NaN : mark / update
    },
    validation: (mark, made) => mark / made,
  })
  fake.parameter = updates
  return fake
}

/** Trains as far as progress number `count`, and returns the state after each progress. */
async function train(records: readonly RecordOptions[], count = Infinity): Promise<FitState[]> {
  const { jobs } = newTrainer()
  const states: FitState[] = []
  const fit = startFit(jobs, batches, fitOptions(records))
  while (states.length < count && !(await fit.next()).done) states.push(jobs.position.state!)
  await fit.return()
  return states
}

async function resume(state: FitState, records: readonly RecordOptions[]): Promise<void> {
  const { jobs } = newTrainer(state.updates)
  jobs.position.restore(state)
  await collect(startFit(jobs, batches, { ...fitOptions(records), resume: true }))
}

describe.each(KINDS)('a record of the kind %s', (kind) => {
  const read = (file: string): Entry[] => untimed(READERS[kind](file))

  test('of a resumed training is that of an unbroken one, whatever was written after the state', async () => {
    const whole = newPath()
    const states = await train([{ kind, path: whole }])
    expect(states).toHaveLength(10)
    // The last entry of an epoch has the step of the skipped update before it.
    expect(read(whole)).toHaveLength(12)
    for (let left = 1; left <= states.length; left++) {
      for (let at = 0; at < left; at++) {
        const record = { kind, path: newPath() }
        const known = await train([record], left)
        await resume(known[at]!, [record])
        expect(read(record.path)).toEqual(read(whole))
      }
    }
  })

  test('keeps the trainings before it in its file', async () => {
    const record = { kind, path: newPath() }
    await train([record], 7)
    const before = read(record.path)
    const states = await train([record], 5)
    await resume(states[1]!, [record])
    const whole = newPath()
    await train([{ kind, path: whole }])
    expect(read(record.path)).toEqual([...before, ...read(whole)])
  })

  test('keeps a training that was written after it', async () => {
    const record = { kind, path: newPath() }
    const states = await train([record], 4)
    await collect(startFit(newTrainer().jobs, [5, 6].map(marked), fitOptions([record])))
    const before = read(record.path)
    await resume(states[3]!, [record])
    expect(read(record.path).slice(0, before.length)).toEqual(before)
  })

  test('of another training keeps all its entries', async () => {
    const record = { kind, path: newPath() }
    const states = await train([record])
    const before = read(record.path)
    const state = states[1]!
    const mean = { ...state.mean, sums: state.mean.sums.map((sum) => sum + 1) }
    await resume({ ...state, mean }, [record])
    expect(read(record.path).slice(0, before.length)).toEqual(before)
    expect(read(record.path).length).toBe(2 * before.length - 2)
  })

  test('of chunks goes on after the last chunk of a batch', async () => {
    const input = { ...options, output: { ...options.output, every: 'step' } } as const
    const data = new Dataset(
      [1, 2, 3, 4].map((factor) => ({
        input: Float32Array.from({ length: 10 }, (_, i) => Math.sin(factor * i)),
        target: Float32Array.from({ length: 5 }, (_, i) => factor / (i + 1)),
      })),
    )
    const record = { kind, path: newPath() }
    const chunked: FitOptions = { epochs: 2, batchSize: 2, chunkSteps: 2, records: [record] }
    const places = (): unknown[] =>
      read(record.path).map((entry) =>
        ['kind', 'step', 'epoch', 'batch'].map((name) => String(entry[name])).join(' '),
      )
    const first = fitJobs(make(input).trainer)
    const states: FitState[] = []
    const fit = startFit(first, data, chunked)
    while (!(await fit.next()).done) {
      if (first.position.state !== undefined) states.push(first.position.state)
    }
    const whole = places()
    expect(whole).toHaveLength(14)
    const next = fitJobs(make(input).trainer)
    next.position.restore(states[0])
    await collect(startFit(next, data, { ...chunked, resume: true }))
    expect(places()).toEqual(whole)
  })
})

test("TensorBoard's files are never changed: the new one says which steps it has again", async () => {
  const folder = newPath()
  const records: RecordOptions[] = [{ kind: 'tensorBoard', path: folder }]
  const states = await train(records, 4)
  const [name] = readdirSync(folder)
  const before = readFileSync(path.join(folder, name!))
  await resume(states[1]!, records)
  const names = readdirSync(folder).sort()
  expect(names).toHaveLength(2)
  expect(names[0]).toBe(name)
  expect(readFileSync(path.join(folder, name!))).toEqual(before)
  const after = readFileSync(path.join(folder, names[1]!))
  // Event: wall_time (1 + 8 bytes), step = 2, session_log = { status = START }.
  expect(after.includes(Buffer.of(0x10, 2, 0x3a, 2, 0x08, 1))).toBe(true)
  expect(before.includes(Buffer.of(0x3a, 2, 0x08, 1))).toBe(false)
})
