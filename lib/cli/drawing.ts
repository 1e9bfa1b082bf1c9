/**
 * Drawings for a page: SVG without scripts, in the page's own colours, once for each width of page.
 *
 * @module
 */
import type { EChartsOption, LineSeriesOption } from 'echarts'
import { loadPeer } from './peers'
import { ticksAround } from './ticks'

/** The custom properties of the page that the charts take their colours from. */
export type Color = 'first' | 'second'

const FONT_SIZE = 14
/** More than the digits of any common font take, in units of the font's size. */
const DIGIT_WIDTH = 0.65
const GAP = 10

const TEXT = { fontFamily: 'system-ui, sans-serif', fontSize: FONT_SIZE, color: 'var(--muted)' }
const GRID_LINE = { lineStyle: { color: 'var(--grid)' } }

/** What every axis looks like. */
export const AXIS = {
  nameTextStyle: TEXT,
  axisLine: GRID_LINE,
  axisTick: { show: false },
  axisLabel: { ...TEXT, hideOverlap: true, textMargin: [0, 5] },
  splitLine: GRID_LINE,
}

/** A version of a drawing: the page shows the one that its width keeps readable. */
export interface Version {
  /** The class of the SVG, which the page's style sheet shows or hides. */
  readonly name: string
  readonly width: number
  readonly height: number
}

const VERSIONS: readonly Version[] = [
  { name: 'wide', width: 960, height: 340 },
  { name: 'middle', width: 640, height: 320 },
  { name: 'narrow', width: 380, height: 300 },
]

/** All versions of a drawing, by what draws one. */
export function drawVersions(title: string, optionOf: (version: Version) => EChartsOption): string {
  return VERSIONS.map((version) => draw(title, version, optionOf(version))).join('\n')
}

/** How wide a label of digits is at the most. */
export function widthOfLabel(label: string): number {
  return label.length * DIGIT_WIDTH * FONT_SIZE
}

/** The part of an option that draws values upwards: the axis, room for its labels, and the places of values. */
export interface ValueFrame {
  readonly left: number
  readonly yAxis: NonNullable<EChartsOption['yAxis']>
  /** Places count ticks and are near 1, so that the scale of the values is no matter to the drawing. */
  readonly placeOf: (value: number) => number
}

/** An axis for values, whatever their scale. */
export function frameValues(values: readonly number[]): ValueFrame {
  const { labels, placeOf } = ticksAround(values, 5)
  return {
    left: Math.max(...labels.map(widthOfLabel)) + GAP,
    yAxis: {
      ...AXIS,
      type: 'value',
      min: 0,
      max: labels.length - 1,
      interval: 1,
      axisLabel: { ...TEXT, formatter: (tick: number) => labels[tick] ?? '' },
    },
    placeOf,
  }
}

/** A line through points; a single point shows as a dot. */
export function line(color: Color, data: [number | Date, number][]): LineSeriesOption {
  return {
    type: 'line',
    data,
    silent: true,
    symbol: data.length === 1 ? 'circle' : 'none',
    symbolSize: 6,
    lineStyle: { color: `var(--${color})`, width: 1.8 },
    itemStyle: { color: `var(--${color})` },
  }
}

function draw(title: string, version: Version, option: EChartsOption): string {
  const { width, height } = version
  const { init } = loadPeer('echarts')
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height })
  try {
    chart.setOption({ animation: false, textStyle: TEXT, ...option })
    return forPage(chart.renderToSVGString(), title, version.name)
  } finally {
    chart.dispose()
  }
}

/**
 * The drawing as part of a page: an image with a name. Namespaces and styles (of pointers over the
 * drawing) mean nothing there; names of clip paths would clash with those of other drawings.
 */
function forPage(svg: string, title: string, version: string): string {
  const prefix = `${title.replace(/\W+/g, '-').toLowerCase()}-${version}`
  return svg
    .replace(/ xmlns(:\w+)?="[^"]*"/g, '')
    .replace(/<style\b.*?<\/style>/gs, '')
    .replace(/ class="[^"]*"/g, '')
    .replace(/\bzr\d+-(c\d+)\b/g, `${prefix}-$1`)
    .replace('<svg width', `<svg class="${version}" role="img" aria-label="${title}" width`)
}
