import {
  type ChartData,
  chartStyle,
  type ChartStyle,
  drawChart,
} from '../../lib/cli/terminal-chart'
import fc from 'fast-check'
import { seed } from '../support/random'
import { Recorder } from './harness'

const ASCII: ChartStyle = { width: 40, unicode: false, color: false }
const UNICODE: ChartStyle = { ...ASCII, unicode: true }

/** A line that rises by 1 a step from 0, with a forecast of the last five steps that is uncertain by 2. */
function rising(count: number, scale = 1): ChartData {
  const values = Array.from({ length: count }, (_, i) => i * scale)
  const median = values.slice(-5)
  return {
    times: values.map((_, i) => `day ${i}`),
    history: values.slice(0, -5),
    median,
    low: median.map((value) => value - 2 * scale),
    high: median.map((value) => value + 2 * scale),
  }
}

it('draws dots of Braille, a shaded interval, and a gap where values are missing', () => {
  const data = rising(38)
  const history = data.history.map((value, i) => (i > 9 && i < 20 ? null : value))
  expect(drawChart({ ...data, history }, UNICODE)).toBe(
    [
      '40┤                                   ░░',
      '  │                                ░⢀⡤⠖⠋',
      '  │                              ⣀⠐⠚⠉░░',
      '30┤                          ⢀⣠⠴⠋⠁',
      '  │                       ⣀⡤⠞⠉',
      '  │                    ⣠⠴⠚⠁',
      '20┤                   ⠈⠁',
      '  │',
      '10┤',
      '  │      ⢀⣠⠴⠃',
      '  │   ⣀⡤⠖⠋',
      ' 0┤⣠⠴⠚⠁',
      '  └─────────────────────────────────────',
      '   day 0                          day 37',
      '',
    ].join('\n'),
  )
})

/** The row of each mark in a chart of ASCII, and the value that the labels give a row. */
function readChart(chart: string): {
  readonly rows: readonly string[]
  readonly valueOf: (row: number) => number
} {
  const lines = chart.split('\n').slice(0, 12)
  const labelled = lines.flatMap((line, row) => {
    const label = /^ *(\S+)\+/.exec(line)?.[1]
    return label === undefined ? [] : [{ row, value: Number(label) }]
  })
  const [top, bottom] = [labelled[0]!, labelled.at(-1)!]
  const step = (bottom.value - top.value) / (bottom.row - top.row)
  const left = lines[0]!.indexOf('+') + 1
  return {
    rows: lines.map((line) => line.slice(left)),
    valueOf: (row) => top.value + step * (row - top.row),
  }
}

const WIDTH = 80

/** Each value is within half a row of a mark of its own in its column. */
function expectAtLabels(history: readonly number[], median: readonly number[]): void {
  const all = [...history, ...median]
  const times = all.map((_, i) => String(i))
  const data = { times, history, median, low: median, high: median }
  const chart = drawChart(data, { ...ASCII, width: WIDTH })
  const { rows, valueOf } = readChart(chart)
  const columns = WIDTH - chart.indexOf('+') - 1
  const step = Math.abs(valueOf(0) - valueOf(1))
  for (const [i, value] of all.entries()) {
    const column = Math.round((i / (all.length - 1)) * (columns - 1))
    // The line of the forecast begins at the last known value.
    const marks = i < history.length - 1 ? '*' : i < history.length ? '*o' : 'o'
    const found = rows.flatMap((row, index) =>
      marks.includes(row[column] ?? ' ') ? [valueOf(index)] : [],
    )
    const nearest = Math.min(...found.map((at) => Math.abs(at - value)))
    expect(nearest / step).toBeLessThanOrEqual(0.51)
  }
  for (const line of chart.split('\n')) expect(line.length).toBeLessThanOrEqual(WIDTH)
}

it.each([1e-12, 1, 1e12])('draws values where the labels say, at a scale of %d', (scale) => {
  const values = (minLength: number, maxLength: number): fc.Arbitrary<number[]> =>
    fc.array(
      fc.integer({ min: -999, max: 999 }).map((value) => value * scale),
      { minLength, maxLength },
    )
  fc.assert(fc.property(values(20, 50), values(1, 10), expectAtLabels), { seed, numRuns: 50 })
})

it('draws what there is: a single value, no history, values that are not finite', () => {
  const single = { times: ['a'], history: [], median: [5], low: [5], high: [5] }
  expect(drawChart(single, ASCII)).toMatch(/^5\.0\+o$/m)
  expect(drawChart({ ...single, median: [NaN], low: [NaN], high: [NaN] }, ASCII)).toBe('')
  const constant = { ...single, times: ['a', 'b'], history: [5] }
  expect(drawChart(constant, { ...ASCII, width: 3 })).toContain('o')
  const long = rising(5000)
  for (const line of drawChart(long, UNICODE).split('\n')) expect(line.length).toBeLessThan(41)
})

const ESCAPE = '\u001b'
const CODE = new RegExp(`${ESCAPE}\\[[\\d;]*m`, 'g')

it('colors the forecast, and ends each color in its line', () => {
  const text = drawChart(rising(38), { ...UNICODE, color: true })
  expect(text).toContain('\u001b[36m')
  for (const line of text.split('\n')) {
    const codes = line.match(CODE) ?? []
    expect(codes.at(-1) ?? '\u001b[0m').toBe('\u001b[0m')
  }
  expect(text.replaceAll(CODE, '')).toBe(drawChart(rising(38), UNICODE))
})

it.each([
  [{ LANG: 'C' }, true, { unicode: false, color: true }],
  [{ LANG: 'de_DE.UTF-8' }, true, { unicode: true, color: true }],
  [{ LANG: 'de_DE.UTF-8', LC_ALL: 'C' }, true, { unicode: false, color: true }],
  [{ LC_CTYPE: 'C.utf8', LC_ALL: '' }, true, { unicode: true, color: true }],
  [{ LANG: 'C.UTF-8', NO_COLOR: '1' }, true, { unicode: true, color: false }],
  [{ LANG: 'C.UTF-8', NO_COLOR: '' }, true, { unicode: true, color: true }],
  [{ LANG: 'C.UTF-8', TERM: 'dumb' }, true, { unicode: false, color: false }],
  [{ LANG: 'C.UTF-8' }, false, { unicode: true, color: false }],
])('suits the environment %j, on a terminal: %j', (environment, isTTY, expected) => {
  const output = new Recorder(isTTY)
  expect(chartStyle(output, environment)).toEqual({ width: 80, ...expected })
  expect(chartStyle(Object.assign(output, { columns: 400 }), environment).width).toBe(100)
  expect(chartStyle(Object.assign(output, { columns: 60 }), environment).width).toBe(60)
})
