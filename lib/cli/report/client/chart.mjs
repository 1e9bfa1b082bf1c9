// A chart with a legend, values under the pointer, zoom, and a switch for a logarithmic scale.
/* global uPlot */
import { button, checkbox, element, shortText } from './controls.mjs'
import { logRange, numberAxis, xAxis, yAxis } from './axes.mjs'
import { Readout } from './readout.mjs'
import { colorOf, onColors } from './theme.mjs'

const DASHES = [[], [7, 4], [2, 3], [9, 3, 2, 3], [4, 2]]

/** The scale of counts. */
const COUNTS = { range: (_, __, most) => [0, most * 1.05 || 1] }

/** The colour of a line by its place; the first is that of the model. */
export function lineColor(place) {
  return `--line-${place % 8}`
}

/** The dashes of a line, so that lines differ without colours, and equal lines can both be seen. */
export function lineDash(place) {
  return DASHES[place % DASHES.length]
}

/**
 * A chart of
 *
 *   title     what it shows
 *   x         {kind: 'time' | 'number' | 'place' | 'measure', at, texts, label}
 *   lines     [{name, values, color, width, dash, points, hidden, bars}]; values may be null
 *   bands     [{name, upper, lower, color}]: places of lines
 *   marks     [{at}]: vertical lines
 *   shown     [from, to] of x at first; otherwise all
 *   unit, height, log (whether there is a switch for it)
 */
