import * as fc from 'fast-check'
import { readFileSync } from 'node:fs'
import * as path from 'node:path'
import { type GruErrorCode, Schedule, type ScheduleOptions, type ScheduleState } from '../../lib'
import { expectGruError } from '../support/errors'
import { seed } from '../support/random'

const FOLDER = path.join(__dirname, '..', 'golden-graph')
const BASE = 0.05

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8'))
}

interface Course {
  readonly schedule: Schedule
  readonly baseRate: number
  /** The metric that is observed after each update. */
  readonly metrics?: readonly number[] | undefined
}

/** The rates of some updates, one after the other. */
function ratesOf({ schedule, baseRate, metrics }: Course, updates: number): number[] {
  return Array.from({ length: updates }, (_, update) => {
    const rate = schedule.rate(baseRate)
    schedule.advance()
    if (metrics !== undefined) schedule.observe(metrics[update]!)
    return rate
  })
}

/** The largest relative difference. It is 0 if both rates are the same, also if both are 0. */
function largestError(rates: readonly number[], expected: readonly number[]): number {
  expect(rates).toHaveLength(expected.length)
  const errors = rates.map((rate, update) => {
    const right = expected[update]!
    return rate === right ? 0 : Math.abs(rate - right) / Math.max(Math.abs(right), 1e-6)
  })
  return Math.max(...errors)
}

describe("the rates are PyTorch's", () => {
  interface Golden {
    readonly schedule: ScheduleOptions & { learningRate?: number; metric?: readonly number[] }
    readonly steps: number
    readonly learningRates: readonly number[]
  }

  test.each(['cosine', 'exponential', 'multi_step', 'one_cycle', 'plateau', 'step'])(
    '%s',
    (name) => {
      const { schedule: given, learningRates } = readJson(`schedule_${name}.json`) as Golden
      const { learningRate: baseRate = 1, metric: metrics, ...options } = given
      const schedule = new Schedule(options)
      const rates = ratesOf({ schedule, baseRate, metrics }, learningRates.length)
      expect(largestError(rates, learningRates)).toBeLessThan(1e-12)
    },
  )

  test('a warm-up before a cosine', () => {
    interface WarmupCosine {
      readonly schedule: Record<'learningRate' | 'startFactor' | 'warmup' | 'period', number>
      readonly learningRates: readonly number[]
    }
    const { schedule: given, learningRates } = readJson(
      'schedule_warmup_cosine.json',
    ) as WarmupCosine
    const { learningRate: baseRate, startFactor, warmup: steps, period } = given
    const schedule = new Schedule({ kind: 'cosine', period, warmup: { steps, startFactor } })
    const rates = ratesOf({ schedule, baseRate }, learningRates.length)
    expect(largestError(rates, learningRates)).toBeLessThan(1e-12)
  })

  interface Further {
    readonly options: ScheduleOptions
    readonly metrics?: readonly (number | string)[]
    readonly learningRates: readonly number[]
  }
  const further = readJson('schedules.json') as { baseRate: number; cases: readonly Further[] }
  const { baseRate, cases } = further

  test.each(cases.map((golden) => [JSON.stringify(golden.options), golden] as const))(
    '%s',
    (_, { options, metrics, learningRates }) => {
      const schedule = new Schedule(options)
      const course = { schedule, baseRate, metrics: metrics?.map(Number) }
      const rates = ratesOf(course, learningRates.length)
      // PyTorch has no closed form of a plateau either, so the bits must be the same.
      const bound = metrics === undefined ? 1e-12 : 0
      expect(largestError(rates, learningRates)).toBeLessThanOrEqual(bound)
    },
  )
})

