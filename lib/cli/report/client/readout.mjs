// The values under the pointer, beside it.
import { element, shortText } from './controls.mjs'
import { formatValue } from './format.mjs'

const MOST_ROWS = 12

/** A box over a chart that shows a time and the values there. */
export class Readout {
  constructor(range, unit) {
    this.box = element('div', { class: 'readout', 'aria-live': 'polite', hidden: '' })
    this.range = range
    this.unit = unit
  }

  hide() {
    this.box.hidden = true
  }

  /** Shows rows of {name, value, color} at a place of the plot. */
  show(title, rows, left, plot) {
    const shown = rows.slice(0, MOST_ROWS)
    const lines = shown.map(({ name, value, color }) => {
      const key = element('span', { class: 'swatch' })
      key.style.background = color
      const text = value.map((one) => formatValue(one, this.range)).join(' to ')
      return element('div', {}, key, `${shortText(name)}: `, element('b', {}, text))
    })
    const more = rows.length - shown.length
    this.box.replaceChildren(
      element('div', { class: 'readout-title' }, title),
      ...lines,
      ...(more > 0 ? [element('div', {}, `and ${more} more`)] : []),
    )
    this.box.hidden = false
    const width = this.box.offsetWidth
    const right = plot.left + left + 14
    const fits = right + width <= plot.left + plot.width
    const other = Math.max(plot.left + left - 14 - width, 0)
    this.box.style.left = `${fits ? right : other}px`
    this.box.style.top = `${plot.top + 6}px`
  }
}
