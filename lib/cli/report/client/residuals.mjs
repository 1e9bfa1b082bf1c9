// Residuals over time and their distribution.
import { Chart, lineColor, overTimes } from './chart.mjs'
import { choiceIfSeveral, choices, element } from './controls.mjs'
import { formatValue } from './format.mjs'
import { placesOf } from './times.mjs'

/** A chart of a target and of one series or all, with the choices above it. */
function chosenPair(host, data, draw) {
  const stage = element('div')
  let charts = []
  let [target, series] = [0, 0]
  const show = () => {
    charts.forEach((chart) => chart.remove())
    stage.replaceChildren()
    charts = draw(stage, target, series === 0 ? null : series - 1)
    if (charts.length === 0) stage.append('The page does not show this series.')
  }
  host.replaceChildren(
    choices(
      choiceIfSeveral(
        'Target',
        data.targets.map(({ name }) => name),
        0,
        (place) => {
          target = place
          show()
        },
      ),
      data.series.length < 2
        ? null
        : choiceIfSeveral('Series', ['all series', ...data.series], 0, (place) => {
            series = place
            show()
          }),
    ),
    stage,
  )
  show()
}

export function startResiduals(host, data, times) {
  chosenPair(host, data, (stage, target, series) => {
    const own = data.residuals.filter(
      (one) => one.target === target && (series === null || one.series === series),
    )
    if (own.length === 0) return []
    const lines = own.map(({ points, series: place }, i) => ({
      name: data.series[place] === '' ? 'residual' : data.series[place],
      color: lineColor(own.length === 1 ? 1 : i),
      places: placesOf(points.places, points.values.length),
      values: points.values,
      points: 'only',
    }))
    const { unit } = data.targets[target]
    return [
      new Chart(stage, {
        title: 'Residuals over time',
        unit: unit === '' ? 'residual' : `residual, ${unit}`,
        ...overTimes(lines, times),
      }),
    ]
  })
}

export function startHistogram(host, data) {
  chosenPair(host, data, (stage, target, series) => {
    const found = data.histograms.find((one) => one.target === target && one.series === series)
    if (found === undefined || found.counts.length === 0) return []
    const { from, width, counts } = found
    const bounds = (place) => [from + place * width, from + (place + 1) * width]
    const range = width * counts.length
    const { unit } = data.targets[target]
    const texts = counts.map((_, place) =>
      bounds(place)
        .map((bound) => formatValue(bound, range))
        .join(' to '),
    )
    return [
      new Chart(stage, {
        title: 'Distribution of the residuals',
        unit: unit === '' ? 'number of residuals by size' : `number of residuals by size, ${unit}`,
        height: 240,
        x: { kind: 'measure', at: counts.map((_, place) => from + (place + 0.5) * width), texts },
        lines: [{ name: 'residuals', values: counts, color: '--line-1', bars: true }],
      }),
    ]
  })
}