describe('beyond PyTorch', () => {
  test('the last rate of one cycle stays', () => {
    const schedule = new Schedule({ kind: 'oneCycle', total: 5 })
    const rates = ratesOf({ schedule, baseRate: 1 }, 8)
    expect(rates.slice(4)).toEqual(Array(4).fill(1 / 25 / 1e4))
  })

  test('one cycle without a rise begins at the highest rate', () => {
    const schedule = new Schedule({ kind: 'oneCycle', total: 4, warmupShare: 0.25 })
    expect(schedule.rate(0.5)).toBe(0.5)
  })

  test('one cycle of one update', () => {
    const schedule = new Schedule({ kind: 'oneCycle', total: 1 })
    expect(schedule.rate(0.5)).toBe(0.5 / 25 / 1e4)
  })

  test('a warm-up rises to the first rate of what follows', () => {
    const warmup = { steps: 4, startFactor: 0 }
    const schedule = new Schedule({ kind: 'multiStep', milestones: [0, 1], gamma: 0.5, warmup })
    const rates = ratesOf({ schedule, baseRate: 8 }, 6)
    expect(rates).toEqual([0, 1, 2, 3, 4, 2])
  })

  test('metrics of a warm-up do not count', () => {
    const schedule = new Schedule({ kind: 'plateau', patience: 0, warmup: { steps: 3 } })
    const metrics = [1, 2, 9, 5, 5, 5]
    const rates = ratesOf({ schedule, baseRate: 9, metrics }, 6)
    // The warm-up is over when the metric after the third update comes: it is the first one that
    // counts.
    expect(rates.slice(3)).toEqual([9, 9, 0.9])
  })

  test.each(['rel', 'abs'] as const)(
    'any first metric is better than none: %s',
    (thresholdMode) => {
      const options = { patience: 0, threshold: 1, thresholdMode } as const
      const schedule = new Schedule({ kind: 'plateau', ...options })
      schedule.observe(5)
      expect(schedule.state.plateau?.best).toBe(5)
    },
  )

  test('one schedule serves several base rates', () => {
    const schedule = new Schedule({ kind: 'plateau', patience: 0, factor: 0.5 })
    for (const metric of [1, 1, 1]) schedule.observe(metric)
    expect([8, 0.5, 0].map((baseRate) => schedule.rate(baseRate))).toEqual([2, 0.125, 0])
  })
})

const share = fc.double({ min: 0, max: 1, noNaN: true })
const count = fc.integer({ min: 1, max: 20 })
const optional = { requiredKeys: ['kind' as const] }
const anyWarmup = fc.option(fc.record({ steps: count, startFactor: share }), { nil: undefined })
const anyOptions = fc
  .oneof(
    fc.record({ kind: fc.constant('constant' as const) }),
    fc.record({ kind: fc.constant('step' as const), stepSize: count, gamma: share }),
    fc.record({
      kind: fc.constant('multiStep' as const),
      milestones: fc
        .uniqueArray(fc.integer({ min: 0, max: 40 }))
        .map((numbers) => numbers.sort((a, b) => a - b)),
      gamma: share,
    }),
    fc.record({ kind: fc.constant('exponential' as const), gamma: share }),
    fc.record({ kind: fc.constant('cosine' as const), period: count, minimum: share }),
    fc.record({ kind: fc.constant('oneCycle' as const), total: count, warmupShare: share }),
    fc.record(
      {
        kind: fc.constant('plateau' as const),
        mode: fc.constantFrom('min' as const, 'max' as const),
        factor: fc.double({ min: 0, max: 0.99, noNaN: true }),
        patience: fc.integer({ min: 0, max: 3 }),
        threshold: share,
        thresholdMode: fc.constantFrom('rel' as const, 'abs' as const),
        cooldown: fc.integer({ min: 0, max: 3 }),
      },
      optional,
    ),
  )
  .chain((options) => anyWarmup.map((warmup): ScheduleOptions => ({ ...options, warmup })))

