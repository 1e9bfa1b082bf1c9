// The axes of a chart.
import { formatTicks } from './format.mjs'
import { colorOf } from './theme.mjs'
import { dateLabels } from './times.mjs'

const FONT = '12px system-ui, sans-serif'
const DATE_WIDTH = 84
const LOG_DECADES = 1.3

const ruler = document.createElement('canvas').getContext('2d')

function widthOf(labels) {
  ruler.font = FONT
  return Math.max(...labels.map((label) => ruler.measureText(label ?? '').width), 0)
}

function appearance() {
  return {
    font: FONT,
    stroke: colorOf('--muted'),
    grid: { stroke: colorOf('--grid'), width: 1 },
    ticks: { stroke: colorOf('--grid'), width: 1, size: 5 },
  }
}

/** The axis of times, numbers or places. */
export function xAxis({ kind, at, texts, label }) {
  const labelled = label === undefined ? {} : { label, labelFont: FONT, labelSize: 20, labelGap: 0 }
  const base = { ...appearance(), ...labelled }
  if (kind === 'time')
    return {
      ...base,
      size: (_, labels) => (labels?.some((label) => label.includes('\n')) ? 50 : 34),
      space: DATE_WIDTH,
      values: (_, ticks, __, ___, distance) => dateLabels(ticks, distance),
    }
  const textOf = (tick) => (kind === 'place' ? (texts[tick] ?? '') : String(tick))
  const widest = widthOf([...texts, ...at.map(textOf)].slice(-200))
  return {
    ...base,
    size: 30,
    space: widest + 24,
    incrs: wholeSteps(),
    values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : textOf(tick))),
  }
}

function wholeSteps() {
  return Array.from({ length: 16 }, (_, power) => [1, 2, 5].map((n) => n * 10 ** power)).flat()
}

/** An axis of numbers that need not be whole, such as sizes of residuals. */
export function numberAxis() {
  return {
    ...appearance(),
    size: 30,
    space: 70,
    values: (_, ticks) => formatTicks(ticks),
  }
}

/** The axis of values. */
export function yAxis(isLog) {
  return {
    ...appearance(),
    space: 36,
    size: (_, labels) => Math.max(Math.ceil(widthOf(labels ?? [])) + 16, 46),
    values: (_, ticks) => formatTicks(ticks),
    ...(isLog
      ? { splits: (_, __, least, most) => logTicks(least, most), filter: (_, t) => t }
      : {}),
  }
}

/** Ticks of a logarithmic axis: powers of ten, also 2 and 5 times them, or steps where the range is small. */
function logTicks(least, most) {
  const decades = Math.log10(most / least)
  if (decades < LOG_DECADES) return evenTicks(least, most)
  const every = Math.ceil(decades / 8)
  const mantissas = decades < 4 ? [1, 2, 5] : [1]
  const ticks = []
  for (let power = Math.floor(Math.log10(least)); power <= Math.log10(most); power += every)
    for (const mantissa of mantissas) ticks.push(Number(`${mantissa}e${power}`))
  return ticks.filter((tick) => tick >= least && tick <= most)
}

function evenTicks(least, most) {
  const rough = (most - least) / 5
  const power = Math.floor(Math.log10(rough))
  const mantissa = [1, 2, 5, 10].find((factor) => factor * 10 ** power >= rough)
  const at = (multiple) => Number((multiple * mantissa * 10 ** power).toPrecision(12))
  const first = Math.ceil(least / at(1))
  const count = Math.floor(most / at(1)) - first + 1
  return Array.from({ length: count }, (_, i) => at(first + i))
}

/** The range of a logarithmic axis. */
export function logRange(_, least, most) {
  if (least === null || most === null) return [1, 10]
  const margin = Math.max((most / least) ** 0.05, 1.02)
  return [least / margin, most * margin]
}
