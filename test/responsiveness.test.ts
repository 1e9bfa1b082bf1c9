import { Dataset, GRU, SequenceModel, Trainer } from '../lib'

const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

const modelOf = (hiddenSize: number): SequenceModel =>
  new SequenceModel({
    input: { features: 1 },
    gru: { hiddenSize },
    output: { size: 1, loss: 'meanSquaredError', every: 'last' },
  })

/**
 * Starts many calls, each after the one before, and stops them all once twenty timers have run. They are more work than
 * a test may take, and only the timers end them: if timers waited for the calls, the test would never end in time.
 * Returns how the last call ended.
 */
async function endAfterTimers(start: (signal: AbortSignal) => Promise<unknown>): Promise<unknown> {
  const controller = new AbortController()
  const ends = Array.from({ length: 100 }, () =>
    start(controller.signal).then(
      () => 'finished',
      (reason: unknown) => reason,
    ),
  )
  for (let ticks = 0; ticks < 20; ticks++) await wait(1)
  controller.abort('stopped')
  return (await Promise.all(ends)).at(-1)
}

test('timers run while training steps are computed', async () => {
  using model = modelOf(64)
  using trainer = new Trainer(model, { optimizer: { kind: 'adam' } })
  const input = new Float32Array(200_000)
  const target = new Float32Array(1)
  expect(await endAfterTimers((signal) => trainer.step({ input, target, signal }))).toBe('stopped')
})

test('timers run while forward calls are computed', async () => {
  using gru = new GRU({ inputSize: 1, hiddenSize: 128 })
  const input = new Float32Array(200_000)
  expect(await endAfterTimers((signal) => gru.forward(input, { signal }))).toBe('stopped')
})

test('timers run in a loop of awaited steps that are computed at once', async () => {
  using model = new SequenceModel({
    input: { features: 1 },
    gru: { hiddenSize: 2 },
    output: { size: 1, loss: 'meanSquaredError' },
  })
  using gru = new GRU({ inputSize: 1, hiddenSize: 2 })
  const session = model.session()
  const input = new Float32Array(1)
  const loop = async (step: (signal: AbortSignal) => Promise<unknown>): Promise<void> => {
    const controller = new AbortController()
    setTimeout(() => {
      controller.abort('stopped')
    }, 1)
    // More calls than a timer needs. A loop without end would keep even the test's own timer from running.
    for (let call = 0; call < 1_000_000; call++) await step(controller.signal)
  }
  await expect(loop((signal) => session.step(input, { signal }))).rejects.toBe('stopped')
  await expect(loop((signal) => model.predict(input, { signal }))).rejects.toBe('stopped')
  await expect(loop((signal) => gru.forward(input, { signal }))).rejects.toBe('stopped')
})

test('a Dataset of many sequences is checked with turns in between, and the check can be aborted', async () => {
  using model = modelOf(2)
  using trainer = new Trainer(model, { optimizer: { kind: 'adam' } })
  const target = new Float32Array(1)
  const long = { input: new Float32Array(20_000), target }
  const wrong = { input: Float32Array.of(NaN), target }
  const data = new Dataset([...new Array<typeof long>(2000).fill(long), wrong])
  const controller = new AbortController()
  setImmediate(() => {
    controller.abort('stopped')
  })
  const fit = trainer.fit(data, { epochs: 1, signal: controller.signal })
  await expect(fit.next()).rejects.toBe('stopped')
})