export class Chart {
  constructor(host, spec) {
    this.spec = spec
    this.isLog = false
    this.plot = null
    this.host = element('figure', { class: 'drawing', role: 'group', 'aria-label': spec.title })
    this.stage = element('div', { class: 'stage', tabindex: '0', role: 'img' })
    this.stage.setAttribute(
      'aria-label',
      `${spec.title}. Arrow keys move along it, plus and minus zoom, Escape shows all.`,
    )
    this.readout = new Readout(rangeOf(spec.lines), spec.unit)
    this.tools = this.#tools()
    this.host.append(element('figcaption', {}, this.#legend(), this.tools), this.stage)
    host.append(this.host)
    this.stage.addEventListener('keydown', (event) => this.#key(event))
    this.#build()
    this.stopColors = onColors(() => this.#build())
    this.observer = new ResizeObserver(() => this.#resize())
    this.observer.observe(this.stage)
  }

  remove() {
    this.stopColors()
    this.observer.disconnect()
    this.plot.destroy()
    this.host.remove()
  }

  #legend() {
    const { lines, bands = [], unit } = this.spec
    const keys = [...lines.filter(({ hidden }) => !hidden), ...bands].filter(({ name }) => name)
    const named = new Map(keys.map((key) => [key.name, key]))
    const items = [...named.values()].slice(0, 12).map((key) => {
      const swatch = element('span', { class: 'upper' in key ? 'swatch area' : 'swatch' })
      swatch.style.background = `var(${key.color})`
      return element('span', { class: 'key' }, swatch, shortText(key.name))
    })
    const axis = unit ? [element('span', { class: 'unit' }, shortText(unit))] : []
    return element('span', { class: 'legend' }, ...axis, ...items)
  }

  #tools() {
    const tools = element('span', { class: 'tools' })
    if (this.spec.log && isPositive(this.spec.lines))
      tools.append(
        checkbox('log scale', (isLog) => {
          this.isLog = isLog
          this.#build()
        }),
      )
    this.whole = button('whole range', 'Show the whole range', () => this.#show(...this.#extent()))
    tools.append(
      button('+', 'Zoom in', () => this.#zoom(0.5)),
      button('−', 'Zoom out', () => this.#zoom(2)),
      this.whole,
    )
    return tools
  }

  #build() {
    const kept = this.plot === null ? this.spec.shown : Object.values(this.#range())
    this.plot?.destroy()
    this.readout.hide()
    const data = [this.spec.x.at, ...this.spec.lines.map(({ values }) => values)]
    this.plot = new uPlot(this.#options(), data, this.stage)
    this.stage.append(this.readout.box)
    if (kept !== undefined) this.#show(...kept)
    this.#mark()
  }

  #options() {
    const { x, lines, bands = [], height = 320 } = this.spec
    return {
      width: this.#width(),
      height,
      ms: 1,
      tzDate: (ms) => uPlot.tzDate(new Date(ms), 'Etc/UTC'),
      padding: [12, 40, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: true, y: false }, points: { size: 7 } },
      scales: {
        x: { time: x.kind === 'time', range: (_, least, most) => this.#padded(least, most) },
        y: this.isLog ? { distr: 3, range: logRange } : x.kind === 'measure' ? COUNTS : {},
      },
      axes: [x.kind === 'measure' ? numberAxis() : xAxis(x), yAxis(this.isLog)],
      series: [{}, ...lines.map(seriesOf)],
      bands: bands.map(({ upper, lower, color }) => ({
        series: [upper + 1, lower + 1],
        fill: areaColor(color),
      })),
      hooks: {
        setCursor: [(plot) => this.#read(plot)],
        setScale: [() => this.#mark()],
        draw: [
          (plot) => drawMarks(plot, this.spec.marks ?? []),
          (plot) => drawWhiskers(plot, this.spec),
        ],
      },
    }
  }

  /** One point is in the middle of its axis; bars are whole. */
  #padded(least, most) {
    const { at, kind } = this.spec.x
    const step = at.length > 1 ? at[1] - at[0] : kind === 'time' ? 86_400_000 : 1
    if (kind === 'measure') return [least - step / 2, most + step / 2]
    return least === most ? [least - step, most + step] : [least, most]
  }

  #width() {
    return Math.max(this.stage.clientWidth, 120)
  }

  #resize() {
    const { height = 320 } = this.spec
    if (this.plot.width !== this.#width()) this.plot.setSize({ width: this.#width(), height })
  }

  #range() {
    const { min, max } = this.plot.scales.x
    return { min, max }
  }

  #extent() {
    const { at } = this.spec.x
    return this.#padded(at[0], at.at(-1))
  }

  #show(min, max) {
    this.plot.setScale('x', { min, max })
  }

  #zoom(factor) {
    const { min, max } = this.#range()
    const [first, last] = this.#extent()
    const { idx } = this.plot.cursor
    const center = idx == null ? (min + max) / 2 : this.spec.x.at[idx]
    const half = ((max - min) / 2) * factor
    const low = Math.max(center - half, first)
    this.#show(low, Math.min(low + 2 * half, last))
  }

  /** Whether a part is shown is known by the class, and the way back can be used then. */
  #mark() {
    if (this.plot === null) return
    const { min, max } = this.#range()
    const [first, last] = this.#extent()
    this.whole.disabled = min <= first && max >= last
    this.host.dataset.zoomed = String(!this.whole.disabled)
  }

  #key(event) {
    const { at } = this.spec.x
    const place = this.plot.cursor.idx ?? -1
    const moves = { ArrowLeft: -1, ArrowRight: 1 }
    if (event.key in moves) {
      const next = Math.min(Math.max(place + moves[event.key], 0), at.length - 1)
      this.plot.setCursor({ left: this.plot.valToPos(at[next], 'x'), top: 10 })
    } else if (event.key === '+') this.#zoom(0.5)
    else if (event.key === '-') this.#zoom(2)
    else if (event.key === 'Escape') this.#show(...this.#extent())
    else return
    event.preventDefault()
  }

