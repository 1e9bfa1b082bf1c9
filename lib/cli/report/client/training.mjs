// Loss, learning rate and norm of the gradients over the epochs.
import { Chart, lineColor, lineDash } from './chart.mjs'

function drawEpochs(host, { best, columns }, title, lines, height) {
  host.replaceChildren()
  const at = columns.epoch
  return new Chart(host, {
    title,
    unit: title,
    log: true,
    height,
    x: { kind: 'number', at, texts: at.map((epoch) => `epoch ${epoch}`), label: 'epoch' },
    lines: lines.map(([name, key, color, dash]) => ({
      name,
      values: columns[key],
      color,
      dash,
      points: at.length === 1,
    })),
    marks: [{ at: best }],
  })
}

export function startLoss(host, { epochs }) {
  drawEpochs(host, epochs, `loss by epoch; the best is ${epochs.best}`, [
    ['training', 'loss', '--line-1', [7, 4]],
    ['validation', 'validationLoss', '--line-0', []],
  ])
}

export function startRate(host, { epochs }) {
  drawEpochs(host, epochs, 'learning rate', [['', 'learningRate', '--line-1', []]], 220)
}

export function startGradients(host, { epochs }) {
  drawEpochs(host, epochs, 'norm of the gradients', [['', 'gradNorm', '--line-1', []]], 220)
}

/** The losses of several runs. */
export function startLosses(host, { losses }) {
  host.replaceChildren()
  const at = [...new Set(losses.flatMap(({ epochs }) => epochs))].sort((a, b) => a - b)
  const lines = losses.map(({ name, epochs, values }, place) => {
    const known = new Map(epochs.map((epoch, i) => [epoch, values[i]]))
    return {
      name,
      values: at.map((epoch) => known.get(epoch)),
      color: lineColor(place),
      dash: lineDash(place),
      points: at.length === 1,
    }
  })
  new Chart(host, {
    title: 'Loss of the validation part by epoch',
    unit: 'loss',
    log: true,
    x: { kind: 'number', at, texts: at.map((epoch) => `epoch ${epoch}`), label: 'epoch' },
    lines,
  })
}
