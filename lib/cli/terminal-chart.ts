/**
 * A chart of a series and its forecast, made of characters.
 *
 * @module
 */
import type { Output } from './output'
import { ticksAround, type Ticks } from './ticks'

/** What a chart shows, in order of time. */
export interface ChartData {
  /** The times before the forecast, then those of the forecast, in words. */
  readonly times: readonly string[]
  /** The values that are known; null where they are missing. */
  readonly history: readonly (number | null)[]
  /** The median of the forecast, and the lowest and the highest quantile. */
  readonly median: readonly number[]
  readonly low: readonly number[]
  readonly high: readonly number[]
}

/** What a terminal can show. */
export interface ChartStyle {
  /** In characters. */
  readonly width: number
  /** Whether there are characters beyond ASCII. */
  readonly unicode: boolean
  readonly color: boolean
}

const MOST_COLUMNS = 100
const DEFAULT_COLUMNS = 80
const HEIGHT = 12
const TICKS = 4

/** The style that an output can show, by the conventions of its environment. */
export function chartStyle(output: Output, environment: NodeJS.ProcessEnv): ChartStyle {
  const { LC_ALL, LC_CTYPE, LANG, NO_COLOR, TERM, WT_SESSION } = environment
  const locale = [LC_ALL, LC_CTYPE, LANG].find((value) => value !== undefined && value !== '') ?? ''
  const isDumb = TERM === 'dumb'
  const isPlain = NO_COLOR !== undefined && NO_COLOR !== ''
  return {
    width: Math.min(output.columns ?? DEFAULT_COLUMNS, MOST_COLUMNS),
    unicode: !isDumb && (/utf-?8/i.test(locale) || WT_SESSION !== undefined),
    color: output.isTTY === true && !isDumb && !isPlain,
  }
}

/** The chart, in lines of at most the style's width. */
export function drawChart(data: ChartData, style: ChartStyle): string {
  const { history, low, high, median } = data
  const known = history.filter((value) => value !== null)
  const values = [...known, ...low, ...median, ...high].filter(Number.isFinite)
  if (values.length === 0) return ''
  const ticks = ticksAround(values, TICKS)
  const left = Math.max(...ticks.labels.map((label) => label.length))
  const width = Math.max(style.width - left - 1, 1)
  const grid = new Grid(width, style)
  draw(grid, data, ticks)
  const rows = grid.rows()
  const labels = labelsByRow(ticks)
  const marks = style.unicode ? UNICODE_MARKS : ASCII_MARKS
  const lines = rows.map((row, index) => {
    const label = labels.get(index)
    return `${(label ?? '').padStart(left)}${label === undefined ? marks.axis : marks.tick}${row}`
  })
  const axis = ' '.repeat(left) + marks.corner + marks.line.repeat(width)
  const times = ' '.repeat(left + 1) + timeLine(data, width)
  return [...lines, axis, times.trimEnd(), ''].join('\n')
}

interface Marks {
  readonly axis: string
  readonly tick: string
  readonly corner: string
  readonly line: string
}

const UNICODE_MARKS: Marks = { axis: '│', tick: '┤', corner: '└', line: '─' }
const ASCII_MARKS: Marks = { axis: '|', tick: '+', corner: '+', line: '-' }

/** The labels of ticks, by the rows in which they stand. */
function labelsByRow({ labels }: Ticks): ReadonlyMap<number, string> {
  const last = labels.length - 1
  return new Map(
    labels.map((label, index) => [Math.round((HEIGHT - 1) * (1 - index / last)), label]),
  )
}

function draw(grid: Grid, data: ChartData, { labels, placeOf }: Ticks): void {
  const { history, median, low, high } = data
  const count = history.length + median.length
  const columnOf = (index: number): number =>
    count === 1 ? 0 : (index / (count - 1)) * (grid.columns - 1)
  const heightOf = (value: number): number =>
    (1 - placeOf(value) / (labels.length - 1)) * (grid.lines - 1)
  const pointsOf = (values: readonly (number | null)[], from: number): Points =>
    values.map((value, index) => {
      return value === null || !Number.isFinite(value)
        ? undefined
        : { x: columnOf(from + index), y: heightOf(value) }
    })
  const origin = history.length
  grid.fill(pointsOf(low, origin), pointsOf(high, origin))
  grid.trace(pointsOf(history, 0), 'history')
  // The forecast begins where the history ends.
  const last = history.at(-1) ?? null
  grid.trace(pointsOf([last, ...median], origin - 1), 'median')
}

