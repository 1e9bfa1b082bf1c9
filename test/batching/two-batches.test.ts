import { type Model, SequenceModel } from '../../lib'
import { PaddedSize } from '../../lib/batching/padded-size'
import type { Work } from '../../lib/batching/work'
import { native } from '../../lib/native'
import {
  alone,
  bitsOfOutput,
  keep,
  makeBatcher,
  nextTurn,
  plain,
  recordBatches,
  stepAlone,
} from '../support/batching'
import { expectGruError, expectGruRejection } from '../support/errors'
import { randomSource, uniform } from '../support/numbers'

const random = randomSource(12)

afterEach(() => {
  jest.restoreAllMocks()
})

/** A call of the native part that has not ended. */
interface Call {
  /** Lets the native part compute it. */
  readonly end: () => void
  readonly fail: (error: Error) => void
}

/** Holds all steps of sessions back. */
function holdSteps(): Call[] {
  const surface = native()
  const stepSessions = surface.stepSessions.bind(surface)
  const calls: Call[] = []
  jest.spyOn(surface, 'stepSessions').mockImplementation(async (...given) => {
    await new Promise<void>((resolve, reject) => {
      calls.push({ end: resolve, fail: reject })
    })
    await stepSessions(...given)
  })
  return calls
}

function sessionsOf(model: SequenceModel | Model, count: number) {
  return Array.from({ length: count }, () => keep(model.session()))
}

test('two batches are computed at the same time, and each request counts', async () => {
  let now = 0
  jest.spyOn(performance, 'now').mockImplementation(() => now)
  const calls = holdSteps()
  const model = plain.create(1)
  const batcher = makeBatcher(model)
  const batches = recordBatches()
  const input = plain.drawStep(random, 1)
  const at = async (time: number): Promise<void> => {
    await nextTurn()
    now = time
  }
  const requests = sessionsOf(model, 2).map((session) => batcher.step(session, input))
  await at(1000)
  requests.push(...sessionsOf(model, 3).map((session) => batcher.step(session, input)))
  await at(2000)
  requests.push(...sessionsOf(model, 4).map((session) => batcher.step(session, input)))
  await at(4000)
  expect(calls).toHaveLength(2)
  expect(batcher.statistics).toMatchObject({ queued: 4, computing: 5, computingTime: 0 })
  calls[1]!.end()
  await Promise.all(requests.slice(2, 5))
  expect(batcher.statistics).toMatchObject({ completed: 3, computingTime: 4 })
  await at(10_000)
  expect(calls).toHaveLength(3)
  expect(batcher.statistics).toMatchObject({ queued: 0, computing: 6 })
  for (const { end } of calls) end()
  await Promise.all(requests)
  await nextTurn()
  expect(batcher.statistics).toMatchObject({
    ...{ computing: 0, completed: 9, batches: 3, batchedRequests: 9 },
    // From 0 to 10 s, not 3 + 10 + 6 s. Three requests did not wait, two did for 0 s, and four for 2 s.
    ...{ computingTime: 10, waitingTime: 8 },
  })
  const times = batches.map(({ requests: count, computingTime }) => [count, computingTime])
  expect(times.sort(([one], [other]) => one! - other!)).toEqual([
    [2, 10],
    [3, 3],
    [4, 6],
  ])
})

test('many requests are divided, so that two batches can be computed at the same time', async () => {
  const batches = recordBatches()
  const model = plain.create(1)
  const batcher = makeBatcher(model, { maxBatch: 100 })
  const input = plain.draw(random, 3, 3)
  const sizesOf = async (count: number): Promise<number[]> => {
    await Promise.all(Array.from({ length: count }, () => batcher.predict(input)))
    const sizes = batches.splice(0).map(({ requests }) => requests)
    return sizes.sort((one, other) => other - one)
  }
  expect(await sizesOf(30)).toEqual([30])
  expect(await sizesOf(31)).toEqual([16, 15])
  expect(await sizesOf(80)).toEqual([40, 40])
  expect(await sizesOf(200)).toEqual([100, 100])
})

