/**
 * The page: one hour after another goes to the service, and its forecast into the chart.
 */
import { drawChart } from './chart.mjs'
import { ForecastStream } from './forecast-stream.mjs'
import { temperatures } from './series.mjs'

/** Hours of the past in the chart. */
const PAST = 72

const element = (id) => document.getElementById(id)
const chart = element('chart')
const pause = element('pause')
const speed = element('speed')

const hours = temperatures(Date.now())
const measured = []
let forecast = []
let steps = 0
let hits = 0
let isPaused = false

function show(latency) {
  drawChart(chart, { measured, forecast, past: PAST })
  element('steps').textContent = steps
  element('latency').textContent = `${latency.toFixed(1)} ms`
  if (steps > 1) element('hits').textContent = `${Math.round((100 * hits) / (steps - 1))} %`
}

/** One step of the session. Returns its milliseconds. */
async function nextHour(stream) {
  const celsius = hours.next().value
  const begin = performance.now()
  const next = await stream.step(celsius)
  const latency = performance.now() - begin
  const [expected] = forecast
  if (expected && expected.low <= celsius && celsius <= expected.high) hits++
  measured.push(celsius)
  if (measured.length > PAST) measured.shift()
  forecast = next
  steps++
  return latency
}

const turn = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

async function run() {
  const stream = await ForecastStream.open()
  element('status').textContent = 'streaming'
  // The hours before the page was opened.
  while (steps < PAST) show(await nextHour(stream))
  for (;;) {
    if (!isPaused) show(await nextHour(stream))
    await turn(1000 / speed.valueAsNumber)
  }
}

pause.addEventListener('click', () => {
  isPaused = !isPaused
  pause.textContent = isPaused ? 'Go on' : 'Pause'
})
addEventListener('resize', () => {
  drawChart(chart, { measured, forecast, past: PAST })
})
run().catch((error) => {
  element('status').textContent = error.message
})
