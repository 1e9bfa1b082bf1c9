/**
 * Draws the past and the forecast as SVG.
 */
const MARGIN = { left: 44, right: 24, top: 12, bottom: 28 }
const LOWEST = -5
const HIGHEST = 30
const GRID = 5
/** Hours between the marks of the time. */
const MARKS = 12

function make(name, attributes, text) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  if (text !== undefined) made.textContent = text
  return made
}

/** With the sign of typography. */
const signed = (number) => String(number).replace('-', '−')

const pathOf = (points) => `M${points.map((point) => point.join()).join('L')}`

/** Where a temperature and an hour after now are in the drawing. */
function scalesOf({ clientWidth, clientHeight }, past, horizon) {
  const width = clientWidth - MARGIN.left - MARGIN.right
  const height = clientHeight - MARGIN.top - MARGIN.bottom
  return {
    x: (hour) => MARGIN.left + (width * (hour + past - 1)) / (past - 1 + horizon),
    y: (celsius) => MARGIN.top + (height * (HIGHEST - celsius)) / (HIGHEST - LOWEST),
  }
}

function gridOf({ x, y }, past, horizon) {
  const parts = []
  for (let celsius = LOWEST; celsius <= HIGHEST; celsius += GRID) {
    const ends = { x1: x(1 - past), x2: x(horizon), y1: y(celsius), y2: y(celsius) }
    parts.push(make('line', { class: 'grid', ...ends }))
    const place = { x: MARGIN.left - 8, y: y(celsius) + 4, 'text-anchor': 'end' }
    parts.push(make('text', place, `${signed(celsius)} °C`))
  }
  const bottom = y(LOWEST) + 20
  for (let hour = MARKS - past; hour <= horizon; hour += MARKS) {
    const text = hour === 0 ? 'now' : `${hour > 0 ? '+' : ''}${signed(hour)} h`
    parts.push(make('text', { x: x(hour), y: bottom, 'text-anchor': 'middle' }, text))
  }
  parts.push(make('line', { class: 'now', x1: x(0), x2: x(0), y1: y(HIGHEST), y2: y(LOWEST) }))
  return parts
}

/** `measured` ends now; `forecast` begins an hour later. */
export function drawChart(svg, { measured, forecast, past }) {
  if (measured.length === 0) return
  const horizon = forecast.length
  const scales = scalesOf(svg, past, horizon)
  const { x, y } = scales
  const now = [x(0), y(measured.at(-1))]
  const line = measured.map((celsius, index) => [x(index + 1 - measured.length), y(celsius)])
  const edge = (key) => forecast.map((hour, index) => [x(index + 1), y(hour[key])])
  const band = [now, ...edge('high'), ...edge('low').reverse()]
  svg.replaceChildren(
    ...gridOf(scales, past, horizon),
    make('path', { class: 'band', d: `${pathOf(band)}Z` }),
    make('path', { class: 'curve median', d: pathOf([now, ...edge('median')]) }),
    make('path', { class: 'curve truth', d: pathOf(line) }),
  )
}
