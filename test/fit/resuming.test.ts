import {
  Dataset,
  type FitOptions,
  type Progress,
  Schedule,
  type SequenceModelOptions,
  type TrainingBatch,
  type TrainingData,
} from '../../lib'
import { startFit } from '../../lib/fit/loop'
import type { FitJobs } from '../../lib/fit/jobs'
import { checkFitState, type FitState } from '../../lib/fit/state'
import { fitJobs } from '../../lib/trainer'
import { expectGruError } from '../support/errors'
import { fakeTrainer, marked } from '../support/fit'
import {
  batch,
  bits,
  collect,
  data,
  make,
  options,
  sequences,
  type Untimed,
  withoutTimes,
} from '../support/trainer'

/** Dropout draws other masks in each training pass, so that no step can be left out or made twice unnoticed. */
const dropping: SequenceModelOptions = {
  ...options,
  gru: { hiddenSize: 6, numLayers: 2, dropout: 0.3 },
}

interface Outcome {
  readonly told: Untimed[]
  readonly bits: string[]
}

/** A state as a file would hold it: JSON and one array. */
function throughJson({ bestParameters, ...rest }: FitState): unknown {
  return {
    ...(JSON.parse(JSON.stringify(rest)) as object),
    bestParameters: bestParameters?.slice(),
  }
}

/** Goes on from a state. */
function resumed(
  jobs: FitJobs,
  state: unknown,
  data: unknown,
  fitOptions: object,
): ReturnType<typeof startFit> {
  jobs.position.restore(checkFitState(state, jobs.graph))
  return startFit(jobs, data, { ...fitOptions, resume: true })
}

/**
 * Trains, leaves the loop after an update, and goes on from the state of that moment.
 *
 * @param leave - the number of that update, from 1; 0 for an unbroken training
 */
async function trained(
  source: () => TrainingData,
  fitOptions: () => FitOptions,
  leave: number,
): Promise<Outcome> {
  const { model, trainer } = make(dropping)
  const jobs = fitJobs(trainer)
  const all: Progress[] = []
  for await (const progress of trainer.fit(source(), fitOptions())) {
    all.push(progress)
    if (progress.update === leave) break
  }
  if (leave > 0) {
    const state = throughJson(jobs.position.state!)
    // Orders follow from the state, not from what the trainer did since.
    jobs.epochs.count = 77
    all.push(...(await collect(resumed(jobs, state, source(), fitOptions()))))
  }
  return { told: withoutTimes(all), bits: bits(model) }
}

async function expectSameFromAnywhere(
  source: () => TrainingData,
  fitOptions: () => FitOptions,
): Promise<void> {
  const whole = await trained(source, fitOptions, 0)
  expect(whole.told.length).toBeGreaterThan(4)
  for (let leave = 1; leave < whole.told.length; leave++) {
    expect(await trained(source, fitOptions, leave)).toEqual(whole)
  }
}

describe('a training that was left after any update goes on to the same bits', () => {
  const validation = new Dataset(sequences.slice(0, 5))

  test('of a Dataset, in its random orders', async () => {
    await expectSameFromAnywhere(
      () => data,
      () => ({ epochs: 3, batchSize: 4 }),
    )
    await expectSameFromAnywhere(
      () => data,
      () => ({ epochs: 2, batchSize: 3, seed: 8 }),
    )
  })

  test('with a schedule and updates of several batches', async () => {
    await expectSameFromAnywhere(
      () => data,
      () => ({
        ...{ epochs: 3, batchSize: 2, accumulate: 2 },
        schedule: { kind: 'oneCycle', total: 9, maximum: 0.1 },
      }),
    )
    await expectSameFromAnywhere(
      () => data,
      () => ({
        ...{ epochs: 4, batchSize: 6, validation },
        // Every loss counts as bad, so that each epoch has another rate.
        schedule: { kind: 'plateau', patience: 0, threshold: 100, thresholdMode: 'abs' },
      }),
    )
  })

  test('with early stopping, whose best parameters are put back', async () => {
    // Not a validation loss, which might fall for ever.
    const rising = (): FitOptions['metrics'] => {
      const reset = (): void => undefined
      return [{ name: 'one', mode: 'max', reset, update: reset, result: () => 1 }]
    }
    const fitOptions = (): FitOptions => ({
      ...{ epochs: 9, batchSize: 4, validation, patience: 2, metrics: rising(), monitor: 'one' },
    })
    const { told } = await trained(() => data, fitOptions, 0)
    expect(told.at(-1)).toMatchObject({ epoch: 3, stopped: true, best: { epoch: 1, value: 1 } })
    await expectSameFromAnywhere(() => data, fitOptions)
  })

  test('of an iterable, whose first batches are run through', async () => {
    const batches = [1, 2, 3].map((factor) => ({
      ...batch,
      input: batch.input.map((value) => value / factor),
    }))
    async function* asynchronous(): AsyncGenerator<TrainingBatch> {
      for (const one of batches) yield await Promise.resolve(one)
    }
    const source = (): TrainingData => ({ [Symbol.asyncIterator]: asynchronous })
    await expectSameFromAnywhere(source, () => ({ epochs: 2, validation: { a: validation } }))
  })
})

