import { readFileSync } from 'node:fs'
import * as path from 'node:path'
import { type FitOptions, Schedule, type ScheduleOptions } from '../../lib'
import { startFit } from '../../lib/fit/loop'
import { expectGruError } from '../support/errors'
import { type FakeTrainer, fakeTrainer, marked } from '../support/fit'
import { batch, bits, collect, make } from '../support/trainer'

interface Golden {
  readonly schedule: ScheduleOptions & { learningRate?: number; metric?: readonly number[] }
  readonly learningRates: readonly number[]
}

function golden(name: string): Golden {
  const file = path.join(__dirname, '..', 'golden-graph', `schedule_${name}.json`)
  return JSON.parse(readFileSync(file, 'utf8')) as Golden
}

/** A trainer whose base rate is the case's, and the options of its schedule. */
function begin(name: string): {
  fake: FakeTrainer
  schedule: ScheduleOptions
  expected: readonly number[]
} {
  const { schedule: given, learningRates } = golden(name)
  const { learningRate: baseRate = 1, metric, ...schedule } = given
  const fake = fakeTrainer({ validation: (_, updates) => metric?.[updates - 1] ?? 1 })
  return { fake: { ...fake, jobs: { ...fake.jobs, baseRate } }, schedule, expected: learningRates }
}

function expectClose(rates: readonly (number | undefined)[], expected: readonly number[]): void {
  expect(rates).toHaveLength(expected.length)
  for (const [update, rate] of rates.entries()) {
    const right = expected[update]!
    expect(Math.abs(rate! - right)).toBeLessThanOrEqual(1e-12 * Math.max(right, 1e-6))
  }
}

describe('each update has the rate of its schedule', () => {
  test.each(['cosine', 'exponential', 'multi_step', 'one_cycle', 'step'])('%s', async (name) => {
    const { fake, schedule, expected } = begin(name)
    const data = [1, 2, 3, 4].map(marked)
    const epochs = expected.length / 4
    const all = await collect(startFit(fake.jobs, data, { epochs, schedule }))
    expectClose(
      fake.steps.map(({ learningRate }) => learningRate),
      expected,
    )
    expect(all.map(({ learningRate }) => learningRate)).toEqual(
      fake.steps.map(({ learningRate }) => learningRate),
    )
  })

  test('of a plateau, which heeds the watched figure of each epoch', async () => {
    const { fake, schedule, expected } = begin('plateau')
    const fitOptions = { epochs: expected.length, schedule, validation: [marked(0)] }
    await collect(startFit(fake.jobs, [marked(1)], fitOptions))
    expectClose(
      fake.steps.map(({ learningRate }) => learningRate),
      expected,
    )
  })

  test('of an update, not of a batch', async () => {
    const { fake, schedule, expected } = begin('cosine')
    const data = [1, 2, 3].map(marked)
    await collect(startFit(fake.jobs, data, { epochs: 10, accumulate: 2, schedule }))
    expectClose(
      fake.steps.map(({ learningRate }) => learningRate),
      expected.slice(0, 20),
    )
  })
})

test("without a schedule the rate is the optimiser's", async () => {
  const fake = fakeTrainer()
  const all = await collect(startFit(fake.jobs, [marked(1)], { epochs: 2 }))
  expect(fake.steps.map(({ learningRate }) => learningRate)).toEqual([undefined, undefined])
  expect(all.map(({ learningRate }) => learningRate)).toEqual([0.1, 0.1])
})

test('options begin a schedule with each call, and a Schedule goes on', async () => {
  const options: ScheduleOptions = { kind: 'exponential', gamma: 0.5 }
  const rates = async (...schedules: FitOptions['schedule'][]): Promise<unknown[]> => {
    const fake = fakeTrainer()
    for (const schedule of schedules) {
      await collect(startFit(fake.jobs, [marked(1)], { epochs: 2, schedule }))
    }
    return fake.steps.map(({ learningRate }) => learningRate)
  }
  expect(await rates(options, options)).toEqual([0.1, 0.05, 0.1, 0.05])
  const schedule = new Schedule(options)
  expect(await rates(schedule, schedule)).toEqual([0.1, 0.05, 0.025, 0.0125])
})

test('a plateau must watch in the direction of the figure', () => {
  const { jobs } = fakeTrainer()
  expectGruError(
    () => startFit(jobs, [marked(1)], { epochs: 1, schedule: { kind: 'plateau', mode: 'max' } }),
    'ERR_GRU_VALUE',
    'schedule.mode: expected "min", since meanLoss is watched, got "max"',
  )
  expectGruError(
    () => startFit(jobs, [marked(1)], { epochs: 1, schedule: { kind: 'cosine' } }),
    'ERR_GRU_TYPE',
    /^schedule\.period: /,
  )
})

test('fit with a schedule is the same as its steps one by one with their rates', async () => {
  const options: ScheduleOptions = { kind: 'cosine', period: 5, warmup: { steps: 2 } }
  const fitted = make()
  const all = await collect(fitted.trainer.fit([batch], { epochs: 6, schedule: options }))
  const stepped = make()
  const schedule = new Schedule(options)
  const results = all.map(() => {
    const learningRate = schedule.rate(0.02)
    schedule.advance()
    return { ...stepped.trainer.stepSync(batch, { learningRate }), learningRate }
  })
  expect(
    all.map(({ loss, gradNorm, skipped, learningRate }) => ({
      ...{ loss, gradNorm, skipped, learningRate },
    })),
  ).toEqual(results)
  expect(bits(fitted.model)).toEqual(bits(stepped.model))
})
