// Forecasts from several origins over the truth.
import { Chart, overTimes } from './chart.mjs'
import { choiceIfSeveral, choices, element, shortText } from './controls.mjs'
import { placesOf } from './times.mjs'

export function startBacktest(host, data, times) {
  const targets = data.targets.map(({ name }) => name)
  const [above, stage] = [element('div'), element('div')]
  let chart = null
  let [target, series, origin] = [0, 0, 0]
  const current = () => data.backtest.find((one) => one.target === target && one.series === series)
  const draw = () => {
    chart?.remove()
    stage.replaceChildren()
    const found = current()
    chart = found === undefined ? null : drawBacktest(stage, found, origin, data, times)
    if (found === undefined) stage.append('The page does not show this series.')
  }
  const show = () => {
    const origins = current()?.origins ?? []
    origin = Math.max(origins.length - 1, 0)
    const texts = origins.map((one) => one.origin)
    above.replaceChildren(
      choices(
        choiceIfSeveral('Target', targets, target, (place) => {
          target = place
          show()
        }),
        choiceIfSeveral('Series', data.series, series, (place) => {
          series = place
          show()
        }),
        choiceIfSeveral('Origin', texts, origin, (place) => {
          origin = place
          draw()
        }),
      ),
    )
    draw()
  }
  host.replaceChildren(above, stage)
  show()
}

function drawBacktest(host, { truth, origins, ...pair }, chosen, data, times) {
  const { name, unit } = data.targets[pair.target]
  const median = (one, rest) => ({
    places: placesOf(one.places, one.median.length),
    values: one.median,
    points: one.median.length === 1,
    color: '--line-0',
    ...rest,
  })
  const own = origins[chosen]
  const others = origins.filter((one) => one !== own)
  const edge = { color: '--line-0', hidden: true }
  const lines = [
    {
      name: 'truth',
      color: '--truth',
      places: placesOf(truth.places, truth.values.length),
      values: truth.values,
      points: truth.values.length === 1,
    },
    { ...median(own, edge), values: own.lower, points: false },
    { ...median(own, edge), values: own.upper, points: false },
    ...others.map((one) => median(one, { name: 'other origins', width: 1.2, color: '--other' })),
    median(own, { name: 'chosen origin (median)', width: 2.6 }),
  ]
  const bands = data.drawn.interval
    ? [{ name: data.drawn.interval, upper: 2, lower: 1, color: '--line-0' }]
    : []
  return new Chart(host, {
    title: `Backtest of ${shortText(name)} from ${own.origin}`,
    unit: unit === '' ? name : `${shortText(name)}, ${unit}`,
    log: true,
    bands,
    ...overTimes(lines, times),
  })
}
