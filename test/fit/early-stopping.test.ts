import type { FitOptions, Metric, Progress } from '../../lib'
import { startFit } from '../../lib/fit/loop'
import { expectGruError } from '../support/errors'
import { type FakeTrainer, fakeTrainer, marked } from '../support/fit'
import { collect } from '../support/trainer'

interface Course {
  readonly fake: FakeTrainer
  readonly all: readonly Progress[]
}

/** A training of one update an epoch, whose validation losses are given. */
async function course(losses: readonly number[], options: Partial<FitOptions>): Promise<Course> {
  const fake = fakeTrainer({ validation: (_, updates) => losses[updates - 1]! })
  const fitOptions = { epochs: losses.length, validation: [marked(0)], ...options }
  return { fake, all: await collect(startFit(fake.jobs, [marked(1)], fitOptions)) }
}

/** How many epochs there were, the best of them, and which epoch's parameters the model has at the end. */
function outcomeOf({ fake, all }: Course): { epochs: number; best: unknown; model: number } {
  const last = all.at(-1)!
  return { epochs: all.length, best: last.best, model: fake.parameter }
}

describe('patience', () => {
  test('ends the training after so many epochs without a better figure, and puts the best back', async () => {
    const found = await course([5, 3, 4, 3, 2, 2, 9], { patience: 2 })
    expect(outcomeOf(found)).toEqual({ epochs: 4, best: { epoch: 2, value: 3 }, model: 2 })
    expect(found.all.map(({ stopped }) => stopped)).toEqual([false, false, false, true])
    expect(found.all.map(({ best }) => best?.epoch)).toEqual([1, 2, 2, 2])
    expect(found.all.at(-1)!.secondsLeft).toBe(0)
  })

  test('counts anew after a better one', async () => {
    const found = await course([5, 6, 4, 5, 3, 4, 5], { patience: 2 })
    expect(outcomeOf(found)).toEqual({ epochs: 7, best: { epoch: 5, value: 3 }, model: 5 })
    expect(found.all.at(-1)!.stopped).toBe(true)
  })

  test('puts the best back where all epochs were made, too', async () => {
    const found = await course([5, 3, 4], { patience: 2 })
    expect(outcomeOf(found)).toEqual({ epochs: 3, best: { epoch: 2, value: 3 }, model: 2 })
    expect(found.all.at(-1)!.stopped).toBe(false)
  })

  test('has put the best back when the last progress comes', async () => {
    const fake = fakeTrainer({ validation: (_, updates) => updates })
    const options = { epochs: 9, validation: [marked(0)], patience: 2 }
    const models: number[] = []
    for await (const { stopped } of startFit(fake.jobs, [marked(1)], options)) {
      models.push(fake.parameter)
      if (stopped) break
    }
    expect(models).toEqual([1, 2, 1])
  })

  test('puts nothing back where the loop is left, or where it is not given', async () => {
    const fake = fakeTrainer({ validation: (_, updates) => updates })
    const options = { epochs: 9, validation: [marked(0)] }
    for await (const { epoch } of startFit(fake.jobs, [marked(1)], { ...options, patience: 5 })) {
      if (epoch === 3) break
    }
    expect(fake.parameter).toBe(3)
    const plain = await course([5, 3, 4, 5, 6], {})
    expect(outcomeOf(plain)).toEqual({ epochs: 5, best: { epoch: 2, value: 3 }, model: 5 })
  })

  test('wants a figure that is better by more than minDelta', async () => {
    const losses = [5, 4.5, 4.3, 4, 3.9]
    const found = await course(losses, { patience: 2, minDelta: 0.75 })
    expect(outcomeOf(found)).toEqual({ epochs: 3, best: { epoch: 1, value: 5 }, model: 1 })
    const exact = await course([5, 4, 4.5], { patience: 2, minDelta: 1 })
    expect(outcomeOf(exact).best).toEqual({ epoch: 1, value: 5 })
  })

  test('takes no figure that is not finite for better', async () => {
    const found = await course([NaN, -Infinity, 3, NaN], { patience: 3 })
    expect(found.all.map(({ best }) => best?.epoch)).toEqual([undefined, undefined, 3, 3])
    expect(found.fake.parameter).toBe(3)
    const never = await course([NaN, NaN, NaN], { patience: 2 })
    expect(outcomeOf(never)).toEqual({ epochs: 2, best: undefined, model: 2 })
  })
})

