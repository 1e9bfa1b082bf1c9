/**
 * The charts of a report, as SVG for a page: no script, and the page's own colours.
 *
 * @module
 */
import type { EChartsOption, LineSeriesOption, ScatterSeriesOption } from 'echarts'
import type { Evaluation } from './evaluation'
import { loadPeer } from './peers'
import type { Epoch } from './progress'

const WIDTH = 960
const HEIGHT = 340

/** The custom properties of the page that the charts take their colours from. */
const INK = 'var(--ink)'
const MUTED = 'var(--muted)'
const GRID = 'var(--grid)'
const FIRST = 'var(--first)'
const SECOND = 'var(--second)'

const FONT = 'system-ui, sans-serif'
const TEXT = { fontFamily: FONT, fontSize: 13, color: MUTED }
const LEFT = 48
const GRID_LINE = { lineStyle: { color: GRID } }
const AXIS = {
  // From the left edge of the chart on.
  nameTextStyle: { ...TEXT, align: 'left' as const, padding: [0, 0, 4, 4 - LEFT] },
  axisLine: GRID_LINE,
  axisTick: { show: false },
  axisLabel: { ...TEXT, hideOverlap: true },
  splitLine: GRID_LINE,
}

/** Training and validation loss by epoch, with the best epoch marked. */
export function drawLosses(epochs: readonly Epoch[], best: Epoch): string {
  const losses = (key: 'loss' | 'validationLoss'): number[][] =>
    epochs.map((epoch) => [epoch.epoch, epoch[key]])
  return draw('Training and validation loss by epoch', {
    ...frame(['training', 'validation']),
    xAxis: {
      ...AXIS,
      type: 'value',
      name: 'epoch',
      nameLocation: 'middle',
      nameGap: 30,
      nameTextStyle: TEXT,
      min: 1,
      max: epochs.length,
      minInterval: 1,
    },
    yAxis: { ...AXIS, type: 'value', name: 'loss', scale: true },
    series: [
      line('training', SECOND, losses('loss')),
      line('validation', FIRST, losses('validationLoss')),
      dot(`epoch ${best.epoch}`, FIRST, [best.epoch, best.validationLoss]),
    ],
  })
}

/** Forecast and truth over the days of the test part. */
export function drawForecast({ dates, truth, forecast }: Evaluation, label: string): string {
  const byDay = (values: Float64Array): [Date, number][] =>
    dates.map((date, day) => [date, Math.round(values[day]! * 100) / 100])
  return draw('Forecast and truth over the test part', {
    ...frame(['truth', 'forecast']),
    useUTC: true,
    xAxis: { ...AXIS, type: 'time', min: dates[0]!, max: dates.at(-1)! },
    yAxis: { ...AXIS, type: 'value', name: label, scale: true },
    series: [line('truth', SECOND, byDay(truth)), line('forecast', FIRST, byDay(forecast))],
  })
}

function draw(title: string, option: EChartsOption): string {
  const { init } = loadPeer('echarts')
  const size = { width: WIDTH, height: HEIGHT }
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size })
  try {
    chart.setOption(option)
    return forPage(chart.renderToSVGString(), title)
  } finally {
    chart.dispose()
  }
}

/**
 * The drawing as part of a page: an image with a name, of the page's width. Namespaces and styles
 * (of pointers over the drawing) mean nothing there; names of clip paths would clash with those of
 * other drawings.
 */
function forPage(svg: string, title: string): string {
  const prefix = title.replace(/\W+/g, '-').toLowerCase()
  return svg
    .replace(/ xmlns(:\w+)?="[^"]*"/g, '')
    .replace(/<style\b.*?<\/style>/gs, '')
    .replace(/ class="[^"]*"/g, '')
    .replace(/\bzr\d+-(c\d+)\b/g, `${prefix}-$1`)
    .replace('<svg width', `<svg role="img" aria-label="${title}" width`)
}

function frame(names: readonly string[]): EChartsOption {
  return {
    animation: false,
    textStyle: TEXT,
    grid: { left: LEFT, right: 18, top: 52, bottom: 52, outerBoundsMode: 'none' },
    legend: {
      data: [...names],
      top: 0,
      right: 12,
      icon: 'roundRect',
      itemWidth: 18,
      itemHeight: 4,
      itemGap: 22,
      selectedMode: false,
      textStyle: { ...TEXT, color: INK },
      inactiveColor: MUTED,
    },
  }
}

function line(name: string, color: string, data: LineSeriesOption['data']): LineSeriesOption {
  return {
    type: 'line',
    name,
    data: data ?? [],
    silent: true,
    symbol: 'none',
    lineStyle: { color, width: 1.8 },
    itemStyle: { color },
  }
}

function dot(name: string, color: string, point: [number, number]): ScatterSeriesOption {
  return {
    type: 'scatter',
    name,
    data: [point],
    silent: true,
    symbolSize: 10,
    itemStyle: { color, opacity: 1 },
    label: { show: true, formatter: '{a}', position: 'bottom', ...TEXT, color: INK },
  }
}
