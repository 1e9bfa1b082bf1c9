import { drawForecast, drawLosses } from '../../lib/cli/charts'
import type { Evaluation } from '../../lib/cli/evaluation'
import { STYLE } from '../../lib/cli/report-style'

interface Point {
  readonly x: number
  readonly y: number
}

interface Label extends Point {
  readonly text: string
  readonly left: number
  readonly right: number
}

interface Drawing {
  readonly name: string
  readonly width: number
  readonly height: number
  readonly labels: readonly Label[]
  readonly lines: readonly (readonly Point[])[]
}

const FONT_SIZE = 14
/** The width of the widest digits of common fonts, in units of the font's size. */
const WIDEST = 0.64

function drawingsOf(figure: string): Drawing[] {
  return [...figure.matchAll(/<svg class="(\w+)".*?<\/svg>/gs)].map(([svg, name]) => {
    const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!
    return {
      name: name!,
      width: Number(width),
      height: Number(height),
      labels: labelsOf(svg),
      lines: linesOf(svg),
    }
  })
}

function labelsOf(svg: string): Label[] {
  const texts = [...svg.matchAll(/<text (.*?)>(.*?)<\/text>/gs)]
  return texts.map(([, attributes, text]) => {
    expect(attributes).toMatch(/14px/)
    const [, x, y] = /translate\((\S+) (\S+)\)/.exec(attributes!)!
    const width = text!.length * WIDEST * FONT_SIZE
    const share = { start: 0, middle: 0.5, end: 1 }[
      (/text-anchor="(\w+)"/.exec(attributes!)?.[1] ?? 'start') as 'start'
    ]
    const left = Number(x) - share * width
    const offset = Number(/\by="(\S+)"/.exec(attributes!)?.[1] ?? 0)
    return { text: text!, x: Number(x), y: Number(y) + offset, left, right: left + width }
  })
}

/** The lines of data. Only these have this stroke width. */
function linesOf(svg: string): Point[][] {
  return [...svg.matchAll(/<path d="([^"]*)"[^>]*stroke-width="1.8"/g)].map(([, path]) =>
    [...path!.matchAll(/[ML](\S+?) ([^ML]+)/g)].map(([, x, y]) => ({ x: Number(x), y: Number(y) })),
  )
}

function expectWhole({ name, width, height, labels }: Drawing): void {
  for (const { text, left, right, y } of labels) {
    expect({ name, text, whole: left >= 0 && right <= width }).toEqual({ name, text, whole: true })
    expect(y).toBeGreaterThanOrEqual(FONT_SIZE / 2)
    expect(y).toBeLessThanOrEqual(height - FONT_SIZE / 2)
  }
  labels.forEach((one, i) => {
    for (const other of labels.slice(i + 1)) {
      const apart =
        one.right <= other.left || other.right <= one.left || Math.abs(one.y - other.y) >= FONT_SIZE
      expect({ name, one: one.text, other: other.text, apart }).toMatchObject({ apart: true })
    }
  })
}

/** Reads a value from the axis as a person does: from the positions and labels of two ticks. */
function valueReader({ labels }: Drawing): { read: (y: number) => number; pixel: number } {
  const ticks = labels.filter(({ x }) => x === Math.min(...labels.map((label) => label.x)))
  const [first, last] = [ticks[0]!, ticks.at(-1)!]
  const pixel = (Number(last.text) - Number(first.text)) / (last.y - first.y)
  for (const { text, y } of ticks) {
    const off = Number(text) - (Number(first.text) + (y - first.y) * pixel)
    expect(Math.abs(off)).toBeLessThanOrEqual(Math.abs(pixel) / 10)
  }
  expect(new Set(ticks.map(({ text }) => text)).size).toBe(ticks.length)
  expect(ticks.length).toBeGreaterThanOrEqual(3)
  return { read: (y) => Number(first.text) + (y - first.y) * pixel, pixel: Math.abs(pixel) }
}

function evaluationOf(values: readonly number[]): Evaluation {
  const error = { name: '', mae: 0, rmse: 0 }
  return {
    dates: values.map((_, day) => new Date(Date.UTC(2021, 10, 20 + day))),
    truth: Float64Array.from(values),
    forecast: Float64Array.from(values).reverse(),
    model: error,
    baselines: [],
  }
}

const WAVE = Array.from({ length: 61 }, (_, day) => Math.sin(day / 7) + 0.0123 * day)
const POWERS = Array.from({ length: 9 }, (_, i) => 3 * i - 12)