describe('the watched figure', () => {
  const falling: Metric = {
    name: 'falling',
    mode: 'max',
    reset: () => undefined,
    update: () => undefined,
    result: () => -1,
  }
  /** A metric that comes to the number of times that it was asked. */
  const rising = (mode?: 'min' | 'max'): Metric => {
    let asked = 0
    return { ...falling, name: 'rising', mode, result: () => ++asked }
  }

  test('is the validation loss, without validation the mean loss', async () => {
    const fake = fakeTrainer({ step: (update) => [5, 3, 4, 4][update - 1]! })
    const options = { epochs: 4, patience: 2 }
    const all = await collect(startFit(fake.jobs, [marked(1)], options))
    expect(all.at(-1)!.best).toEqual({ epoch: 2, value: 3 })
    const named = fakeTrainer({ validation: (mark, updates) => (mark === 7 ? updates : -updates) })
    const validation = { late: [marked(7)], early: [marked(8)] }
    const found = await collect(startFit(named.jobs, [marked(1)], { epochs: 3, validation }))
    expect(found.at(-1)!.best).toEqual({ epoch: 1, value: 1 })
  })

  test('is the one that monitor names, in its direction', async () => {
    const losses = [1, 2, 3]
    const up = await course(losses, { metrics: [rising('max')], monitor: 'rising' })
    expect(outcomeOf(up).best).toEqual({ epoch: 3, value: 3 })
    const down = await course(losses, { metrics: [rising('min')], monitor: 'rising' })
    expect(outcomeOf(down).best).toEqual({ epoch: 1, value: 1 })
    const far = await course(losses, { metrics: [rising('max')], monitor: 'rising', minDelta: 2 })
    expect(outcomeOf(far).best).toEqual({ epoch: 1, value: 1 })
    const train = await course(losses, { monitor: 'meanLoss' })
    expect(outcomeOf(train).best).toEqual({ epoch: 1, value: 1 })
    const named = fakeTrainer({ validation: (mark, updates) => (mark === 7 ? updates : -updates) })
    const options = { epochs: 3, validation: { a: [marked(7)], b: [marked(8)] }, monitor: 'b.loss' }
    const found = await collect(startFit(named.jobs, [marked(1)], options))
    expect(found.at(-1)!.best).toEqual({ epoch: 3, value: -3 })
  })

  test('must exist and have a direction', () => {
    const { jobs } = fakeTrainer()
    const start = (options: Partial<FitOptions>) => (): unknown =>
      startFit(jobs, [marked(1)], { epochs: 1, ...options })
    expectGruError(
      start({ monitor: 'validationLoss' }),
      'ERR_GRU_VALUE',
      'monitor: expected one of "meanLoss", got "validationLoss"',
    )
    const validation = { a: [marked(1)] }
    expectGruError(
      start({ validation, metrics: [rising()], monitor: 'loss' }),
      'ERR_GRU_VALUE',
      'monitor: expected one of "meanLoss", "a.loss", "a.rising", got "loss"',
    )
    expectGruError(
      start({ validation, metrics: [rising()], monitor: 'a.rising' }),
      'ERR_GRU_VALUE',
      `monitor: expected a figure whose metric has the mode 'min' or 'max', got "a.rising"`,
    )
    expectGruError(
      start({ patience: 0 }),
      'ERR_GRU_VALUE',
      /^patience: expected an integer from 1 /,
    )
    expectGruError(start({ minDelta: -1 }), 'ERR_GRU_VALUE', /^minDelta: .* at least 0, got -1$/)
  })
})
