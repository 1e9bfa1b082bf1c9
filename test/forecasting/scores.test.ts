import * as fc from 'fast-check'
import { intervalOf, scaleOf, ScoreSums, skillsOf } from '../../lib/forecasting/scores'
import { seed } from '../support/random'

const NONE = Float64Array.of()

describe('the scale of the mean absolute scaled error', () => {
  it('is the mean error of the seasonal naive forecast over the training part', () => {
    const training = Float64Array.of(1, 4, 2, 8, 5)
    expect(scaleOf(training)).toBe((3 + 2 + 6 + 3) / 4)
    expect(scaleOf(training, 2)).toBeCloseTo((1 + 4 + 3) / 3, 12)
  })

  it('takes only rows of which both values are known', () => {
    expect(scaleOf(Float64Array.of(NaN, 4, 2, NaN, 5, 6))).toBe((2 + 1) / 2)
  })

  it.each([
    ['a constant', Float64Array.of(0.1, 0.1, 0.1), 1],
    ['no rows', NONE, 1],
    ['fewer rows than a season', Float64Array.of(1, 2, 3), 3],
    ['missing values alone', Float64Array.of(NaN, NaN), 1],
  ])('does not exist for %s', (_, training, season) => {
    expect(scaleOf(training, season)).toBeNull()
  })
})

it.each([
  [[0.1, 0.5, 0.9], { low: 0, high: 2, nominal: 0.8 }],
  [[0.05, 0.25, 0.5, 0.75, 0.95], { low: 0, high: 4, nominal: 0.9 }],
  [[0.5], null],
])('takes the outer quantiles of %j as the interval', (quantiles, interval) => {
  expect(intervalOf(quantiles)).toEqual(interval)
})

