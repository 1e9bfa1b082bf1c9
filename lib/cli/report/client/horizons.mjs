// Errors for each step ahead.
import { Chart, lineColor, lineDash } from './chart.mjs'
import { choiceIfSeveral, choices, element } from './controls.mjs'

export function startHorizons(host, data) {
  const targets = data.measures.map(({ target }) => target)
  const [above, stage] = [element('div'), element('div')]
  let chart = null
  let [target, measure] = [0, 0]
  const draw = () => {
    chart?.remove()
    stage.replaceChildren()
    const found = data.measures[target].measures[measure]
    chart = found === undefined ? null : drawMeasure(stage, found)
  }
  const show = () => {
    const names = data.measures[target].measures.map(({ name }) => name)
    measure = 0
    above.replaceChildren(
      choices(
        choiceIfSeveral('Target', targets, target, (place) => {
          target = place
          show()
        }),
        choiceIfSeveral('Error', names, 0, (place) => {
          measure = place
          draw()
        }),
      ),
    )
    draw()
  }
  host.replaceChildren(above, stage)
  show()
}

function drawMeasure(host, { name, unit, lines }) {
  const steps = Math.max(...lines.map(({ values }) => values.length))
  const at = Array.from({ length: steps }, (_, i) => i + 1)
  return new Chart(host, {
    title: `${name} by steps ahead`,
    unit: unit === '' ? name : `${name}, ${unit}`,
    log: true,
    x: { kind: 'number', at, texts: at.map((step) => `${step} ahead`), label: 'steps ahead' },
    lines: lines.map((line, place) => ({
      ...line,
      values: at.map((_, i) => line.values[i] ?? null),
      color: lineColor(place),
      dash: lineDash(place),
      width: place === 0 ? 2.8 : 1.6,
      points: steps <= 31,
    })),
  })
}
