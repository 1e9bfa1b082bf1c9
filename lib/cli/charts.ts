/**
 * The charts of a report, as figures of a page. The caption names axes and lines, as text of the
 * page. So the names are complete and readable at any width, and hide no data.
 *
 * @module
 */
import type { EChartsOption, ScatterSeriesOption } from 'echarts'
import { AXIS, drawVersions, frameValues, line, widthOfLabel, type Color } from './drawing'
import type { Evaluation } from './evaluation'
import { escapeHtml } from './html'
import { formatCount } from '../forecasting/numbers'
import type { Epoch } from './progress'
import { wholeTicks } from './ticks'

const TOP = 12
/** Space for half of a date, which may be at the end of its axis. */
const RIGHT = 28

/** The description of a mark in a caption: its shape, its colour and its meaning. */
type Key = readonly [shape: 'line' | 'dot', color: Color, name: string]

/** Training and validation loss by epoch, with the best epoch marked. */
export function drawLosses(epochs: readonly Epoch[], best: Epoch): string {
  const losses = epochs.flatMap(({ loss, validationLoss }) => [loss, validationLoss])
  const { left, yAxis, placeOf } = frameValues(losses)
  const points = (key: 'loss' | 'validationLoss'): [number, number][] =>
    epochs.map((epoch) => [epoch.epoch, placeOf(epoch[key])])
  const keys: Key[] = [
    ['line', 'second', 'training'],
    ['line', 'first', 'validation'],
    ['dot', 'first', `best: epoch ${formatCount(best.epoch)}`],
  ]
  const drawing = drawVersions('Training and validation loss by epoch', ({ width }) => ({
    ...epochFrame(epochs.length, left, width),
    yAxis,
    series: [
      line('second', points('loss')),
      line('first', points('validationLoss')),
      dot('first', [best.epoch, placeOf(best.validationLoss)]),
    ],
  }))
  return figure('loss', keys, drawing)
}

/** Forecast and truth over the days of the test part. */
export function drawForecast({ dates, truth, forecast }: Evaluation, label: string): string {
  const { left, yAxis, placeOf } = frameValues([...truth, ...forecast])
  const points = (values: Float64Array): [Date, number][] =>
    dates.map((date, day) => [date, placeOf(values[day]!)])
  const keys: Key[] = [
    ['line', 'second', 'truth'],
    ['line', 'first', 'forecast'],
  ]
  const drawing = drawVersions('Forecast and truth over the test part', () => ({
    useUTC: true,
    grid: { left, right: RIGHT, top: TOP, bottom: 34, outerBoundsMode: 'none' },
    xAxis: { ...AXIS, type: 'time', min: dates[0]!, max: dates.at(-1)! },
    yAxis,
    series: [line('second', points(truth)), line('first', points(forecast))],
  }))
  return figure(label, keys, drawing)
}

/** Space for the axis of epochs, and the axis with as many labels as fit. */
function epochFrame(epochs: number, left: number, width: number): EChartsOption {
  const labelWidth = widthOfLabel(formatCount(epochs))
  const right = Math.max(RIGHT, labelWidth / 2)
  const customValues = wholeTicks(epochs, (width - left - right) / (labelWidth + 30))
  // A single epoch is in the middle.
  const margin = epochs === 1 ? 0.5 : 0
  return {
    grid: { left, right, top: TOP, bottom: 52, outerBoundsMode: 'none' },
    xAxis: {
      ...AXIS,
      type: 'value',
      name: 'epoch',
      nameLocation: 'middle',
      nameGap: 30,
      min: 1 - margin,
      max: epochs + margin,
      axisLabel: { ...AXIS.axisLabel, customValues, formatter: formatCount },
      splitLine: { show: false },
    },
  }
}

function dot(color: Color, point: [number, number]): ScatterSeriesOption {
  const itemStyle = { color: `var(--${color})`, opacity: 1 }
  return { type: 'scatter', data: [point], silent: true, symbolSize: 10, itemStyle }
}

function figure(axis: string, keys: readonly Key[], drawing: string): string {
  const items = keys.map(
    ([shape, color, name]) =>
      `<span class="key"><span class="${shape} ${color}"></span>${escapeHtml(name)}</span>`,
  )
  return `<figure>
<figcaption><span class="axis">${escapeHtml(axis)}</span>${items.join('')}</figcaption>
${drawing}
</figure>`
}