describe('a state', () => {
  test('leads to the same rates to the bit, through JSON', () => {
    const anyMetrics = fc.array(fc.double(), { minLength: 40, maxLength: 40 })
    const property = fc.property(
      anyOptions,
      anyMetrics,
      fc.integer({ min: 0, max: 40 }),
      (options, metrics, cut) => {
        const unbroken = new Schedule(options)
        const rates = ratesOf({ schedule: unbroken, baseRate: BASE, metrics }, 40)
        const before = new Schedule(options)
        const head = ratesOf({ schedule: before, baseRate: BASE, metrics }, cut)
        const after = new Schedule(options)
        after.restore(JSON.parse(JSON.stringify(before.state)) as ScheduleState)
        const rest = { schedule: after, baseRate: BASE, metrics: metrics.slice(cut) }
        expect([...head, ...ratesOf(rest, 40 - cut)]).toEqual(rates)
        expect(after.state).toEqual(unbroken.state)
      },
    )
    fc.assert(property, { seed })
  })

  test('is a copy', () => {
    const schedule = new Schedule({ kind: 'plateau' })
    const { state } = schedule
    schedule.advance()
    schedule.observe(1)
    expect(state).toEqual({
      updates: 0,
      plateau: { best: 'Infinity', bad: 0, cooling: 0, reductions: 0 },
    })
  })

  const plateau = { best: 1, bad: 0, cooling: 0, reductions: 0 }
  test.each<[ScheduleOptions['kind'], unknown, GruErrorCode, string | RegExp]>([
    ['constant', undefined, 'ERR_GRU_TYPE', 'state: expected a plain object, got undefined'],
    ['constant', {}, 'ERR_GRU_TYPE', /^state\.updates: expected an integer from 0 to /],
    ['constant', { updates: -1 }, 'ERR_GRU_VALUE', /^state\.updates: .* got -1$/],
    ['constant', { updates: 1, plateau }, 'ERR_GRU_VALUE', /^state: .* got the key "plateau"$/],
    ['plateau', { updates: 1 }, 'ERR_GRU_TYPE', /^state\.plateau: expected a plain object, /],
    [
      'plateau',
      { updates: 1, plateau: { ...plateau, best: null } },
      'ERR_GRU_TYPE',
      'state.plateau.best: expected a finite number, got null',
    ],
    [
      'plateau',
      { updates: 1, plateau: { ...plateau, bad: 0.5 } },
      'ERR_GRU_VALUE',
      /^state\.plateau\.bad: .* got 0\.5$/,
    ],
  ])(
    'of another kind, or broken, is refused and changes nothing: %#',
    (kind, bad, code, message) => {
      const schedule = new Schedule({ kind } as ScheduleOptions)
      schedule.advance()
      const { state } = schedule
      expectGruError(
        () => {
          schedule.restore(bad as ScheduleState)
        },
        code,
        message,
      )
      expect(schedule.state).toEqual(state)
    },
  )
})

