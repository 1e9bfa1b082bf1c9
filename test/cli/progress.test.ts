import { createProgress } from '../../lib/cli/progress'
import { Recorder } from './harness'

const EPOCHS = [
  { epoch: 1, loss: 1.5, validationLoss: 1.25 },
  { epoch: 2, loss: 0.75, validationLoss: 0.5 },
]

it('writes one plain line an epoch into a pipe', () => {
  const output = new Recorder()
  const progress = createProgress(output, 12)
  for (const epoch of EPOCHS) progress.show(epoch)
  progress.stop()
  expect(output.text).toBe(
    'epoch  1/12  loss 1.500  validation 1.250\nepoch  2/12  loss 0.7500  validation 0.5000\n',
  )
})

it('draws a bar on a terminal, and gives the cursor back', () => {
  const output = new Recorder(true)
  const progress = createProgress(output, 2)
  for (const epoch of EPOCHS) progress.show(epoch)
  progress.stop()
  const [hide, show] = ['\u001b[?25l', '\u001b[?25h']
  expect(output.text).toContain(hide)
  expect(output.text.lastIndexOf(show)).toBeGreaterThan(output.text.lastIndexOf(hide))
  expect(output.text).toContain('░░░░ 0/2 | loss - | validation -')
  expect(output.text).toContain('████ 2/2 | loss 0.7500 | validation 0.5000')
})

it.each([false, true])(
  'shows losses of any scale with digits that tell, on a terminal: %j',
  (isTTY) => {
    const output = new Recorder(isTTY)
    const progress = createProgress(output, 1)
    progress.show({ epoch: 1, loss: 3.4e37, validationLoss: 1.2345e-12 })
    progress.stop()
    expect(output.text).toContain('loss 3.400e37')
    expect(output.text).toMatch(/validation 1\.23[45]e-12/)
  },
)