/** The first time on the left, the last on the right, and that of the first forecast between them if it has space. */
function timeLine({ times, history }: ChartData, width: number): string {
  const [first, last] = [times[0]!, times.at(-1)!]
  if (times.length === 1 || first.length + last.length + 1 > width) return last.slice(0, width)
  const line = first.padEnd(width - last.length) + last
  const middle = times[history.length]!
  const at = Math.round((history.length / (times.length - 1)) * (width - 1))
  const begin = at - Math.floor(middle.length / 2)
  const isFree = begin > first.length && begin + middle.length < width - last.length
  return isFree ? line.slice(0, begin) + middle + line.slice(begin + middle.length) : line
}

interface Point {
  readonly x: number
  readonly y: number
}

/** undefined where a value is missing. */
type Points = readonly (Point | undefined)[]

type Layer = 'interval' | 'history' | 'median'

/** The dots of a character of Braille, by row and column, as bits of its code. */
const BRAILLE = 0x2800
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const

const RESET = '\u001b[0m'
const COLORS: Readonly<Record<Layer, string>> = {
  interval: '\u001b[36m',
  history: '',
  median: '\u001b[1;36m',
}
const ASCII: Readonly<Record<Layer, string>> = { interval: ':', history: '*', median: 'o' }

interface Cell {
  layer: Layer
  dots: number
}

/** Dots on a grid of characters. Later layers stand in front of earlier ones. */
class Grid {
  readonly #width: number
  readonly #style: ChartStyle
  readonly #cells: (Cell | undefined)[]
  /** Dots in a character. */
  readonly #across: number
  readonly #down: number

  constructor(width: number, style: ChartStyle) {
    this.#width = width
    this.#style = style
    this.#cells = new Array<Cell | undefined>(width * HEIGHT).fill(undefined)
    this.#across = style.unicode ? 2 : 1
    this.#down = style.unicode ? DOTS.length : 1
  }

  /** The number of dots from left to right. */
  get columns(): number {
    return this.#width * this.#across
  }

  /** The number of dots from top to bottom. */
  get lines(): number {
    return HEIGHT * this.#down
  }

  /** Draws lines from point to point. */
  trace(points: Points, layer: Layer): void {
    for (const [index, point] of points.entries()) {
      if (point === undefined) continue
      const before = points[index - 1]
      this.#line(before ?? point, point, layer)
    }
  }

  /** Fills what lies between two rows of points. */
  fill(low: Points, high: Points): void {
    for (const [index, bottom] of low.entries()) {
      const top = high[index]
      if (bottom === undefined || top === undefined) continue
      const [bottomBefore, topBefore] = [low[index - 1] ?? bottom, high[index - 1] ?? top]
      forEachColumn(bottomBefore.x, bottom.x, (column, share) => {
        const from = mix(topBefore.y, top.y, share)
        this.#column(column, from, mix(bottomBefore.y, bottom.y, share), 'interval')
      })
    }
  }

  rows(): string[] {
    return Array.from({ length: HEIGHT }, (_, row) => {
      const cells = this.#cells.slice(row * this.#width, (row + 1) * this.#width)
      return this.#text(cells)
    })
  }

  #line(from: Point, to: Point, layer: Layer): void {
    let before = from.y
    forEachColumn(from.x, to.x, (column, share) => {
      const y = mix(from.y, to.y, share)
      this.#column(column, before, y, layer)
      before = y
    })
  }

  /** Draws a part of a column of dots. */
  #column(column: number, from: number, to: number, layer: Layer): void {
    const [first, last] = [Math.round(Math.min(from, to)), Math.round(Math.max(from, to))]
    for (let line = first; line <= last; line++) this.#dot(column, line, layer)
  }

  #dot(column: number, line: number, layer: Layer): void {
    const index = Math.floor(line / this.#down) * this.#width + Math.floor(column / this.#across)
    const cell = this.#cells[index]
    const dot = DOTS[line % this.#down]![column % this.#across]!
    if (cell?.layer === layer) cell.dots |= dot
    else this.#cells[index] = { layer, dots: dot }
  }

  #text(cells: readonly (Cell | undefined)[]): string {
    let text = ''
    let color = ''
    for (const cell of cells) {
      const wanted = cell === undefined || !this.#style.color ? '' : COLORS[cell.layer]
      if (wanted !== color) text += (color === '' ? '' : RESET) + wanted
      color = wanted
      text += cell === undefined ? ' ' : this.#character(cell)
    }
    return (color === '' ? text : text + RESET).trimEnd()
  }

  #character({ layer, dots }: Cell): string {
    if (!this.#style.unicode) return ASCII[layer]
    return layer === 'interval' ? '░' : String.fromCodePoint(BRAILLE + dots)
  }
}

/** Each whole column from one place to another, and which share of the way it is. */
function forEachColumn(
  from: number,
  to: number,
  visit: (column: number, share: number) => void,
): void {
  const [first, last] = [Math.round(from), Math.round(to)]
  for (let column = first; column <= last; column++) {
    visit(column, last === first ? 1 : (column - first) / (last - first))
  }
}

function mix(from: number, to: number, share: number): number {
  return from + (to - from) * share
}