describe('options', () => {
  test.each<[ScheduleOptions, object]>([
    [{ kind: 'constant' }, {}],
    [{ kind: 'step', stepSize: 3 }, { gamma: 0.1 }],
    [{ kind: 'multiStep', milestones: [3] }, { gamma: 0.1 }],
    [{ kind: 'exponential', gamma: 0.9 }, {}],
    [{ kind: 'cosine', period: 3 }, { minimum: 0 }],
    [
      { kind: 'oneCycle', total: 3 },
      { maximum: undefined, warmupShare: 0.3, anneal: 'cos', divide: 25, finalDivide: 1e4 },
    ],
    [
      { kind: 'plateau' },
      {
        ...{ mode: 'min', factor: 0.1, patience: 10, threshold: 1e-4, thresholdMode: 'rel' },
        ...{ cooldown: 0, minimum: 0, epsilon: 1e-8 },
      },
    ],
  ])('have defaults: %j', (options, defaults) => {
    expect(new Schedule(options).options).toEqual({ ...options, ...defaults, warmup: undefined })
    const warm = new Schedule({ ...options, warmup: { steps: 2 } })
    expect(warm.options.warmup).toEqual({ steps: 2, startFactor: 1 / 3 })
  })

  test('are copied', () => {
    const milestones = [3]
    const schedule = new Schedule({ kind: 'multiStep', milestones })
    milestones[0] = 0
    expect(schedule.rate(1)).toBe(1)
    expect(Object.isFrozen(schedule.options)).toBe(true)
  })

  const step = { kind: 'step', stepSize: 1 }
  test.each<[unknown, GruErrorCode, string | RegExp]>([
    [undefined, 'ERR_GRU_TYPE', 'schedule: expected a plain object, got undefined'],
    [{}, 'ERR_GRU_TYPE', /^schedule\.kind: expected one of "constant", "step", .*got undefined$/],
    [{ kind: 'linear' }, 'ERR_GRU_VALUE', /^schedule\.kind: .*got "linear"$/],
    [
      { kind: 'step', step_size: 3 },
      'ERR_GRU_VALUE',
      /^schedule \(step\): .*"step_size" \(did you mean stepSize\?\)$/,
    ],
    [
      { kind: 'cosine', gama: 3 },
      'ERR_GRU_VALUE',
      'schedule (cosine): expected only the keys kind, warmup, period, minimum, got the key "gama"',
    ],
    [{ period: 3 }, 'ERR_GRU_TYPE', /^schedule\.kind: .*got undefined$/],
    [
      { ...step, period: 3 },
      'ERR_GRU_VALUE',
      'schedule (step): expected only the keys kind, warmup, stepSize, gamma, got the key "period"',
    ],
    [
      { kind: 'step' },
      'ERR_GRU_TYPE',
      /^schedule\.stepSize: expected an integer from 1 .*undefined$/,
    ],
    [{ kind: 'step', stepSize: 0 }, 'ERR_GRU_VALUE', /^schedule\.stepSize: .*got 0$/],
    [{ ...step, gamma: -1 }, 'ERR_GRU_VALUE', /^schedule\.gamma: .*at least 0 .*got -1$/],
    [{ kind: 'exponential' }, 'ERR_GRU_TYPE', /^schedule\.gamma: .*got undefined$/],
    [
      { kind: 'multiStep', milestones: 3 },
      'ERR_GRU_TYPE',
      'schedule.milestones: expected an Array of integers, got 3',
    ],
    [
      { kind: 'multiStep', milestones: [3, 3] },
      'ERR_GRU_VALUE',
      /^schedule\.milestones\[1\]: expected an integer from 4 .*got 3$/,
    ],
    [
      { kind: 'multiStep', milestones: Array(1) },
      'ERR_GRU_TYPE',
      /^schedule\.milestones\[0\]: .*undefined$/,
    ],
    [{ kind: 'cosine', period: 1.5 }, 'ERR_GRU_VALUE', /^schedule\.period: .*got 1\.5$/],
    [{ kind: 'oneCycle', total: 9, warmupShare: 1.1 }, 'ERR_GRU_VALUE', /^schedule\.warmupShare: /],
    [{ kind: 'oneCycle', total: 9, divide: 0 }, 'ERR_GRU_VALUE', /^schedule\.divide: .*above 0/],
    [{ kind: 'oneCycle', total: 9, anneal: 'cosine' }, 'ERR_GRU_VALUE', /^schedule\.anneal: /],
    [{ kind: 'plateau', factor: 1 }, 'ERR_GRU_VALUE', /^schedule\.factor: .*below 1, got 1$/],
    [{ kind: 'plateau', mode: 'less' }, 'ERR_GRU_VALUE', /^schedule\.mode: .*"min", "max"/],
    [{ kind: 'constant', warmup: 3 }, 'ERR_GRU_TYPE', /^schedule\.warmup: expected a plain object/],
    [{ kind: 'constant', warmup: {} }, 'ERR_GRU_TYPE', /^schedule\.warmup\.steps: .*undefined$/],
    [
      { kind: 'constant', warmup: { steps: 2, startFactor: 2 } },
      'ERR_GRU_VALUE',
      /^schedule\.warmup\.startFactor: .*got 2$/,
    ],
  ])('refuse what is wrong: %#', (bad, code, message) => {
    expectGruError(() => new Schedule(bad as ScheduleOptions), code, message)
  })
})

test.each([NaN, -1, Infinity, 1e39])('a base rate of %p is refused', (baseRate) => {
  const call = (): unknown => new Schedule({ kind: 'constant' }).rate(baseRate)
  expectGruError(call, 'ERR_GRU_VALUE', /^baseRate: expected a finite number at least 0 /)
})

test('a metric that is no number is refused', () => {
  const call = (): void => {
    new Schedule({ kind: 'constant' }).observe('1' as unknown as number)
  }
  expectGruError(call, 'ERR_GRU_TYPE', 'metric: expected a number, got "1"')
})
