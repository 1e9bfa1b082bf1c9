/**
 * What a page of a report shows in Chromium: the text that its charts draw, its colours, and what overlaps.
 */

/** Notes what canvases draw and which files are offered. Runs before the page's own script. */
export const RECORDER = `
window.drawnTexts = new Map()
window.blobs = []
const { fillText, clearRect } = CanvasRenderingContext2D.prototype
CanvasRenderingContext2D.prototype.clearRect = function (...box) {
  drawnTexts.set(this.canvas, [])
  clearRect.apply(this, box)
}
CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
  const { a, b, e, f } = this.getTransform()
  const size = this.measureText(text)
  const turned = Math.abs(b) > Math.abs(a)
  const [left, top] = [e + a * x, f + a * y]
  const box = turned
    ? { left: e - size.actualBoundingBoxAscent, right: e + size.actualBoundingBoxDescent,
        top: f - size.width / 2, bottom: f + size.width / 2 }
    : { left: left - size.actualBoundingBoxLeft, right: left + size.actualBoundingBoxRight,
        top: top - size.actualBoundingBoxAscent, bottom: top + size.actualBoundingBoxDescent }
  if (!drawnTexts.has(this.canvas)) drawnTexts.set(this.canvas, [])
  drawnTexts.get(this.canvas).push({ text, ...box })
  fillText.call(this, text, x, y)
}
const { createObjectURL } = URL
URL.createObjectURL = (blob) => {
  blobs.push(blob)
  return createObjectURL.call(URL, blob)
}
`

/** Whether the page's script has drawn everything. */
export const READY = "document.documentElement?.dataset.ready === 'true'"

const OVERLAP = `(one, other) =>
  Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1 &&
  Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 1`

/** Texts of canvases that are cut off or overlap others, and charts with fewer than two labels on an axis. */
export const CHART_FAULTS = `(() => {
  const overlap = ${OVERLAP}
  return [...document.querySelectorAll('.drawing canvas')].flatMap((canvas) => {
    const texts = (drawnTexts.get(canvas) ?? []).filter(({ text }) => text.trim() !== '')
    const cut = texts.filter(({ left, right, top, bottom }) =>
      left < 0 || top < 0 || right > canvas.width || bottom > canvas.height)
    const pairs = texts.flatMap((one, i) => texts.slice(i + 1).filter((other) => overlap(one, other))
      .map((other) => one.text + ' over ' + other.text))
    const few = texts.length < 4 ? ['only ' + texts.length + ' labels'] : []
    return [...cut.map(({ text }) => 'cut: ' + text), ...pairs, ...few]
  })
})()`

/** Texts of the page outside canvases that overlap or lie outside their section. */
export const TEXT_FAULTS = `(() => {
  const overlap = ${OVERLAP}
  return [...document.querySelectorAll('header, nav, section')].flatMap((part) => {
    const bounds = part.getBoundingClientRect()
    const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT)
    const boxes = []
    while (walker.nextNode()) {
      const node = walker.currentNode
      const parent = node.parentElement
      if (node.data.trim() === '' || parent.closest('.hidden, thead, select, .readout, details:not([open])'))
        continue
      const range = document.createRange()
      range.selectNodeContents(node)
      for (const box of range.getClientRects()) boxes.push({ text: node.data, node, box })
    }
    const outside = boxes.filter(({ box }) => box.left < bounds.left || box.right > bounds.right)
    const pairs = boxes.flatMap((one, i) => boxes.slice(i + 1)
      .filter((other) => other.node !== one.node && overlap(one.box, other.box))
      .map((other) => one.text + ' over ' + other.text))
    return [...outside.map(({ text }) => 'outside: ' + text), ...pairs]
  })
})()`

const COLORS = `
const probe = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
const channels = (color) => {
  probe.fillStyle = color
  probe.fillRect(0, 0, 1, 1)
  return [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3)
}`

/** Names in legends whose colour no pixel of their chart has. */
export const MISSING_LINES = `(() => {
  ${COLORS}
  const card = channels(getComputedStyle(document.querySelector('section')).backgroundColor)
  return [...document.querySelectorAll('.drawing')].flatMap((drawing) => {
    const canvas = drawing.querySelector('canvas')
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    // The edges of a line have mixed colours too, so an area must have many pixels of its colour.
    const has = (wanted, isArea) => {
      let count = 0
      for (let i = 0; i < data.length; i += 4) {
        const share = data[i + 3] / 255
        const distance = wanted.reduce((sum, channel, c) =>
          sum + Math.abs(channel - (data[i + c] * share + card[c] * (1 - share))), 0)
        if (distance < (isArea ? 8 : 45) && ++count > (isArea ? 100 : 0)) return true
      }
      return false
    }
    return [...drawing.querySelectorAll('.key')].filter((key) => {
      const swatch = key.querySelector('.swatch')
      const color = channels(getComputedStyle(swatch).backgroundColor)
      const isArea = swatch.classList.contains('area')
      return !has(isArea ? color.map((channel, c) => channel * 0.22 + card[c] * 0.78) : color, isArea)
    }).map((key) => drawing.getAttribute('aria-label') + ': ' + key.textContent)
  })
})()`

/** Texts whose contrast with what is behind them is below 4.5. */
export const PALE_TEXTS = `(() => {
  ${COLORS}
  const luminance = (color) => channels(color)
    .map((channel) => channel / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, c) => sum + value * [0.2126, 0.7152, 0.0722][c], 0)
  const behind = (element) => {
    const color = getComputedStyle(element).backgroundColor
    return color === 'rgba(0, 0, 0, 0)' ? behind(element.parentElement) : color
  }
  const texts = [...document.querySelectorAll('h1, h1 .name, h2, h3, p, a, th, td, dt, dd, li, caption, summary, label, .unit, .key')]
  return texts.filter((element) => {
    const [one, other] = [getComputedStyle(element).color, behind(element)].map(luminance)
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05) < 4.5
  }).map((element) => element.tagName + ': ' + element.textContent.slice(0, 40))
})()`

/** By how many pixels the page is wider than the window. */
export const OVERFLOW =
  'document.documentElement.scrollWidth - document.documentElement.clientWidth'
