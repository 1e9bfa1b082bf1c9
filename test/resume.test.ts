import * as fs from 'node:fs'
import * as path from 'node:path'
import {
  Dataset,
  type FitOptions,
  type Progress,
  Schedule,
  type ScheduleOptions,
  SequenceModel,
  type SequenceModelOptions,
  setThreads,
  Trainer,
  type TrainerOptions,
} from '../lib'
import { isTemporaryName } from '../lib/replace-file'
import { bitsOf, randomSource } from './support/numbers'
import { seed } from './support/random'
import { temporaryFolder } from './support/temporary-folder'
import {
  adam,
  bits,
  collect,
  data,
  make,
  options,
  sequences,
  withoutTimes,
} from './support/trainer'
import { type Kill, trainingJob } from './support/training-job'

const inFolder = temporaryFolder()
const dropping: SequenceModelOptions = {
  ...options,
  gru: { hiddenSize: 6, numLayers: 2, dropout: 0.3 },
}
const validation = new Dataset(sequences.slice(0, 5))
const loadAs = (file: string): Promise<Trainer> =>
  Trainer.load(file) as Promise<unknown> as Promise<Trainer>
const averageBits = (trainer: Trainer): string[] => Object.values(trainer.getAverage()).map(bitsOf)

describe('a training that is loaded from a checkpoint of any update tells the same and ends with the same bits', () => {
  const none = (): Partial<FitOptions> => ({})
  test.each<[string, () => Partial<FitOptions>, TrainerOptions?]>([
    ['in random orders', none],
    [
      'with momentum and decay',
      none,
      { optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 0.1 } },
    ],
    ['in orders of a seed', () => ({ seed: 2 ** 53 - 1 })],
    ['in its own order', () => ({ shuffle: false })],
    ['with updates of several batches', () => ({ accumulate: 2 })],
    ['with a schedule', () => ({ schedule: { kind: 'oneCycle', total: 9, maximum: 0.1 } })],
    [
      'with a Schedule object, and a plateau',
      () => {
        const plateau: ScheduleOptions = { kind: 'plateau', patience: 0, threshold: 0.5 }
        return { validation, schedule: new Schedule({ ...plateau, warmup: { steps: 2 } }) }
      },
    ],
    ['with early stopping', () => ({ validation, patience: 1, minDelta: 0.01 })],
    ['with several validation sets', () => ({ validation: { a: validation, b: data } })],
  ])('%s', async (name, more, trainerOptions = adam) => {
    const folder = inFolder(name.replaceAll(' ', '-'))
    const checkpoint = { path: folder, every: { updates: 1 }, keep: 99 }
    const fitOptions = (): FitOptions => ({ epochs: 3, batchSize: 4, ...more() })
    setThreads(1)
    const withAverage = { ...trainerOptions, average: { decay: 0.8 } }
    const { model, trainer } = make(dropping, withAverage)
    const told = withoutTimes(await collect(trainer.fit(data, { ...fitOptions(), checkpoint })))
    const files = fs.readdirSync(folder).filter((file) => file !== 'best.safetensors')
    expect(files).toHaveLength(told.length)
    for (const [index, file] of files.entries()) {
      setThreads(1 + (index % 3))
      using loaded = await loadAs(path.join(folder, file))
      using other = loaded.model
      const all: Progress[] = await collect(loaded.fit(data, { ...fitOptions(), resume: true }))
      expect(withoutTimes(all)).toEqual(told.slice(index + 1))
      expect(bits(other)).toEqual(bits(model))
      expect(averageBits(loaded)).toEqual(averageBits(trainer))
    }
    using best = await SequenceModel.load(path.join(folder, 'best.safetensors'))
    const { best: bestEpoch } = told.at(-1)!
    const ended = told.findIndex(({ epoch, epochEnd }) => epochEnd && epoch === bestEpoch!.epoch)
    using same = await SequenceModel.load(path.join(folder, files[ended]!))
    expect(bits(best)).toEqual(bits(same))
  })
})

test('a training job that is killed at 30 random moments ends with the bits of an unbroken one', async () => {
  const random = randomSource(seed)
  const job = trainingJob(inFolder('job'))
  const unbroken = await job.run(inFolder('unbroken'))
  const results: (Buffer | undefined)[] = []
  let folders = 0
  let folder = inFolder(`killed-${folders}`)
  for (let kill = 0; kill < 30;) {
    const how: Kill =
      kill % 2 === 0
        ? { after: Math.floor(60 * random()) }
        : { atCall: 1 + Math.floor(60 * random()) }
    const result = await job.run(folder, how)
    await expectWhole(folder)
    if (result === undefined) kill++
    // It ended before it was to be killed: another one begins.
    else folder = inFolder(`killed-${++folders}`)
    results.push(result)
  }
  results.push(await job.run(folder))
  for (const result of results) expect(result ?? unbroken).toEqual(unbroken)
  expect(fs.readdirSync(folder)).toHaveLength(3)
  expect(fs.readdirSync(folder).filter(isTemporaryName)).toEqual([])
}, 120_000)

/** Every file under the name of a checkpoint can be loaded. */
async function expectWhole(folder: string): Promise<void> {
  const names = fs.existsSync(folder) ? fs.readdirSync(folder) : []
  for (const name of names) {
    if (isTemporaryName(name)) continue
    expect(name).toMatch(/^(best|checkpoint-\d{8})\.safetensors$/)
    using trainer = await loadAs(path.join(folder, name))
    trainer.model.dispose()
  }
}