  #read(plot) {
    const { idx, left } = plot.cursor
    const { x, lines, bands = [] } = this.spec
    if (idx == null || left < 0) return this.readout.hide()
    const present = lines.filter(({ hidden, values }) => !hidden && values[idx] != null)
    const rows = present.map(({ name, values, color }) => ({
      name,
      value: [values[idx]],
      color: colorOf(color),
    }))
    const areas = bands.map(({ name, lower, upper, color }) => ({
      name,
      value: [lines[lower].values[idx], lines[upper].values[idx]],
      color: colorOf(color),
    }))
    const known = areas.filter(({ value }) => value.every((one) => one != null))
    if (rows.length + known.length === 0) return this.readout.hide()
    const box = plot.over
    this.readout.show(x.texts[idx], [...rows, ...known], left, {
      left: box.offsetLeft,
      top: box.offsetTop,
      width: box.offsetWidth,
    })
  }
}

/** The colour of an interval, through which lines can be seen. */
function areaColor(color) {
  return `${colorOf(color)}38`
}

function seriesOf({ color, width = 1.8, dash = [], points, hidden, bars, faint }) {
  const stroke = `${colorOf(color)}${faint ? '70' : ''}`
  const shape = bars ? { paths: uPlot.paths.bars({ size: [0.94, 100] }), fill: `${stroke}b0` } : {}
  return {
    stroke: hidden ? 'transparent' : stroke,
    width: hidden ? 0 : width,
    dash,
    spanGaps: false,
    points: points
      ? { show: true, size: points === 'only' ? 4 : 6, fill: stroke, space: 0 }
      : { show: false },
    ...(points === 'only' ? { paths: () => null } : {}),
    ...shape,
  }
}

/** Vertical lines, such as that of the best epoch. */
function drawMarks(plot, marks) {
  const { ctx, bbox } = plot
  for (const { at } of marks) {
    const x = Math.round(plot.valToPos(at, 'x', true))
    if (x < bbox.left || x > bbox.left + bbox.width) continue
    ctx.save()
    ctx.strokeStyle = colorOf('--ink')
    ctx.setLineDash([6, 4])
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    ctx.restore()
  }
}

/** An interval at one time alone has no area: it is a bar. */
function drawWhiskers(plot, { x, lines, bands = [] }) {
  const { ctx } = plot
  for (const { lower, upper, color } of bands)
    x.at.forEach((at, i) => {
      const [low, high] = [lines[lower].values, lines[upper].values]
      const isAlone = low[i] != null && low[i - 1] == null && low[i + 1] == null
      if (!isAlone || at < plot.scales.x.min || at > plot.scales.x.max) return
      const left = plot.valToPos(at, 'x', true)
      ctx.save()
      ctx.strokeStyle = areaColor(color)
      ctx.lineWidth = 10 * devicePixelRatio
      ctx.beginPath()
      ctx.moveTo(left, plot.valToPos(low[i], 'y', true))
      ctx.lineTo(left, plot.valToPos(high[i], 'y', true))
      ctx.stroke()
      ctx.restore()
    })
}

function rangeOf(lines) {
  let [least, most] = [Infinity, -Infinity]
  for (const { values } of lines)
    for (const value of values)
      if (value != null) [least, most] = [Math.min(least, value), Math.max(most, value)]
  return most > least ? most - least : 0
}

function isPositive(lines) {
  return lines.every(({ values }) => values.every((value) => value == null || value > 0))
}

/**
 * Lines at places of the page's list of times, on one axis of all these times.
 *
 * @param lines - as for a chart, with `places` beside `values`
 */
export function overTimes(lines, times) {
  const used = [...new Set(lines.flatMap(({ places }) => places))]
  used.sort((a, b) => times.at[a] - times.at[b])
  const columnOf = new Map()
  const columns = []
  for (const place of used) {
    if (times.at[place] !== times.at[columns.at(-1)]) columns.push(place)
    columnOf.set(place, columns.length - 1)
  }
  const spread = ({ places, values, ...line }) => {
    const all = columns.map(() => null)
    places.forEach((place, i) => (all[columnOf.get(place)] = values[i]))
    return { ...line, values: all }
  }
  const x = {
    kind: times.kind,
    at: columns.map((place) => times.at[place]),
    texts: columns.map((place) => times.texts[place]),
  }
  return { x, lines: lines.map(spread) }
}