test('a step waits for an earlier one of its session, also if that one must be computed again', async () => {
  const calls = holdSteps()
  const model = plain.create(1)
  const batcher = makeBatcher(model)
  const [session, other, reference] = sessionsOf(model, 3)
  const inputs = [1, 2, 3].map(() => plain.drawStep(random, 1))
  const expected = inputs.map((input) => stepAlone(reference!, input))
  const first = [batcher.step(session!, inputs[0]!), batcher.step(other!, inputs[0]!)]
  await nextTurn()
  const second = batcher.step(session!, inputs[1]!)
  const third = batcher.step(session!, inputs[2]!)
  await nextTurn()
  expect(calls).toHaveLength(1)
  expect(batcher.statistics).toMatchObject({ queued: 2, computing: 2 })
  calls[0]!.fail(new Error('out of luck'))
  for (let next = 1; next < 5; next++) {
    while (calls.length === next) await nextTurn()
    expect(calls).toHaveLength(next + 1)
    calls[next]!.end()
  }
  const answers = await Promise.all([...first, second, third])
  expect(answers.map(bitsOfOutput)).toEqual([expected[0], ...expected])
})

test('a batch does not hold sequences of very different lengths', async () => {
  const batches = recordBatches()
  const model = plain.create(1)
  const batcher = makeBatcher(model)
  const short = Array.from({ length: 13 }, (_, i) => 1 + i)
  const lengths = [5, 30_000, 7, 3, 20_000, 6, 25_000, ...short]
  const inputs = lengths.map((steps) => uniform(random, steps * 3))
  const expected = inputs.map((input) => alone(model, input))
  const answers = await Promise.all(inputs.map((input) => batcher.predict(input)))
  expect(answers.map(bitsOfOutput)).toEqual(expected)
  for (const { requests, steps } of batches) {
    // One batch of all would have 600,000 steps.
    expect(requests * steps).toBeLessThanOrEqual(4 * 75_100)
  }
  expect(batches.map(({ requests }) => requests)).toEqual([10, 10])
})

describe('PaddedSize', () => {
  const work = (...lengths: number[]): Work =>
    ({ inputs: lengths.map((length) => new Float32Array(length)) }) as unknown as Work

  test('takes any first work, and whatever makes the padding no problem', () => {
    const size = new PaddedSize()
    expect(size.add(work(10 ** 6))).toBe(true)
    const small = new PaddedSize()
    for (let i = 0; i < 200; i++) expect(small.add(work(i === 100 ? 1000 : 1))).toBe(true)
  })

  test('takes works until the padded batch is more than four times as large', () => {
    const size = new PaddedSize()
    const isTaken = [1, 300_000, 1, 1, 1, 300_000, 1].map((length) => size.add(work(length)))
    // 4 * 300,000 <= 4 * 300,003, but not 5 * 300,000; then 5 * 300,000 <= 4 * 600,003.
    expect(isTaken).toEqual([true, true, true, true, false, true, true])
  })

  test('adds up the inputs of a work', () => {
    const size = new PaddedSize()
    expect(size.add(work(1, 200_000))).toBe(true)
    expect(size.add(work(200_000, 1))).toBe(true)
    expect(size.add(work(1, 1))).toBe(true)
    // 4 * 400,000 <= 4 * 400,006
    expect(size.add(work(1, 1))).toBe(true)
    expect(size.add(work(1, 1))).toBe(false)
  })
})

describe('what was disposed of is refused at once', () => {
  const message = (name: string): string =>
    `${name}: expected one in use, got one that was disposed`

  test('a model by new Batcher and by replace, which keeps the old one', async () => {
    const disposed = plain.create(1)
    disposed.dispose()
    expectGruError(() => makeBatcher(disposed), 'ERR_GRU_DISPOSED', message('model'))
    const model = plain.create(2)
    const batcher = makeBatcher(model)
    await expectGruRejection(batcher.replace(disposed), 'ERR_GRU_DISPOSED', message('model'))
    const input = plain.draw(random, 3, 3)
    expect(bitsOfOutput(await batcher.predict(input))).toEqual(alone(model, input))
  })

  test('a session by step, each time, and a prediction of a model', async () => {
    const model = plain.create(1)
    const batcher = makeBatcher(model, { maxQueue: 1 })
    const [session] = sessionsOf(model, 1)
    session!.dispose()
    const step = () => batcher.step(session!, plain.drawStep(random, 1))
    for (let i = 0; i < 3; i++) {
      await expectGruRejection(step(), 'ERR_GRU_DISPOSED', message('session'))
    }
    model.dispose()
    const predict = batcher.predict(plain.draw(random, 3, 3))
    await expectGruRejection(predict, 'ERR_GRU_DISPOSED', message('model'))
    expect(batcher.statistics).toMatchObject({ queued: 0, batches: 0, failed: 0, refused: 0 })
  })
})