describe.each([
  ['around zero', 0],
  ['above zero', 20],
  ['far from zero', 1e6],
  ['where numbers have twelve digits', 1e11],
])('a forecast %s', (_, offset) => {
  it.each(POWERS)('is drawn unrounded between labels that are whole, at 10^%d', (power) => {
    const values = WAVE.map((value) => (value + offset) * 10 ** power)
    const drawings = drawingsOf(drawForecast(evaluationOf(values), 'value'))
    expect(drawings.map(({ name }) => name)).toEqual(['wide', 'middle', 'narrow'])
    for (const drawing of drawings) {
      expectWhole(drawing)
      const { read, pixel } = valueReader(drawing)
      const [truth, forecast] = drawing.lines
      expect(truth).toHaveLength(values.length)
      values.forEach((value, day) => {
        // Positions are written in tenths of a pixel, and ticks are on whole and half pixels.
        expect(Math.abs(read(truth![day]!.y) - value)).toBeLessThanOrEqual(0.7 * pixel)
        expect(forecast![values.length - 1 - day]!.y).toBe(truth![day]!.y)
      })
      // The range of the values fills more than half of the drawing.
      const ys = truth!.map(({ y }) => y)
      expect(Math.max(...ys) - Math.min(...ys)).toBeGreaterThan(drawing.height / 2)
    }
  })
})

it.each([0, 14.62, -1e-6, 1e12, 1e300])(
  'draws a constant %d as a flat line in the middle',
  (value) => {
    for (const drawing of drawingsOf(drawForecast(evaluationOf(Array(30).fill(value)), 'value'))) {
      expectWhole(drawing)
      const { read, pixel } = valueReader(drawing)
      for (const { y } of drawing.lines.flat()) {
        expect(Math.abs(read(y) - value)).toBeLessThanOrEqual(pixel)
        expect(Math.abs(y / drawing.height - 0.5)).toBeLessThan(0.2)
      }
    }
  },
)

describe.each([2, 3, 40, 41, 1234, 10_000])('losses of %d epochs', (count) => {
  it.each([
    ['first', 1],
    ['last', count],
    ['middle', Math.ceil(count / 2)],
  ])('have whole labels where the %s epoch is the best', (_, bestEpoch) => {
    for (const loss of [1e-9, 3e37]) {
      const epochs = Array.from({ length: count }, (_, i) => ({
        epoch: i + 1,
        loss: loss * (2 + 1 / (i + 1)),
        validationLoss: loss * (i + 1 === bestEpoch ? 1 : 3),
      }))
      const figure = drawLosses(epochs, epochs[bestEpoch - 1]!)
      expect(figure).toContain(`best: epoch ${bestEpoch.toLocaleString('en')}</span>`)
      for (const drawing of drawingsOf(figure)) {
        expectWhole(drawing)
        const texts = drawing.labels.map(({ text }) => text)
        expect(texts).toContain('epoch')
        expect(texts).toContain('1')
      }
    }
  })
})

it('draws a single epoch and a single day as dots', () => {
  const epoch = { epoch: 1, loss: 0.5, validationLoss: 0.4 }
  const losses = drawLosses([epoch], epoch)
  for (const drawing of drawingsOf(losses)) expectWhole(drawing)
  const day = drawForecast(evaluationOf([3]), 'value')
  for (const drawing of drawingsOf(day)) expectWhole(drawing)
  // Circles: two lines and the mark of the best epoch in each version, and two lines.
  const circles = (figure: string): number =>
    [...figure.matchAll(/<(circle|path)[^>]*fill="var\(--(first|second)\)"/g)].length
  expect(circles(losses)).toBe(3 * 3)
  expect(circles(day)).toBe(3 * 2)
})

it('shows one version at a time, whose text is readable at every width of the page', () => {
  // Border, padding of the card and of the page, as in the style sheet.
  const figureWidth = (page: number): number =>
    page <= 600 ? page - 2 * (1 + 16 + 12) : Math.min(page, 1040) - 2 * (1 + 24 + 20)
  expect(STYLE).toContain('section { padding: 16px; }')
  expect(STYLE).toContain('main { padding: 32px 12px 48px; }')
  const widths = new Map(
    drawingsOf(drawForecast(evaluationOf(WAVE), 'value')).map(({ name, width }) => [name, width]),
  )
  for (let page = 360; page <= 1600; page++) {
    const name = page <= 600 ? 'narrow' : page <= 880 ? 'middle' : 'wide'
    const size = (FONT_SIZE * figureWidth(page)) / widths.get(name)!
    expect({ page, readable: size >= 11 && size <= 21 }).toEqual({ page, readable: true })
  }
})

it('escapes names in the caption, and gives every clip path a name of its own', () => {
  const figure = drawForecast(evaluationOf(WAVE), 'a<b & "c"')
  expect(figure).toContain('a&lt;b &amp; &quot;c&quot;')
  const losses = [{ epoch: 1, loss: 1, validationLoss: 1 }]
  const page = figure + drawLosses(losses, losses[0]!)
  const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id)
  expect(ids.length).toBeGreaterThan(0)
  expect(new Set(ids).size).toBe(ids.length)
})
