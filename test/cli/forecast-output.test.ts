import { parse } from 'csv-parse/sync'
import {
  epochsCsv,
  forecastCsv,
  forecastJson,
  forecastTable,
  quantileName,
} from '../../lib/cli/forecast-output'
import type { ForecastPath } from '../../lib/forecasting/results'

const QUANTILES = [0.1, 0.5, 0.9]

function pathOf(change: Partial<ForecastPath> = {}): ForecastPath {
  return {
    ...{ series: '', target: 'warmth', origin: '2021-01-04', times: ['2021-01-05', '2021-01-06'] },
    quantiles: [
      [9.75, 1 / 3],
      [10, 0.5],
      [10.25, 0.75],
    ],
    truth: [null, null],
    direct: 2,
    ...change,
  }
}

const forecasts = (paths: readonly ForecastPath[]) => ({
  ...{ quantiles: QUANTILES, paths, units: { warmth: 'K', '=1+1': '' } },
})

it('aligns one series and target under its name', () => {
  expect(forecastTable(forecasts([pathOf()]))).toBe(
    [
      '  warmth, K    10 %    50 %    90 %',
      '  2021-01-05  9.750  10.000  10.250',
      '  2021-01-06  0.333   0.500   0.750',
      '',
    ].join('\n'),
  )
})

it('names series and targets where there are several, and marks what is beyond the horizon', () => {
  const other = pathOf({ series: 'south', target: '=1+1', direct: 1 })
  expect(forecastTable(forecasts([pathOf({ series: 'north', direct: 1 }), other]))).toBe(
    [
      '  series  target     time           10 %    50 %    90 %',
      '  north   warmth, K  2021-01-05    9.750  10.000  10.250',
      '  north   warmth, K  2021-01-06 *  0.333   0.500   0.750',
      '  south   =1+1       2021-01-05    9.750  10.000  10.250',
      '  south   =1+1       2021-01-06 *  0.333   0.500   0.750',
      "  * beyond the model's horizon: forecast from its own forecasts",
      '',
    ].join('\n'),
  )
})

it('writes no control characters of a name to a terminal', () => {
  const paths = ['a', '\u001b[2J'].map((series) => pathOf({ series }))
  expect(forecastTable(forecasts(paths))).toContain('  \\u001b[2J  2021-01-05')
})

it.each([1e-12, 1e-3, 1, 1e12])('prints digits that matter at a scale of %d', (scale) => {
  const values = [0.0512, 0.0513, 0.0515].map((value) => [value * scale, 0.0514 * scale])
  const table = forecastTable(forecasts([pathOf({ quantiles: values })]))
  const row = table.split('\n')[1]!.trim().split(/ +/).slice(1)
  for (const [i, cell] of row.entries()) {
    expect(Number(cell) / values[i]![0]!).toBeCloseTo(1, 3)
  }
  expect(new Set(row).size).toBe(3)
})

it('writes JSON with all digits', () => {
  const parsed = JSON.parse(forecastJson(forecasts([pathOf({ direct: 1 })]))) as Record<
    string,
    unknown
  >
  const { series, target, origin, times, quantiles } = pathOf()
  expect(parsed).toEqual({
    quantiles: QUANTILES,
    forecasts: [{ series, target, unit: 'K', origin, times, quantiles, beyond: [false, true] }],
  })
})

it('writes CSV with all digits, in which no text is a formula', () => {
  const series = ['=HYPERLINK("http://x")', '+1+cmd', '-2+3', '@SUM(1)', '\t=1', '\ra', 'a,"b"\n']
  const harmless = series.map((name) => (name.startsWith('a') ? name : `'${name}`))
  const paths = [...series, '-5', 'ü'].map((name) => pathOf({ series: name, direct: 1 }))
  const text = forecastCsv(forecasts(paths))
  expect(text.startsWith('series,target,origin,step,time,q0.1,q0.5,q0.9,beyond\r\n')).toBe(true)
  const rows = parse<Record<string, string>>(text, { columns: true })
  const names = rows.filter(({ step }) => step === '1').map((row) => row['series'])
  expect(names).toEqual([...harmless, '-5', 'ü'])
  const numbers = pathOf({
    direct: 1,
    quantiles: [
      [-1e-7, NaN],
      [0.1 + 0.2, 1],
      [1e300, 2],
    ],
  })
  const [, row, last] = forecastCsv(forecasts([numbers])).split('\r\n')
  expect(row).toBe(',warmth,2021-01-04,1,2021-01-05,-1e-7,0.30000000000000004,1e+300,0')
  expect(last).toBe(',warmth,2021-01-04,2,2021-01-06,,1,2,1')
})

it('writes epochs as CSV', () => {
  const epoch = { epoch: 1, loss: 1 / 3, validationLoss: NaN, learningRate: 1e-3 }
  expect(epochsCsv([{ ...epoch, gradNorm: 2, seconds: 0.5 }])).toBe(
    'epoch,loss,validationLoss,learningRate,gradNorm,seconds\r\n' +
      '1,0.3333333333333333,,0.001,2,0.5\r\n',
  )
})

it.each([
  [0.1, '10 %'],
  [0.025, '2.5 %'],
  [0.57, '57 %'],
  [0.999, '99.9 %'],
])('names the quantile %d', (quantile, name) => {
  expect(quantileName(quantile)).toBe(name)
})
