import { GRU, SequenceModel, Trainer } from '../lib'

const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

/**
 * Lets timers run one after another while a job that takes far longer is pending, then stops the job.
 * Returns how many ran before it settled, and how the job ended. Nothing here depends on how fast a
 * machine is, as long as the job outlasts some milliseconds.
 */
async function ticksDuring(start: (signal: AbortSignal) => Promise<unknown>) {
  const controller = new AbortController()
  const end = start(controller.signal).then(
    () => 'finished',
    (reason: unknown) => reason,
  )
  const settled = end.then(() => true)
  const oneTick = (): Promise<boolean> => wait(1).then(() => false)
  let ticks = 0
  while (ticks < 20 && !(await Promise.race([settled, oneTick()]))) ticks++
  controller.abort('stopped')
  return { ticks, end: await end }
}

test('timers keep time while a long training step runs', async () => {
  using model = new SequenceModel({
    input: { features: 1 },
    gru: { hiddenSize: 64 },
    output: { size: 1, loss: 'meanSquaredError', every: 'last' },
  })
  using trainer = new Trainer(model, { optimizer: { kind: 'adam' } })
  const input = new Float32Array(200_000)
  const target = new Float32Array(1)
  const result = await ticksDuring((signal) => trainer.step({ input, target, signal }))
  expect(result).toEqual({ ticks: 20, end: 'stopped' })
})

test('timers keep time while a long forward call runs', async () => {
  using gru = new GRU({ inputSize: 1, hiddenSize: 128 })
  const input = new Float32Array(300_000)
  const result = await ticksDuring((signal) => gru.forward(input, { signal }))
  expect(result).toEqual({ ticks: 20, end: 'stopped' })
})

test('timers keep time while many steps wait for their turn', async () => {
  using gru = new GRU({ inputSize: 8, hiddenSize: 256 })
  const input = new Float32Array(500 * 32 * 8)
  const result = await ticksDuring((signal) =>
    Promise.all(Array.from({ length: 12 }, () => gru.forward(input, { batch: 32, signal }))),
  )
  expect(result).toEqual({ ticks: 20, end: 'stopped' })
})