test('a training that had ended only puts its best parameters back', async () => {
  const fake = fakeTrainer({ validation: (_, updates) => updates })
  const fitOptions = { epochs: 3, validation: [marked(0)], patience: 5 }
  const atEnd: number[] = []
  await collect(startFit(fake.jobs, [marked(1)], fitOptions))
  const { state } = fake.jobs.position
  expect(fake.parameter).toBe(1)
  fake.parameter = 3
  expect(await collect(resumed(fake.jobs, state, [marked(1)], fitOptions))).toEqual([])
  expect(fake.parameter).toBe(1)
  // With more epochs it goes on.
  fake.parameter = 3
  const longer = { ...fitOptions, epochs: 5 }
  for await (const { epoch } of resumed(fake.jobs, state, [marked(1)], longer)) atEnd.push(epoch)
  expect(atEnd).toEqual([4, 5])
})

describe('a state', () => {
  /** The state after the second of three updates, with a schedule. */
  async function stateOf(): Promise<FitState> {
    const { jobs } = fakeTrainer()
    const fit = startFit(jobs, dataset, fitOptions)
    await fit.next()
    await fit.next()
    await fit.return()
    return jobs.position.state!
  }
  const dataset = new Dataset(
    [1, 2, 3].map((mark) => ({ input: Float32Array.of(mark, 0), target: new Float32Array(1) })),
  )
  const fitOptions: FitOptions = {
    ...{ epochs: 2, batchSize: 1, shuffle: false },
    schedule: { kind: 'exponential', gamma: 0.5 },
  }

  test('holds the position, the orders, the schedule and the sums', async () => {
    expect(await stateOf()).toEqual({
      settings: { sequences: 3, batchSize: 1, shuffle: false, seed: 5 },
      ...{ accumulate: 1, monitor: 'meanLoss' },
      ...{ epoch: 1, order: 1, batches: 2, epochEnd: false, epochBatches: 3, updates: 2 },
      mean: { sums: [2], denominators: [2] },
      schedule: { kind: 'exponential', state: { updates: 2 } },
      stopping: { bad: 0 },
    })
  })

  test('goes on with the schedule, and makes no batch again', async () => {
    const fake = fakeTrainer()
    const checked = jest.fn(fake.jobs.check)
    const jobs = { ...fake.jobs, check: checked }
    const schedule = new Schedule({ kind: 'exponential', gamma: 0.5 })
    const all = await collect(resumed(jobs, await stateOf(), dataset, { ...fitOptions, schedule }))
    expect(fake.steps.map(({ marks }) => marks[0]![0])).toEqual([3, 1, 2, 3])
    expect(all.map(({ learningRate }) => learningRate)).toEqual([0.025, 0.0125, 0.00625, 0.003125])
    expect(all.map(({ batch: at, update }) => [at, update])).toEqual([
      [3, 3],
      [1, 4],
      [2, 5],
      [3, 6],
    ])
    expect(checked).toHaveBeenCalledTimes(4)
  })

  test.each<[object, object, RegExp]>([
    [{ batchSize: 2 }, {}, /^batchSize: expected 1, as in the training that goes on, got 2$/],
    [{ shuffle: true }, {}, /^shuffle: expected false, as in /],
    [{ seed: 3 }, {}, /^seed: expected 5, as in /],
    [{ accumulate: 2 }, {}, /^accumulate: expected 1, as in /],
    [{}, { chunkSteps: 2 }, /^chunkSteps: expected 2, as in .* got undefined$/],
    [{}, { chunkSteps: 0 }, /^state\.chunkSteps: /],
    [{ schedule: undefined }, {}, /^schedule: expected one of the kind "exp.*, as in .* got none$/],
    [
      { schedule: { kind: 'plateau' } },
      {},
      /^schedule: expected .* got one of the kind "plateau"$/,
    ],
    [{ validation: dataset }, {}, /^monitor: expected "meanLoss", as in .* got "validationLoss"$/],
    [{}, { epoch: -1 }, /^state\.epoch: expected an integer from 1 /],
    [{}, { order: 0.5 }, /^state\.order: /],
    [{}, { settings: { sequences: 0 } }, /^state\.settings\.sequences: /],
    [{}, { monitor: 1 }, /^state\.monitor: /],
    [{}, { schedule: { kind: 'none' } }, /^state\.schedule\.kind: /],
    [{}, { schedule: { kind: 'step', state: {} } }, /^state\.schedule\.state\.updates: /],
    [{}, { epochEnd: 1 }, /^state\.epochEnd: /],
    [{}, { mean: { sums: [NaN], denominators: [1] } }, /^state\.mean\.sums\[0\]: /],
    [{}, { stopping: {} }, /^state\.stopping\.bad: /],
    [{}, { stopping: { bad: 0, best: { epoch: 1 } } }, /^state\.stopping\.best\.value: /],
    [{}, { bestParameters: new Float32Array(3) }, /^state\.bestParameters: expected parameters = /],
    [{}, { other: 1 }, /^state: expected only the keys /],
  ])('of other options %p, or with %p, is refused', async (changed, wrong, message) => {
    const state = { ...(await stateOf()), ...wrong }
    const start = (): unknown =>
      resumed(fakeTrainer().jobs, state, dataset, { ...fitOptions, ...changed })
    expect(start).toThrow(message)
  })

  test('of a Dataset is none for an iterable', async () => {
    const state = await stateOf()
    const { schedule } = fitOptions
    expectGruError(
      () => resumed(fakeTrainer().jobs, state, [marked(1)], { epochs: 2, schedule }),
      'ERR_GRU_VALUE',
      'data: expected a Dataset, as in the training that goes on, got ready batches',
    )
  })
})
