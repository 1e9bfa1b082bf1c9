import { Dataset, GRU, SequenceModel, Trainer } from '../../lib'

// One thread: a call that has begun keeps the event loop waiting. Between two calls it turns.

const makeTrainer = () =>
  new Trainer(
    new SequenceModel({
      input: { features: 1 },
      gru: { hiddenSize: 16 },
      output: { size: 1, loss: 'meanSquaredError', every: 'last' },
      seed: 1,
    }),
    { optimizer: { kind: 'adam' } },
  )

const sequences = Array.from({ length: 4 }, (_, i) => ({
  input: new Float32Array(50).fill(i / 4),
  target: Float32Array.of(i),
}))

test('timers run while fit trains, and a signal that one aborts ends it between two updates', async () => {
  const trainer = makeTrainer()
  const controller = new AbortController()
  const reason = new Error('enough')
  let ticks = 0
  const timer = setInterval(() => {
    if (++ticks === 5) controller.abort(reason)
  }, 1)
  let updates = 0
  const train = async (): Promise<void> => {
    const options = { epochs: 1_000_000, batchSize: 4, signal: controller.signal }
    for await (const { epoch } of trainer.fit(new Dataset(sequences), options)) updates = epoch
  }
  await expect(train()).rejects.toBe(reason)
  clearInterval(timer)
  expect(ticks).toBe(5)
  expect(updates).toBeGreaterThan(0)
  // The trainer goes on from there.
  expect((await trainer.step(sequences[0]!)).loss).toBeGreaterThanOrEqual(0)
})

test('calls that have not begun can be aborted by a timer', async () => {
  using layer = new GRU({ inputSize: 1, hiddenSize: 64, seed: 1 })
  const input = new Float32Array(2000)
  const controller = new AbortController()
  const { signal } = controller
  const calls = Array.from({ length: 1000 }, () => layer.forward(input, { signal }))
  const ends = Promise.allSettled(calls)
  setTimeout(() => {
    controller.abort('enough')
  }, 1)
  const states = (await ends).map(({ status }) => status)
  expect(states[0]).toBe('fulfilled')
  expect(states.at(-1)).toBe('rejected')
})
