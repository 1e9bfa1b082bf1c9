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
import type { FitState } from '../../lib/fit/state'
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

/**
 * Trains, leaves the loop after an update, and goes on from the state that a hook was given.
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
  let state: FitState | undefined
  const keep = (make: () => FitState): Promise<void> => {
    state = make()
    return Promise.resolve()
  }
  const all: Progress[] = []
  const hooks = { afterUpdate: keep, afterEpoch: keep }
  for await (const progress of startFit(jobs, source(), fitOptions(), undefined, hooks)) {
    all.push(progress)
    if (progress.update === leave) break
  }
  if (leave > 0) {
    // Orders follow from the state, not from what the trainer did since.
    jobs.epochs.count = 77
    all.push(...(await collect(startFit(jobs, source(), fitOptions(), throughJson(state!)))))
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
  let state: FitState | undefined
  const afterEpoch = (make: () => FitState): Promise<void> => {
    state = make()
    return Promise.resolve()
  }
  const atEnd: number[] = []
  const hooks = { afterEpoch, afterUpdate: afterEpoch }
  await collect(startFit(fake.jobs, [marked(1)], fitOptions, undefined, hooks))
  expect(fake.parameter).toBe(1)
  fake.parameter = 3
  expect(await collect(startFit(fake.jobs, [marked(1)], fitOptions, state))).toEqual([])
  expect(fake.parameter).toBe(1)
  // With more epochs it goes on.
  fake.parameter = 3
  for await (const { epoch } of startFit(
    fake.jobs,
    [marked(1)],
    { ...fitOptions, epochs: 5 },
    state,
  )) {
    atEnd.push(epoch)
  }
  expect(atEnd).toEqual([4, 5])
})

test('hooks are called once after each update, the last of an epoch apart; what they throw follows the progress', async () => {
  const calls: [string, number, number, boolean][] = []
  const hook = (name: string) => (make: () => FitState) => {
    const { epoch, batches, epochEnd } = make()
    calls.push([name, epoch, batches, epochEnd])
    return Promise.resolve()
  }
  const hooks = { afterUpdate: hook('update'), afterEpoch: hook('epoch') }
  const batches = [1, 2, 3].map(marked)
  await collect(
    startFit(fakeTrainer().jobs, batches, { epochs: 2, accumulate: 2 }, undefined, hooks),
  )
  expect(calls).toEqual([
    ['update', 1, 2, false],
    ['epoch', 1, 3, true],
    ['update', 2, 2, false],
    ['epoch', 2, 3, true],
  ])
  const reason = new Error('no place')
  const failing = { afterUpdate: () => Promise.reject(reason) }
  const fit = startFit(fakeTrainer().jobs, batches, { epochs: 1 }, undefined, failing)
  expect((await fit.next()).value!.update).toBe(1)
  await expect(fit.next()).rejects.toBe(reason)
})

describe('a state', () => {
  /** The state after the second of three updates, with a schedule. */
  async function stateOf(): Promise<FitState> {
    let state: FitState | undefined
    const afterUpdate = (make: () => FitState): Promise<void> => {
      state = make()
      return Promise.resolve()
    }
    const fit = startFit(fakeTrainer().jobs, dataset, fitOptions, undefined, { afterUpdate })
    await fit.next()
    await fit.next()
    await fit.return()
    return state!
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
      monitor: 'meanLoss',
      ...{ epoch: 1, order: 1, batches: 2, epochEnd: false, epochBatches: 3, updates: 2 },
      mean: { sums: [2], denominators: [2] },
      schedule: { updates: 2 },
      stopping: { bad: 0 },
    })
  })

  test('goes on with the schedule, and makes no batch again', async () => {
    const fake = fakeTrainer()
    const checked = jest.fn(fake.jobs.check)
    const jobs = { ...fake.jobs, check: checked }
    const schedule = new Schedule({ kind: 'exponential', gamma: 0.5 })
    const all = await collect(startFit(jobs, dataset, { ...fitOptions, schedule }, await stateOf()))
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
    [{ schedule: undefined }, {}, /^schedule: expected a schedule, as in .* got none$/],
    [{ validation: dataset }, {}, /^monitor: expected "meanLoss", as in .* got "validationLoss"$/],
    [{}, { epoch: -1 }, /^state\.epoch: expected an integer from 1 /],
    [{}, { order: 0.5 }, /^state\.order: /],
    [{}, { epochEnd: 1 }, /^state\.epochEnd: /],
    [{}, { mean: { sums: [NaN], denominators: [1] } }, /^state\.mean\.sums\[0\]: /],
    [{}, { stopping: {} }, /^state\.stopping\.bad: /],
    [{}, { stopping: { bad: 0, best: { epoch: 1 } } }, /^state\.stopping\.best\.value: /],
    [{}, { bestParameters: new Float32Array(3) }, /^state\.bestParameters: expected parameters = /],
    [{}, { other: 1 }, /^state: expected only the keys /],
  ])('of other options %p, or with %p, is refused', async (changed, wrong, message) => {
    const state = { ...(await stateOf()), ...wrong }
    const start = (): unknown =>
      startFit(fakeTrainer().jobs, dataset, { ...fitOptions, ...changed }, state)
    expect(start).toThrow(message)
  })

  test('of a Dataset is none for an iterable', async () => {
    const state = await stateOf()
    const { schedule } = fitOptions
    expectGruError(
      () => startFit(fakeTrainer().jobs, [marked(1)], { epochs: 2, schedule }, state),
      'ERR_GRU_VALUE',
      'data: expected a Dataset, as in the training that goes on, got ready batches',
    )
  })
})
