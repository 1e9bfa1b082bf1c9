import * as fc from 'fast-check'
import { applyCalibration, calibrate } from '../../lib/forecasting/conformal'
import { seed } from '../support/random'
import { randomSource } from '../support/numbers'

const QUANTILES = [0.1, 0.5, 0.9]

/** The share of the truth between two of the quantiles. */
function coverage(
  predictions: Float64Array,
  truth: Float64Array,
  width: number,
  low: number,
  high: number,
): number {
  let inside = 0
  for (let row = 0; row < truth.length; row++) {
    const y = truth[row]!
    if (predictions[row * width + low]! <= y && y <= predictions[row * width + high]!) inside++
  }
  return inside / truth.length
}

it('moves both ends by the score of the nearest rank', () => {
  // Medians of 0 and intervals from -1 to 1; ten truths. The eighth smallest distance is 1, that of 4 - 1 is 3.
  const truth = Float64Array.of(0.1, -0.2, 0.3, -1.5, 1.25, 1.75, -1.875, 2, 4, -9)
  const predictions = Float64Array.from({ length: 30 }, (_, i) => (i % 3) - 1)
  const { shifts } = calibrate(QUANTILES, predictions, truth)
  expect(shifts[1]).toBe(0)
  expect(shifts[2]).toBe(-shifts[0]!)
  expect(shifts[2]).toBeGreaterThanOrEqual(1)
  expect(shifts[2]).toBeLessThan(3)
  const calibrated = applyCalibration({ quantiles: QUANTILES, shifts }, predictions)
  expect(coverage(calibrated, truth, 3, 0, 2)).toBe(0.8)
})

it('moves the ends inwards where they are too far apart', () => {
  const truth = Float64Array.from({ length: 10 }, (_, i) => i - 4.5)
  const predictions = Float64Array.from({ length: 30 }, (_, i) => ((i % 3) - 1) * 100)
  const calibration = calibrate(QUANTILES, predictions, truth)
  expect(calibration.shifts[2]).toBeLessThan(-95)
  expect(coverage(applyCalibration(calibration, predictions), truth, 3, 0, 2)).toBe(0.8)
})

describe('the calibrated interval for 80 %', () => {
  it('covers 78 to 82 % of every calibration set of 25 and more', () => {
    const sets = fc.record({
      rows: fc.integer({ min: 25, max: 200 }),
      numbers: fc.integer(),
      level: fc.constantFrom(0, 1, -1e3, 1e6, 1e12),
      noise: fc.constantFrom(1e-12, 1e-3, 1, 1e3),
      width: fc.constantFrom(0, 0.01, 1, 30),
      offset: fc.constantFrom(0, 3),
    })
    fc.assert(
      fc.property(sets, ({ rows, numbers, level, noise, width, offset }) => {
        // Below that, rounding makes many distances equal.
        fc.pre(noise > Math.abs(level) * 1e-9)
        const random = randomSource(numbers)
        const truth = Float64Array.from({ length: rows }, () => level + noise * (random() - 0.5))
        const predictions = Float64Array.from({ length: 3 * rows }, (_, i) => {
          const spread = width * ((i % 3) - 1) * random()
          return level + noise * (offset + spread + 0.3 * random())
        })
        const calibration = calibrate(QUANTILES, predictions, truth)
        const calibrated = applyCalibration(calibration, predictions)
        const share = coverage(calibrated, truth, 3, 0, 2)
        expect(share).toBeGreaterThanOrEqual(0.78)
        expect(share).toBeLessThanOrEqual(0.82)
        expect(Math.round(share * rows)).toBe(Math.round(0.8 * rows))
      }),
      { seed, numRuns: 150 },
    )
  })

  it('takes as many as come nearest where distances are equal', () => {
    const predictions = (rows: number) =>
      Float64Array.from({ length: 3 * rows }, (_, i) => (i % 3) - 1)
    const shareOf = (truth: Float64Array): number => {
      const calibration = calibrate(QUANTILES, predictions(truth.length), truth)
      return coverage(applyCalibration(calibration, predictions(truth.length)), truth, 3, 0, 2)
    }
    // Nine together or six: nine is nearer to eight.
    expect(shareOf(Float64Array.of(0, 0, 0, 0.5, 0.5, 0.5, 2, 2, 2, 5))).toBe(0.9)
    // All ten or seven.
    expect(shareOf(Float64Array.of(0, 0, 0, 0, 0.5, 0.5, 0.5, 2, 2, 2))).toBe(0.7)
    // All or nothing.
    expect(shareOf(new Float64Array(10).fill(3))).toBe(1)
  })

  it('may hold the medians alone', () => {
    const truth = new Float64Array(10)
    const predictions = Float64Array.from({ length: 30 }, (_, i) => (i % 3) - 1)
    const calibration = calibrate(QUANTILES, predictions, truth)
    expect(calibration.shifts.every(Number.isFinite)).toBe(true)
    expect(coverage(applyCalibration(calibration, predictions), truth, 3, 0, 2)).toBe(1)
  })
})

