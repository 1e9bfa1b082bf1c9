import {
  formatColumn,
  formatCount,
  formatForecast,
  formatLoss,
  formatNumber,
  formatPercent,
  formatTicks,
  isPrintedAlike,
} from '../../lib/forecasting/numbers'

const POWERS = Array.from({ length: 25 }, (_, i) => i - 12)

it.each([
  [0, '0'],
  [-0, '0'],
  [0.01, '0.0100'],
  [9.996, '10.0'],
  [-15.32, '-15.3'],
  [999.6, '1000'],
  [123456, '123456'],
  [999999.6, '1.00e6'],
  [0.000123, '0.000123'],
  [0.0000123, '1.23e-5'],
  [-2.5e-12, '-2.50e-12'],
  [3.4e37, '3.40e37'],
  [Infinity, 'Infinity'],
])('prints %d as %s', (value, text) => {
  expect(formatNumber(value)).toBe(text)
})

it.each(POWERS)('keeps three digits at 10^%d, and is short', (power) => {
  for (const digits of [1.004, 1.23, -4.56, 7.5, 9.994, 9.9949]) {
    const value = digits * 10 ** power
    const text = formatNumber(value)
    expect(Math.abs(Number(text) / value - 1)).toBeLessThanOrEqual(0.005)
    expect(text.length).toBeLessThanOrEqual(9)
    expect(text.replace(/^-?0*\.?0*|e.*$/g, '').replace('.', '').length).toBeGreaterThanOrEqual(3)
    expect(formatLoss(value).length).toBeLessThanOrEqual(10)
  }
})

it('groups the digits of counts', () => {
  expect(formatCount(1234567)).toBe('1,234,567')
})

it.each([
  ['three digits that suffice', [1.234, 5.678], ['1.23', '5.68']],
  ['more where numbers differ further on', [1.2341, 1.2349, 5], ['1.234', '1.235', '5.000']],
  ['no more than six', [1.2345671, 1.2345672, 5], ['1.23', '1.23', '5.00']],
  ['no more for numbers that are equal', [1.2341, 1.2341], ['1.23', '1.23']],
  ['an error of 0', [0, 1e-9], ['0', '1.00e-9']],
  ['a number that does not exist', [null, 1.5], ['-', '1.50']],
  // The half is between them, but not in six digits.
  ['equal numbers beside a half', [1.234999999, 1.235000001], ['1.24', '1.24']],
  ['equal whole numbers beside a half', [1234.49999, 1234.50001], ['1235', '1235']],
] as [string, (number | null)[], string[]][])('prints a column with %s', (_, values, texts) => {
  expect(formatColumn(values)).toEqual(texts)
})

it.each(POWERS)('prints numbers of a column alike only if six digits are, at 10^%d', (power) => {
  for (const [a, b] of [
    [1.234999999, 1.235000001],
    [1.23499, 1.235],
    [9.99999, 10],
    [9.999999, 10],
    [-0.01, 0.01],
    [1.5, 1.5],
  ] as const) {
    const pair = [a * 10 ** power, b * 10 ** power] as const
    const [one, other] = formatColumn([...pair, null, 0])
    expect(one === other).toBe(isPrintedAlike(...pair))
    expect(Number(one)).not.toBe(0)
  }
})

it.each([
  [0.8, '80.0 %'],
  [1, '100 %'],
  [-0.0000012, '-0.000120 %'],
])('prints the share %d as %s', (share, text) => {
  expect(formatPercent(share)).toBe(text)
})

describe('a forecast', () => {
  it.each([
    [7.17123456, 3.1, '7.17 USD'],
    [0.0123, 0.002, '0.0123 USD'],
    // Three digits would hide the changes.
    [1_000_000.02341, 0.03, '1000000.023 USD'],
    [1.35172345e-6, 1e-7, '1.35e-6 USD'],
    // A constant that is forecast again, and a straight line that continues.
    [14.62, 1, '14.62 USD'],
    [119.9 + 0.1, 1, '120.0 USD'],
    [1e12, 1e-100, '1000000000000.0000 USD'],
    // Returns, for which one decimal would be a false zero.
    [0.01234567, 0.014, '0.0123 USD'],
    [-0.00004561234, 0.014, '-4.56e-5 USD'],
    // Without a known change, the value's own digits.
    [0.01234567, NaN, '0.0123 USD'],
    [0.01234567, 0, '0.0123 USD'],
  ])('of %d, changing by %d', (value, change, text) => {
    expect(formatForecast(value, change, 'USD')).toBe(text)
  })

  it('may have no unit', () => {
    expect(formatForecast(7.17123456, 3.1, '')).toBe('7.17')
  })
})

it('labels an axis in one notation, without digits that say nothing', () => {
  expect(formatTicks([0, 0.5, 1], -1)).toEqual(['0.0', '0.5', '1.0'])
  expect(formatTicks([0, 5e-7, 1e-6, 1.5e-6], -7)).toEqual(['0', '5e-7', '1e-6', '1.5e-6'])
  expect(formatTicks([5e11, 1e12, 1.5e12], 11)).toEqual(['5e11', '1e12', '1.5e12'])
})
