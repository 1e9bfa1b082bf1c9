/**
 * Drawings for a page: SVG without scripts, in the page's own colours, in one version for each width of the page.
 *
 * @module
 */
import type { EChartsOption, LineSeriesOption } from 'echarts'
import { loadPeer } from './peers'
import { ticksAround } from './ticks'

/** The custom properties of the page that the charts take their colours from. */
export type Color = 'first' | 'second'

const FONT_SIZE = 14
/** A bit more than the width of a digit in any common font, in units of the font's size. */
const DIGIT_WIDTH = 0.65
const GAP = 10

const TEXT = { fontFamily: 'system-ui, sans-serif', fontSize: FONT_SIZE, color: 'var(--muted)' }
const GRID_LINE = { lineStyle: { color: 'var(--grid)' } }

/** The appearance of every axis. */
export const AXIS = {
  nameTextStyle: TEXT,
  axisLine: GRID_LINE,
  axisTick: { show: false },
  axisLabel: { ...TEXT, hideOverlap: true, textMargin: [0, 5] },
  splitLine: GRID_LINE,
}

/** A version of a drawing. The page shows the version that is readable at its width. */
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

/** All versions of a drawing; `optionOf` describes one version. */
export function drawVersions(title: string, optionOf: (version: Version) => EChartsOption): string {
  return VERSIONS.map((version) => draw(title, version, optionOf(version))).join('\n')
}

/** The largest width of a label of digits. */
export function widthOfLabel(label: string): number {
  return label.length * DIGIT_WIDTH * FONT_SIZE
}

/** The part of an option that draws values upwards: the axis, space for its labels, and the values' positions. */
export interface ValueFrame {
  readonly left: number
  readonly yAxis: NonNullable<EChartsOption['yAxis']>
  /** A position is a number of ticks and is near 1, so the scale of the values does not affect the drawing. */
  readonly placeOf: (value: number) => number
}

/** An axis for values of any scale. */
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
 * The drawing as part of a page: an image with a name. Namespaces and styles (for a pointer over the drawing) have no
 * effect there and are removed. Names of clip paths are made unique, since they would clash with those of other
 * drawings.
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
