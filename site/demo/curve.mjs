// Draw a curve, and a network that is trained on it in the page goes on with it.
import { forecasts, UPDATES } from './forecast.mjs'
import { prefersStillness, shown } from './motion.mjs'

/** The size of the drawing, as the component TryCurve has it, and its columns: a value each. */
const [WIDTH, HEIGHT] = [600, 220]
const COLUMNS = 144
/** The columns in which a reader can draw. */
const DRAWN = 96
const FEWEST = 24
const MARGIN = 8
/** A forecast is drawn after so many updates. */
const OFTEN = 20
/** By the keys of arrows. */
const KEY_STEP = 0.04

const EXAMPLES = {
  wave: (t) => 0.5 + 0.35 * Math.sin(t / 6),
  saw: (t) => 0.2 + ((t % 24) / 24) * 0.6,
  trend: (t) => 0.2 + t / 300 + 0.12 * Math.sin(t / 4),
}

const clamp = (value, low, high) => Math.min(Math.max(value, low), high)
const xOf = (column) => (column / (COLUMNS - 1)) * WIDTH
const yOf = (value) => HEIGHT - MARGIN - value * (HEIGHT - 2 * MARGIN)

function pathOf(values, first) {
  const points = values.map((value, i) => `${xOf(first + i).toFixed(1)},${yOf(value).toFixed(1)}`)
  return points.length === 0 ? '' : `M${points.join('L')}`
}

/** What a reader has drawn: values from 0 to 1, without gaps, from the column `first` on. */
class Drawing {
  first = 0
  values = []

  clear() {
    this.first = 0
    this.values = []
  }

  /** The column after the last one. */
  get end() {
    return this.first + this.values.length
  }

  /** Adds a value, and those between it and the curve. What is to the right of it is then drawn again. */
  add(column, value) {
    if (this.values.length === 0) this.first = column
    const between = (from, to) =>
      Array.from({ length: Math.abs(column - from) }, (_, i) => {
        return to + ((value - to) * (i + 1)) / Math.abs(column - from)
      })
    if (column < this.first) {
      this.values.unshift(...between(this.first, this.values[0]).reverse())
      this.first = column
      return
    }
    this.values.length = Math.min(this.values.length, column - this.first)
    this.values.push(...between(this.end - 1, this.values.at(-1) ?? value))
  }
}

class CurveDemo {
  #drawing = new Drawing()
  #latest = 0
  #svg
  #paths
  #status
  #progress
  #isDown = false

  constructor(element) {
    this.#svg = element.querySelector('svg[tabindex]')
    this.#paths = {
      drawn: element.querySelector('.try-drawn'),
      forecast: element.querySelector('.try-forecast'),
    }
    this.#status = element.querySelector('[role=status]')
    this.#progress = element.querySelector('progress')
    this.#listen()
    for (const button of element.querySelectorAll('button')) {
      button.disabled = false
      button.addEventListener('click', () => this.show(button.name))
    }
  }

  #listen() {
    const on = (name, listener) => this.#svg.addEventListener(name, listener)
    on('pointerdown', (event) => {
      if (event.button !== 0) return
      this.#svg.setPointerCapture(event.pointerId)
      this.#isDown = true
      this.#begin()
      this.#draw(event)
    })
    on('pointermove', (event) => {
      if (!this.#isDown) return
      const events = event.getCoalescedEvents?.() ?? []
      for (const each of events.length > 0 ? events : [event]) this.#draw(each)
    })
    for (const name of ['pointerup', 'pointercancel']) {
      on(name, () => {
        if (!this.#isDown) return
        this.#isDown = false
        this.#train()
      })
    }
    on('keydown', (event) => this.#key(event))
  }

  /** Begins a new curve. */
  #begin() {
    this.#stop()
    this.#drawing.clear()
    this.#paint([])
  }

  #paint(forecast) {
    const { values, first, end } = this.#drawing
    this.#paths.drawn.setAttribute('d', pathOf(values, first))
    const joined = forecast.length === 0 ? [] : [values.at(-1), ...forecast]
    this.#paths.forecast.setAttribute('d', pathOf(joined, end - 1))
  }

  #draw({ clientX, clientY }) {
    const { left, top, width, height } = this.#svg.getBoundingClientRect()
    const column = Math.round(((clientX - left) / width) * (COLUMNS - 1))
    const y = ((clientY - top) / height) * HEIGHT
    const value = (HEIGHT - MARGIN - y) / (HEIGHT - 2 * MARGIN)
    this.#drawing.add(clamp(column, 0, DRAWN - 1), clamp(value, 0, 1))
    this.#paint([])
  }

  #key(event) {
    const changes = { ArrowUp: KEY_STEP, ArrowDown: -KEY_STEP, ArrowRight: 0 }
    const change = changes[event.key]
    if (event.key === 'Enter') this.#train()
    if (change !== undefined) {
      const { values, end } = this.#drawing
      if (end >= DRAWN) this.#begin()
      this.#stop()
      this.#drawing.add(this.#drawing.end, clamp((values.at(-1) ?? 0.5) + change, 0, 1))
      this.#paint([])
    }
    if (change !== undefined || event.key === 'Enter') event.preventDefault()
  }

  /** Draws an example, or nothing. */
  show(name) {
    this.#begin()
    const example = EXAMPLES[name]
    if (example === undefined) return
    for (let column = 0; column < DRAWN; column++) this.#drawing.add(column, example(column))
    this.#train()
  }

  /** Ends a training, if there is one. */
  #stop() {
    this.#latest++
    this.#progress.hidden = true
    this.#status.textContent = ''
  }

  #train() {
    this.#trainOnCurve().catch((error) => {
      this.#stop()
      this.#status.textContent = `The training failed: ${error.message}`
    })
  }

  async #trainOnCurve() {
    const { values, end } = this.#drawing
    if (values.length < FEWEST) {
      this.#status.textContent =
        'This curve is too short: draw over a quarter of the field or more.'
      return
    }
    const own = ++this.#latest
    const begin = performance.now()
    this.#progress.hidden = false
    this.#status.textContent = 'Training ...'
    for await (const { update, parameterCount, forecast } of forecasts(
      [...values],
      COLUMNS - end,
    )) {
      if (own !== this.#latest) return
      const isLast = update === UPDATES
      if (isLast || (update % OFTEN === 0 && !prefersStillness())) this.#paint(forecast())
      this.#progress.value = update / UPDATES
      if (isLast) this.#end(parameterCount, performance.now() - begin)
      else if (update % OFTEN === 0) await shown()
    }
  }

  #end(parameterCount, milliseconds) {
    this.#progress.hidden = true
    const seconds = (milliseconds / 1000).toFixed(1)
    const parameters = parameterCount.toLocaleString('en')
    this.#status.textContent = `A network of ${parameters} parameters was trained on your curve in ${seconds} s, with ${UPDATES} updates.`
  }
}

/** @param element - of the component TryCurve */
export function startCurve(element) {
  new CurveDemo(element).show('wave')
}
