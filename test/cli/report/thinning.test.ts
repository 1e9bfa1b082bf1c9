import * as fc from 'fast-check'
import { rangeOf, rounded, thinned } from '../../../lib/cli/report/thinning'
import { TimeList } from '../../../lib/cli/report/time-list'
import { seed } from '../../support/random'

const value = fc.double({ min: -1e12, max: 1e12, noNaN: true })

test('rounded values are near enough for a chart, and never a false zero', () => {
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1 }),
      fc.integer({ min: -300, max: 0 }),
      (values, e) => {
        const scaled = values.map((one) => one * 10 ** e)
        const range = rangeOf(scaled)
        rounded(scaled, range).forEach((one, i) => {
          const exact = scaled[i]!
          expect(Math.abs(one! - exact)).toBeLessThanOrEqual(
            range === 0 ? Math.abs(exact) : range * 1e-5,
          )
          expect(one === 0).toBe(exact === 0)
        })
      },
    ),
    { seed },
  )
})

test('what is not a number is missing', () => {
  expect(rounded([1, null, NaN, Infinity], 1)).toEqual([1, null, null, null])
  expect(rangeOf([null, NaN, 3, 5])).toBe(2)
  expect(rangeOf([])).toBe(0)
})

test('thinned items are evenly spaced, and the last is among them', () => {
  expect(thinned([1, 2, 3], 3)).toEqual([1, 2, 3])
  expect(thinned([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 5)).toEqual([2, 4, 6, 8, 10])
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 1, max: 50 }),
      (count, most) => {
        const items = Array.from({ length: count }, (_, i) => i)
        const kept = thinned(items, most)
        expect(kept).toHaveLength(Math.min(count, most))
        expect(kept.at(-1)).toBe(count - 1)
        const steps = kept.slice(1).map((item, i) => item - kept[i]!)
        expect(Math.max(...steps, 0) - Math.min(...steps, Infinity)).toBeLessThanOrEqual(1)
      },
    ),
    { seed },
  )
})

test('a list has each time once, and says where consecutive ones begin', () => {
  const times = new TimeList()
  expect(times.add(['a', 'b', 'c'])).toBe(0)
  expect(times.add(['b', 'c'])).toBe(1)
  expect(times.add(['c', 'd'])).toBe(2)
  expect(times.add(['a', 'd'])).toEqual([0, 3])
  expect(times.add([])).toBe(0)
  expect(times.texts).toEqual(['a', 'b', 'c', 'd'])
})
