// The forecast of each series, with its history.
import { Chart, overTimes } from './chart.mjs'
import { choiceIfSeveral, choices, element, shortText } from './controls.mjs'
import { placesOf } from './times.mjs'

const ALL_HEIGHT = 220
/** Rows of the history that a chart shows at first. */
const LEAST_ROWS = 60
const HORIZONS = 5

export function startForecast(host, data, times) {
  const targets = data.targets.map(({ name }) => name)
  const stage = element('div')
  let charts = []
  let [target, series] = [0, 0]
  const show = () => {
    charts.forEach((chart) => chart.remove())
    const own = data.forecasts.filter((forecast) => forecast.target === target)
    const shown = series === data.series.length ? own : own.filter((one) => one.series === series)
    stage.replaceChildren()
    charts = shown.map((forecast) => drawForecast(stage, forecast, data, times, shown.length > 1))
    if (shown.length === 0) stage.append('The page does not show this series.')
  }
  const names = data.series.length > 1 ? [...data.series, 'all series'] : data.series
  host.replaceChildren(
    choices(
      choiceIfSeveral('Target', targets, 0, (place) => {
        target = place
        show()
      }),
      choiceIfSeveral('Series', names, 0, (place) => {
        series = place
        show()
      }),
    ),
    stage,
  )
  show()
}

function drawForecast(host, forecast, data, times, isOneOfMany) {
  const { name, unit } = data.targets[forecast.target]
  const series = data.series[forecast.series]
  if (isOneOfMany) host.append(element('h3', {}, shortText(series)))
  return new Chart(host, {
    title: `Forecast of ${shortText(name)}${series === '' ? '' : `, ${shortText(series)}`}`,
    unit: unit === '' ? name : `${shortText(name)}, ${unit}`,
    log: true,
    height: isOneOfMany ? ALL_HEIGHT : 360,
    ...forecastLines(forecast, data, times),
  })
}

function forecastLines(forecast, { drawn }, times) {
  const { history, quantiles } = forecast
  const places = placesOf(forecast.places, quantiles[0].length)
  const line = (place) => ({ places, values: quantiles[place] })
  const points = places.length === 1
  const edge = { color: '--line-0', hidden: true }
  const parts = overTimes(
    [
      {
        name: 'history',
        color: '--truth',
        places: placesOf(history.places, history.values.length),
        values: history.values,
      },
      { name: 'forecast (median)', color: '--line-0', width: 2.2, points, ...line(drawn.median) },
      { ...edge, ...line(drawn.lower) },
      { ...edge, ...line(drawn.upper) },
    ],
    times,
  )
  const bands = drawn.interval
    ? [{ name: drawn.interval, upper: 3, lower: 2, color: '--line-0' }]
    : []
  const { at } = parts.x
  const end = forecast.direct < places.length ? [{ at: times.at[places[forecast.direct - 1]] }] : []
  const rows = Math.max(HORIZONS * places.length, LEAST_ROWS) + places.length
  return { ...parts, bands, marks: end, shown: [at[Math.max(at.length - rows, 0)], at.at(-1)] }
}
