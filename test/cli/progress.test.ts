import { formatDuration } from '../../lib/cli/durations'
import { writeEvent } from '../../lib/cli/events'
import { createTrainingDisplay } from '../../lib/cli/progress'
import type { ForecastUpdate } from '../../lib/forecasting/options'
import { Recorder } from './harness'

function update(change: Partial<ForecastUpdate>): ForecastUpdate {
  return {
    ...{ epoch: 1, epochs: 12, share: 1, loss: 1.5, validationLoss: 1.25, learningRate: 0.001 },
    ...{ secondsLeft: 65, ...change },
  }
}

/** The lines of a run, with seconds from epoch to epoch. */
function linesOf(epochs: number, last: number, seconds: number): string[] {
  const output = new Recorder()
  let now = 0
  const display = createTrainingDisplay(output, () => now)
  for (let epoch = 1; epoch <= last; epoch++) {
    display.show(update({ epoch, epochs, share: 0.5 }))
    display.show(update({ epoch, epochs }))
    now += seconds * 1000
  }
  display.stop()
  display.stop()
  return output.text.trimEnd().split('\n')
}

it('writes one plain line an epoch into a pipe', () => {
  expect(linesOf(12, 3, 0)).toEqual([
    'epoch  1/12  loss 1.500  validation 1.250  rate 0.00100',
    'epoch  2/12  loss 1.500  validation 1.250  rate 0.00100',
    'epoch  3/12  loss 1.500  validation 1.250  rate 0.00100',
  ])
})

it('thins the lines of many epochs, and writes the last one', () => {
  const epochs = (lines: readonly string[]): number[] =>
    lines.map((line) => Number(/epoch +(\d+)/.exec(line)![1]))
  expect(linesOf(50, 50, 0)).toHaveLength(50)
  expect(epochs(linesOf(51, 9, 0))).toEqual([1, 2, 4, 6, 8, 9])
  expect(epochs(linesOf(1000, 93, 0))).toEqual([1, 20, 40, 60, 80, 93])
  expect(epochs(linesOf(100_000, 100_000, 0))).toHaveLength(51)
  expect(epochs(linesOf(1000, 9, 4))).toEqual([1, 4, 7, 9])
})

it('shows a validation only where there is one', () => {
  const output = new Recorder()
  createTrainingDisplay(output).show(update({ validationLoss: undefined }))
  expect(output.text).toBe('epoch  1/12  loss 1.500  rate 0.00100\n')
})

it('draws a bar on a terminal, and gives the cursor back', () => {
  const output = new Recorder(true)
  const display = createTrainingDisplay(output)
  display.show(update({ share: 0.5, validationLoss: undefined, epochs: 2 }))
  display.show(update({ epoch: 2, epochs: 2, loss: 3.4e37, validationLoss: 1.25e-12 }))
  display.stop()
  display.stop()
  const [hide, show] = ['\u001b[?25l', '\u001b[?25h']
  expect(output.text).toContain(hide)
  expect(output.text.lastIndexOf(show)).toBeGreaterThan(output.text.lastIndexOf(hide))
  expect(output.text).toContain(
    '░ epoch 1/2 | loss 1.500 | validation - | 1 min 5 s left | rate 0.00100',
  )
  expect(output.text).toContain('█ epoch 2/2 | loss 3.400e37 | validation 1.250e-12 |')
})

it('leaves the terminal as it is if nothing was trained', () => {
  const output = new Recorder(true)
  createTrainingDisplay(output).stop()
  expect(output.text).toBe('')
})

it('writes each event as a line of JSON, unrounded', () => {
  const output = new Recorder()
  const epoch = {
    ...{ epoch: 1, epochs: 2, loss: 0.1 + 0.2, validationLoss: NaN, learningRate: 1e-3 },
    ...{ gradNorm: Infinity, seconds: 1 / 3, secondsLeft: null },
  }
  writeEvent(output, { event: 'epoch', ...epoch })
  writeEvent(output, { event: 'saved', files: ['a\nb'] })
  expect(
    output.text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    { event: 'epoch', ...epoch, validationLoss: null, gradNorm: null },
    { event: 'saved', files: ['a\nb'] },
  ])
})

it.each([
  [0.034, '0.034 s'],
  [4.26, '4.3 s'],
  [9.99, '10 s'],
  [59.4, '59 s'],
  [59.7, '1 min'],
  [125, '2 min 5 s'],
  [3599.9, '1 h'],
  [3660, '1 h 1 min'],
  [90_000, '1 d 1 h'],
])('formats %d seconds', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text)
})
