import { parse } from 'csv-parse/sync'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import fs from 'node:fs/promises'
import * as path from 'node:path'
import type { FitOptions, Metric, RecordOptions, TrainingBatch } from '../../lib'
import { startFit } from '../../lib/fit/loop'
import { expectGruError, expectGruRejection } from '../support/errors'
import { fakeTrainer, marked } from '../support/fit'
import { temporaryFolder } from '../support/temporary-folder'
import { collect } from '../support/trainer'

const inFolder = temporaryFolder()
const newPath = (): string => path.join(mkdtempSync(inFolder('case-')), 'record')
const linesOf = (file: string): unknown[] =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)

/** Which of the files opened while something ran are still open. */
async function openedBy(run: () => Promise<unknown>): Promise<string[]> {
  const handles: [file: string, handle: fs.FileHandle][] = []
  const open = fs.open
  const spy = jest.spyOn(fs, 'open').mockImplementation(async (file, ...rest) => {
    const handle = await open(file, ...rest)
    handles.push([String(file), handle])
    return handle
  })
  try {
    await run()
  } finally {
    spy.mockRestore()
  }
  expect(handles.length).toBeGreaterThan(0)
  return handles.filter(([, { fd }]) => fd !== -1).map(([file]) => file)
}

const constant: Metric = {
  name: 'constant',
  reset: () => undefined,
  update: () => undefined,
  result: () => 0.25,
}

describe('records of a training', () => {
  test('have an entry for each update and each epoch', async () => {
    const fake = fakeTrainer({ step: (update) => update, validation: () => 9 })
    const file = newPath()
    await collect(
      startFit(fake.jobs, [1, 2, 3].map(marked), {
        ...{ epochs: 1, accumulate: 2, validation: [marked(1)], metrics: [constant] },
        records: [{ kind: 'jsonLines', path: file }],
      }),
    )
    const at = (milliseconds: number): string => new Date(1e12 + milliseconds).toISOString()
    const rest = { gradNorm: 1, learningRate: 0.1 }
    const step = { kind: 'step', epoch: 1, ...rest }
    expect(linesOf(file)).toEqual([
      { time: at(1000), ...step, step: 1, batch: 2, loss: 1, meanLoss: 1, samplesPerSecond: 2 },
      {
        ...{ time: at(2000), ...step, step: 2, batch: 3, loss: 2 },
        ...{ meanLoss: 4 / 3, samplesPerSecond: 1.5 },
      },
      {
        ...{ time: at(2100), kind: 'epoch', step: 2, epoch: 1, batch: 3, learningRate: 0.1 },
        ...{ meanLoss: 4 / 3, validationLoss: 9, constant: 0.25 },
      },
    ])
  })

  test('are tables with the same columns in every row, and event files', async () => {
    const [table, folder] = [newPath(), newPath()]
    const records: RecordOptions[] = [
      { kind: 'csv', path: table },
      { kind: 'tensorBoard', path: folder },
    ]
    const validation = { a: [marked(1)], b: [marked(2)] }
    // A second call goes on in the same table.
    for (let call = 0; call < 2; call++) {
      const fake = fakeTrainer({ validation: (mark) => mark })
      await collect(startFit(fake.jobs, [marked(1)], { epochs: 2, validation, records }))
    }
    const rows: Record<string, string>[] = parse(readFileSync(table), { columns: true })
    const all = rows.map((row) => [row['kind'], row['step'], row['a.loss'], row['b.loss']])
    const call = [
      ['step', '1', '', ''],
      ['epoch', '1', '1', '2'],
      ['step', '2', '', ''],
      ['epoch', '2', '1', '2'],
    ]
    expect(all).toEqual([...call, ...call])
    const events = readdirSync(folder)
    expect(events).toHaveLength(2)
    const bytes = readFileSync(path.join(folder, events[0]!), 'latin1')
    for (const tag of ['step/loss', 'step/learningRate', 'epoch/a.loss', 'epoch/meanLoss']) {
      expect(bytes).toContain(tag)
    }
  })

  const records = (): RecordOptions[] => [
    { kind: 'jsonLines', path: newPath() },
    { kind: 'csv', path: newPath() },
    { kind: 'tensorBoard', path: newPath() },
  ]
  const start = (
    data: Iterable<TrainingBatch>,
    more: Partial<FitOptions> = {},
  ): ReturnType<typeof startFit> =>
    startFit(fakeTrainer().jobs, data, { epochs: 2, records: records(), ...more })

  test('are closed when the training is over', async () => {
    expect(await openedBy(() => collect(start([marked(1)])))).toEqual([])
  })

  test('are closed when the loop is left', async () => {
    const leave = async (): Promise<void> => {
      for await (const { update } of start([marked(1), marked(2)])) if (update === 1) break
    }
    expect(await openedBy(leave)).toEqual([])
  })

  test('are closed after an error and after an abort', async () => {
    const reason = new Error('broken')
    function* breaking(): Generator<TrainingBatch> {
      yield marked(1)
      throw reason
    }
    const broken = async (): Promise<void> => {
      await expect(collect(start(breaking()))).rejects.toBe(reason)
    }
    expect(await openedBy(broken)).toEqual([])
    const aborted = async (): Promise<void> => {
      const fit = start([marked(1)], { signal: AbortSignal.abort(reason) })
      await expect(collect(fit)).rejects.toBe(reason)
    }
    expect(await openedBy(aborted)).toEqual([])
  })

  test('that cannot be opened end the training before its first step', async () => {
    const fake = fakeTrainer()
    const record = { kind: 'csv' as const, path: path.join(newPath(), 'missing', 'record') }
    const fit = startFit(fake.jobs, [marked(1)], { epochs: 1, records: [record] })
    await expectGruRejection(collect(fit), 'ERR_GRU_FORMAT', /missing/)
    expect(fake.steps).toEqual([])
  })

  test('that cannot be written end it after the progress of the step, and are closed', async () => {
    const run = async (): Promise<void> => {
      const fit = start([marked(1), marked(2)])
      await fit.next()
      const spy = jest.spyOn(fs, 'appendFile').mockRejectedValue(new Error('disk full'))
      const { value } = await fit.next()
      expect(value!.update).toBe(2)
      await expectGruRejection(fit.next(), 'ERR_GRU_FORMAT', /disk full/)
      spy.mockRestore()
    }
    expect(await openedBy(run)).toEqual([])
  })

  test('are not opened before the first progress is asked for', async () => {
    const file = newPath()
    const fit = start([marked(1)], { records: [{ kind: 'csv', path: file }] })
    await new Promise(setImmediate)
    expect(readdirSync(path.dirname(file))).toEqual([])
    await fit.return()
  })

  test('are checked at once', () => {
    const wrong = [{ kind: 'csv', path: '' }] as RecordOptions[]
    expectGruError(
      () => start([marked(1)], { records: wrong }),
      'ERR_GRU_VALUE',
      /^records\[0\]\.path: /,
    )
  })
})