describe('the errors of forecasts', () => {
  it('of one value are as by hand', () => {
    const sums = new ScoreSums({ horizon: 2, scales: [2, null] })
    sums.add(0, Float64Array.of(1, -3), Float64Array.of(3, -2))
    sums.add(1, Float64Array.of(0, NaN), Float64Array.of(0, 7))
    const { name, scores, byHorizon, bySeries } = sums.contender('drift')
    expect(name).toBe('drift')
    const points = { pinball: null, coverage: null }
    expect(scores.count).toBe(3)
    expect(scores.mae).toBeCloseTo(1, 12)
    expect(scores.rmse).toBeCloseTo(Math.sqrt(5 / 3), 12)
    // The constant series has no scale, and is left out.
    expect(scores.mase).toBeCloseTo((2 / 2 + 1 / 2) / 2, 12)
    expect(scores.smape).toBeCloseTo((100 * ((2 * 2) / 4 + (2 * 1) / 5 + 0)) / 3, 12)
    expect(scores).toMatchObject(points)
    expect(byHorizon.map(({ count }) => count)).toEqual([2, 1])
    expect(byHorizon.map(({ mae }) => mae)).toEqual([1, 1])
    expect(bySeries[1]).toEqual({ count: 1, mae: 0, rmse: 0, mase: null, smape: 0, ...points })
  })

  it('of quantiles are as by hand', () => {
    const sums = new ScoreSums({ horizon: 1, scales: [1], quantiles: [0.1, 0.5, 0.9] })
    sums.add(0, Float64Array.of(10), Float64Array.of(8, 9, 10))
    sums.add(0, Float64Array.of(7), Float64Array.of(8, 9, 10))
    const { scores } = sums.contender('model')
    expect(scores.mae).toBe(1.5)
    // 0.1 * 2 + 0.5 * 1 + 0, and 0.9 * 1 + 0.5 * 2 + 0.1 * 3.
    expect(scores.pinball).toBeCloseTo((0.7 + 2.2) / 6, 12)
    // The end of an interval is inside.
    expect(scores.coverage).toBe(0.5)
  })

  it('count no step without a truth or a forecast', () => {
    const sums = new ScoreSums({ horizon: 3, scales: [1], quantiles: [0.1, 0.5, 0.9] })
    const forecast = Float64Array.of(0, 1, 2, 0, NaN, 2, 0, 1, 2)
    sums.add(0, Float64Array.of(NaN, 1, 3), forecast)
    const { scores, byHorizon } = sums.contender('model')
    expect(scores).toMatchObject({ count: 1, mae: 2, coverage: 0 })
    const none = { mae: null, rmse: null, mase: null, smape: null, pinball: null, coverage: null }
    expect(byHorizon[0]).toEqual({ count: 0, ...none })
    expect(byHorizon[1]).toEqual({ count: 0, ...none })
  })

  it.each([1e-300, 1e-170, 1e-12, 1, 1e12, 1e170, 1e300])('may be of any size: %d', (unit) => {
    const of = (...values: number[]): Float64Array => Float64Array.from(values, (x) => x * unit)
    const sums = new ScoreSums({ horizon: 3, scales: [scaleOf(of(1, 3))], quantiles: [0.1, 0.5] })
    sums.add(0, of(0, 0, 0), of(0, 1, 1, 2, 2, 3))
    const { mae, rmse, mase, smape, pinball } = sums.contender('model').scores
    expect(mae! / unit).toBeCloseTo(2, 12)
    expect(rmse! / unit).toBeCloseTo(Math.sqrt(14 / 3), 12)
    expect(mase).toBeCloseTo(1, 12)
    expect(smape).toBeCloseTo(200, 12)
    expect(pinball! / unit).toBeCloseTo((0.9 * 3 + 0.5 * 6) / 6, 12)
  })

  it('are null where they are not finite', () => {
    const sums = new ScoreSums({ horizon: 1, scales: [1] })
    sums.add(0, Float64Array.of(1), Float64Array.of(Infinity))
    expect(sums.contender('model').scores).toMatchObject({ count: 1, mae: null, rmse: null })
  })

  it('are those of plain loops', () => {
    const value = fc.double({ min: -100, max: 100, noNaN: true })
    const step = fc.record({ y: fc.oneof(value, fc.constant(NaN)), f: value })
    const forecast = fc.array(step, { minLength: 2, maxLength: 2 })
    fc.assert(
      fc.property(fc.array(forecast, { minLength: 1, maxLength: 30 }), (forecasts) => {
        const sums = new ScoreSums({ horizon: 2, scales: [3] })
        for (const steps of forecasts) {
          const pick = (key: 'y' | 'f') => Float64Array.from(steps, (one) => one[key])
          sums.add(0, pick('y'), pick('f'))
        }
        const contender = sums.contender('any')
        const all = [contender.scores, ...contender.byHorizon]
        const parts = [
          forecasts.flat(),
          forecasts.map((one) => one[0]!),
          forecasts.map((one) => one[1]!),
        ]
        parts.forEach((part, i) => {
          const known = part.filter(({ y }) => !Number.isNaN(y))
          expect(all[i]!.count).toBe(known.length)
          if (known.length === 0) return
          let absolute = 0
          let squares = 0
          for (const { y, f } of known) {
            absolute += Math.abs(y - f)
            squares += (y - f) ** 2
          }
          expect(all[i]!.mae).toBeCloseTo(absolute / known.length, 9)
          expect(all[i]!.mase).toBeCloseTo(absolute / known.length / 3, 9)
          expect(all[i]!.rmse).toBeCloseTo(Math.sqrt(squares / known.length), 9)
        })
      }),
      { seed },
    )
  })
})

describe('the skill', () => {
  const contender = (name: string, y: number, ...forecasts: number[]) => {
    const sums = new ScoreSums({ horizon: 1, scales: [1] })
    for (const f of forecasts) sums.add(0, Float64Array.of(y), Float64Array.of(f))
    return sums.contender(name)
  }

  it('is how much smaller the error is than that of a baseline', () => {
    const skills = skillsOf(contender('the model', 0, 1, 2), [
      contender('twice', 0, 2, 4),
      contender('half', 0, 1, 0.5),
      contender('exact', 0, 0, 0),
      contender('fewer', 0, 2),
      contender('endless', 0, Infinity, 1),
    ])
    expect(skills).toEqual({ twice: 0.5, half: -1, exact: null, fewer: null, endless: null })
  })
})