it('calibrates several intervals and quantiles without a partner, each to its share', () => {
  const quantiles = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99]
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 30, max: 150 }), (numbers, rows) => {
      const random = randomSource(numbers)
      const truth = Float64Array.from({ length: rows }, () => random() + random())
      const predictions = Float64Array.from({ length: 7 * rows }, random)
      const calibration = calibrate(quantiles, predictions, truth)
      const calibrated = applyCalibration(calibration, predictions)
      const share = (low: number, high: number): number =>
        Math.round(rows * coverage(calibrated, truth, 7, low, high))
      expect(share(1, 5)).toBe(Math.round(0.8 * rows))
      expect(share(2, 4)).toBe(Math.round(0.5 * rows))
      // A quantile alone is not inside the interval for 80 %, which may leave less on its side.
      const above = (i: number) => truth.filter((y, row) => y >= calibrated[7 * row + i]!).length
      expect(above(0)).toBe(Math.max(Math.round(0.95 * rows), above(1)))
      const below = (i: number) => truth.filter((y, row) => y <= calibrated[7 * row + i]!).length
      expect(below(6)).toBe(Math.max(Math.round(0.99 * rows), below(5)))
      for (let begin = 0; begin < calibrated.length; begin += 7) {
        const row = calibrated.subarray(begin, begin + 7)
        expect(row).toEqual(row.slice().sort())
      }
    }),
    { seed, numRuns: 30 },
  )
})

it('leaves rows without a truth out', () => {
  const random = randomSource(seed)
  const truth = Float64Array.from({ length: 60 }, (_, row) => (row % 2 === 0 ? NaN : random()))
  const predictions = Float64Array.from({ length: 180 }, random)
  const known = (_: number, row: number): boolean => row % 2 === 1
  const kept = predictions.filter((_, i) => known(0, Math.floor(i / 3)))
  expect(calibrate(QUANTILES, predictions, truth)).toEqual(
    calibrate(QUANTILES, kept, truth.filter(known)),
  )
})

it('shifts nothing without a truth, and only sorts', () => {
  const calibration = calibrate(QUANTILES, Float64Array.of(1, 2, 3), Float64Array.of(NaN))
  expect(calibration.shifts).toEqual([0, 0, 0])
  expect(applyCalibration(calibration, Float64Array.of(3, 1, 2, 4, 5, 6))).toEqual(
    Float64Array.of(1, 2, 3, 4, 5, 6),
  )
})

it('is kept by JSON', () => {
  const calibration = calibrate(QUANTILES, Float64Array.of(1, 2, 3), Float64Array.of(7))
  expect(JSON.parse(JSON.stringify(calibration))).toEqual(calibration)
})

it('leaves the median and one value alone', () => {
  const calibration = calibrate([0.5], Float64Array.of(1, 2), Float64Array.of(5, 5))
  expect(calibration.shifts).toEqual([0])
  expect(applyCalibration(calibration, Float64Array.of(3, 4))).toEqual(Float64Array.of(3, 4))
})
