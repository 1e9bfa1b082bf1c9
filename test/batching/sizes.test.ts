import { Model, type ModelOptions } from '../../lib'
import {
  alone,
  bitsOfOutput,
  keep,
  makeBatcher,
  nextTurn,
  plain,
  recordBatches,
} from '../support/batching'
import { randomSource, uniform } from '../support/numbers'

const random = randomSource(8)
const input = () => plain.draw(random, 3, 3)

afterEach(() => {
  jest.useRealTimers()
})

/** Fake timers, except for those that the native part and the turns of the event loop need. */
function useFakeTimers(): void {
  jest.useFakeTimers({
    doNotFake: ['setImmediate', 'clearImmediate', 'nextTick', 'queueMicrotask'],
  })
}

test('requests of one turn of the event loop become one batch, whose answers make the next one', async () => {
  const batches = recordBatches()
  const batcher = makeBatcher(plain.create(1))
  const caller = async (): Promise<void> => {
    for (let i = 0; i < 3; i++) await batcher.predict(input())
  }
  await Promise.all(Array.from({ length: 10 }, caller))
  expect(batches.map(({ requests }) => requests)).toEqual([10, 10, 10])
})

test('no batch has more than maxBatch sequences', async () => {
  const batches = recordBatches()
  const model = plain.create(1)
  const batcher = makeBatcher(model, { maxBatch: 8 })
  const sequencesOf = () => batches.splice(0).map(({ sequences }) => sequences)
  await Promise.all(Array.from({ length: 20 }, () => batcher.predict(input())))
  expect(sequencesOf()).toEqual([8, 8, 4])
  // The order is kept: the session of 3 is not overtaken by the one of 1. A session with more goes alone.
  const sessions = [3, 3, 3, 1, 11, 2, 6].map((batch) => keep(model.session({ batch })))
  await Promise.all(
    sessions.map((session) => batcher.step(session, plain.drawStep(random, session.batch))),
  )
  expect(sequencesOf()).toEqual([6, 4, 11, 8])
})

test.each(['inputs', 'outputs'])(
  'a batch has no more %s than the native part takes',
  async (many) => {
    const names = Array.from({ length: 2200 }, (_, i) => `x${i}`)
    const loss = { loss: 'meanSquaredError' } as const
    const linear = (input: string) => ({ type: 'linear', input, size: 1 }) as const
    const options: ModelOptions =
      many === 'inputs'
        ? {
            inputs: Object.fromEntries(names.map((name) => [name, { features: 1 }])),
            layers: { all: { type: 'concat', inputs: names }, sum: linear('all') },
            outputs: { sum: loss },
          }
        : {
            inputs: { x: { features: 1 } },
            layers: Object.fromEntries(names.map((name) => [name, linear('x')])),
            outputs: Object.fromEntries(names.map((name) => [name, loss])),
          }
    const model = keep(new Model(options))
    const batches = recordBatches()
    const batcher = makeBatcher(model)
    const drawn = many === 'inputs' ? names : ['x']
    const given = Object.fromEntries(drawn.map((name) => [name, uniform(random, 1)]))
    const answers = await Promise.all(Array.from({ length: 30 }, () => batcher.predict(given)))
    const bits = answers.map((answer) => bitsOfOutput(answer).join())
    expect(new Set(bits)).toEqual(new Set([alone(model, given).join()]))
    // 65,536 arrays are those of 29 sequences.
    const sizes = batches.map(({ requests }) => requests)
    expect(sizes.sort((one, other) => other - one)).toEqual([29, 1])
  },
)

test('a batch waits maxDelay for more requests', async () => {
  useFakeTimers()
  const batches = recordBatches()
  const batcher = makeBatcher(plain.create(1), { maxDelay: 50 })
  const requests = [batcher.predict(input())]
  jest.advanceTimersByTime(30)
  requests.push(batcher.predict(input()))
  jest.advanceTimersByTime(19)
  await nextTurn()
  expect(batcher.statistics).toMatchObject({ queued: 2, computing: 0, batches: 0 })
  jest.advanceTimersByTime(1)
  await Promise.all(requests)
  expect(batches).toMatchObject([{ requests: 2, waitingTime: 0.05 }])
  expect(batcher.statistics.waitingTime).toBeCloseTo(0.07, 9)
})

test('a batch that is full, by its requests or by its sequences, does not wait', async () => {
  useFakeTimers()
  const batches = recordBatches()
  const model = plain.create(1)
  const batcher = makeBatcher(model, { maxBatch: 4, maxDelay: 1000 })
  const first = batcher.predict(input())
  await Promise.all([first, ...[1, 2, 3].map(() => batcher.predict(input()))])
  const session = keep(model.session({ batch: 4 }))
  await batcher.step(session, plain.drawStep(random, 4))
  expect(batches.map(({ sequences }) => sequences)).toEqual([4, 4])
  expect(jest.getTimerCount()).toBe(0)
})

test('requests that an abort takes out leave no timer', async () => {
  useFakeTimers()
  const batcher = makeBatcher(plain.create(1), { maxDelay: 1000 })
  const controller = new AbortController()
  const request = batcher.predict(input(), { signal: controller.signal })
  expect(jest.getTimerCount()).toBe(1)
  controller.abort('enough')
  await expect(request).rejects.toBe('enough')
  expect(jest.getTimerCount()).toBe(0)
  // The next one waits for its own time.
  jest.advanceTimersByTime(600)
  const next = batcher.predict(input())
  jest.advanceTimersByTime(999)
  await nextTurn()
  expect(batcher.statistics.queued).toBe(1)
  jest.advanceTimersByTime(1)
  await next
})

test('a batcher that is closed does not wait', async () => {
  useFakeTimers()
  const batcher = makeBatcher(plain.create(1), { maxDelay: 1000 })
  const request = batcher.predict(input())
  await batcher.close({ deadline: 5000 })
  expect(await request).toHaveLength(12)
  expect(jest.getTimerCount()).toBe(0)
})
