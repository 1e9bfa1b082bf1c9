import { GRU, SequenceModel, setThreads, runtime, Trainer } from '../lib'
import { bitsOf, randomSource, uniform } from './support/numbers'
import { seed } from './support/random'
import { BATCH, make, options, stepAt, stepped, wholeBits, x } from './support/sessions'

const before = runtime().threads
afterEach(() => {
  setThreads(before)
})

/** The names of the calls in the order in which their promises settled. */
async function orderOf(calls: Readonly<Record<string, Promise<unknown>>>): Promise<string[]> {
  const order: string[] = []
  const notes = Object.entries(calls).map(([name, call]) => call.then(() => order.push(name)))
  await Promise.all(notes)
  return order
}

const long = new Float32Array(100_000 * BATCH * 2)

describe('calls of one model', () => {
  test('run at the same time on several threads', async () => {
    setThreads(2)
    const model = make()
    const calls = {
      long: model.predict(long, { batch: BATCH }),
      short: model.predict(x, { batch: BATCH }),
      step: model.session({ batch: BATCH }).step(stepAt(0)),
    }
    expect((await orderOf(calls)).at(-1)).toBe('long')
  })

  test('run one after another on one thread', async () => {
    setThreads(1)
    const model = make()
    const calls = {
      long: model.predict(long, { batch: BATCH }),
      short: model.predict(x, { batch: BATCH }),
    }
    expect(await orderOf(calls)).toEqual(['long', 'short'])
  })

  test('have the bits of the same calls alone', async () => {
    setThreads(4)
    const random = randomSource(seed)
    const model = make()
    const inputs = Array.from({ length: 40 }, () =>
      uniform(random, BATCH * 2 * (1 + Math.floor(random() * 300))),
    )
    const together = await Promise.all(
      inputs.map((input) => model.predict(input, { batch: BATCH })),
    )
    expect(together.map(bitsOf)).toEqual(
      inputs.map((input) => bitsOf(model.predictSync(input, { batch: BATCH }))),
    )
  })

  test('of different sessions have the bits of each session alone', async () => {
    setThreads(4)
    const model = make()
    const sessions = Array.from({ length: 10 }, () => model.session({ batch: BATCH }))
    const steps = [0, 1, 2, 3, 4, 5]
    const got = await Promise.all(
      steps.flatMap((step) => sessions.map((session) => session.step(stepAt(step)))),
    )
    const wanted = wholeBits(model, steps).flatMap((bits) => sessions.map(() => bits))
    expect(got.map(bitsOf)).toEqual(wanted)
  })

  test('wait for a fork of their session and for the calls before it', async () => {
    setThreads(4)
    const model = make()
    const session = stepped(model, 1)
    const first = session.step(stepAt(1))
    const fork = session.fork()
    const second = session.step(stepAt(2))
    const ofFork = (await fork).step(stepAt(2))
    const got = await Promise.all([first, second, ofFork])
    const wanted = wholeBits(model, [0, 1, 2])
    expect(got.map(bitsOf)).toEqual([1, 2, 2].map((step) => wanted[step]))
  })

  test('see an update of the parameters that was called before them, and no later one', async () => {
    setThreads(4)
    const model = make()
    const other = make()
    const [trainer, alone] = [model, other].map(
      (one) => new Trainer(one, { optimizer: { kind: 'sgd', learningRate: 0.5 } }),
    )
    const batch = { input: x, target: new Float32Array(BATCH * 3), batch: BATCH }
    const pending: Promise<Float32Array>[] = []
    const wanted: string[] = []
    for (let update = 0; update < 5; update++) {
      for (let i = 0; i < 8; i++) pending.push(model.predict(x, { batch: BATCH }))
      void trainer!.step(batch)
      const bits = bitsOf(other.predictSync(x, { batch: BATCH }))
      for (let i = 0; i < 8; i++) wanted.push(bits)
      await alone!.step(batch)
    }
    expect((await Promise.all(pending)).map(bitsOf)).toEqual(wanted)
    expect(new Set(wanted).size).toBe(5)
  })
})

test('calls of a layer run at the same time, to the bits of the calls alone', async () => {
  setThreads(2)
  const gru = new GRU({ inputSize: 3, hiddenSize: 16, bidirectional: true, seed: 5 })
  const input = uniform(randomSource(seed), 3 * 50)
  const longInput = new Float32Array(3 * 100_000)
  const short = gru.forward(input)
  const calls = { long: gru.forward(longInput), other: gru.forward(input) }
  expect((await orderOf(calls)).at(-1)).toBe('long')
  const alone = gru.forwardSync(input)
  expect(bitsOf((await short).output)).toBe(bitsOf(alone.output))
  expect(bitsOf((await calls.other).state)).toBe(bitsOf(alone.state))
  gru.dispose()
})

test('a first call that must draw the parameters may be several', async () => {
  setThreads(4)
  const models = Array.from({ length: 20 }, () => new SequenceModel(options))
  const alone = bitsOf(models[0]!.predictSync(x, { batch: BATCH }))
  const pending = models.flatMap((model) => [1, 2, 3].map(() => model.predict(x, { batch: BATCH })))
  for (const predictions of await Promise.all(pending)) expect(bitsOf(predictions)).toBe(alone)
  for (const model of models) model.dispose()
})
