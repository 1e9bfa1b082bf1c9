import {
  alone,
  bitsOfOutput,
  keep,
  makeBatcher,
  nextTurn,
  plain,
  reasonsOf,
  recordBatches,
} from '../support/batching'
import { expectGruRejection } from '../support/errors'
import { libraryProcess } from '../support/library-process'
import { randomSource } from '../support/numbers'
import { temporaryFolder } from '../support/temporary-folder'

const random = randomSource(12)
const input = plain.draw(random, 3, 3)
const temporary = temporaryFolder()
const CLOSED = 'batcher: expected an open one, got one that was closed'

afterEach(() => {
  jest.useRealTimers()
})

test('close computes what waits, and refuses new requests', async () => {
  const model = plain.create(1)
  const batcher = makeBatcher(model, { maxBatch: 2 })
  const session = keep(model.session())
  const expected = alone(model, input)
  const requests = Array.from({ length: 5 }, () => batcher.predict(input))
  let isClosed = false
  const closed = [batcher.close(), batcher.close({ deadline: 2 ** 31 - 1 })]
  void closed[0]!.then(() => {
    isClosed = true
  })
  await expectGruRejection(batcher.predict(input), 'ERR_GRU_CLOSED', CLOSED)
  await expectGruRejection(
    batcher.step(session, plain.drawStep(random, 1)),
    'ERR_GRU_CLOSED',
    CLOSED,
  )
  expect(isClosed).toBe(false)
  await Promise.all(closed)
  expect(batcher.statistics).toMatchObject({
    ...{ queued: 0, computing: 0, completed: 5, refused: 2, aborted: 0 },
  })
  expect((await Promise.all(requests)).map(bitsOfOutput)).toEqual(new Array(5).fill(expected))
  // Once more, with nothing to do. The model is left alone.
  await batcher.close()
  await batcher.close({ deadline: 0 })
  await expectGruRejection(batcher.predict(input), 'ERR_GRU_CLOSED', CLOSED)
  expect(alone(model, input)).toEqual(expected)
})

test('after the deadline, requests that still wait are rejected; those that are computed end', async () => {
  jest.useFakeTimers({
    doNotFake: ['setImmediate', 'clearImmediate', 'nextTick', 'queueMicrotask'],
  })
  const model = plain.create(1)
  const expected = alone(model, input)
  const batches = recordBatches()
  const batcher = makeBatcher(model, { maxBatch: 2 })
  const requests = Array.from({ length: 7 }, () => batcher.predict(input))
  while (batcher.statistics.computing === 0) await new Promise(setImmediate)
  const closed = batcher.close({ deadline: 100 })
  expect(jest.getTimerCount()).toBe(1)
  // In the same turn in which the first two batches are computed.
  jest.advanceTimersByTime(100)
  await closed
  for (const request of requests.slice(4)) {
    await expectGruRejection(request, 'ERR_GRU_CLOSED', CLOSED)
  }
  const answers = await Promise.all(requests.slice(0, 4))
  expect(answers.map(bitsOfOutput)).toEqual(new Array(4).fill(expected))
  await nextTurn()
  expect(batches.map(({ requests: count }) => count)).toEqual([2, 2])
  expect(batcher.statistics).toMatchObject({ queued: 0, completed: 4, aborted: 3, refused: 0 })
  expect(jest.getTimerCount()).toBe(0)
})

test.each([
  [{ deadline: -1 }, 'ERR_GRU_VALUE', /^deadline: expected a finite number at least 0/],
  [{ deadline: '5' }, 'ERR_GRU_TYPE', /^deadline: /],
  [{ timeout: 5 }, 'ERR_GRU_VALUE', /^options: expected only the keys deadline, got/],
] as const)('close refuses %p, and the batcher stays open', async (options, code, message) => {
  const batcher = makeBatcher(plain.create(1))
  await expectGruRejection(batcher.close(options as never), code, message)
  expect(await reasonsOf([batcher.predict(input)])).toEqual([undefined])
})

test('a process that uses a batcher ends by itself, closed or not', () => {
  const run = libraryProcess(temporary('library'))
  const use = `
    const model = new gru.SequenceModel({
      input: { features: 1 },
      gru: { hiddenSize: 2 },
      output: { size: 1, loss: 'meanSquaredError' },
    })
    const batcher = new gru.Batcher(model, { maxDelay: 1 })
    const session = model.session()
    const { signal } = new AbortController()
    const work = Promise.all([
      batcher.predict(Float32Array.of(1, 2), { signal }),
      batcher.step(session, Float32Array.of(1)),
    ])
  `
  const done = { status: 0, signal: null, output: '2 1\n' }
  const print = '(([{ length }, other]) => console.log(length, other.length))'
  expect(run(`${use}; work.then${print}`)).toEqual(done)
  // If its timer stayed, the process would end all the same, after five seconds.
  const close = `batcher.close({ deadline: 5000 }).then(() => {
    if (process.getActiveResourcesInfo().includes('Timeout')) console.log('a timer stays')
  })`
  expect(run(`${use}; work.then${print}.then(() => ${close})`)).toEqual(done)
  expect(run(`${use}; ${close}; work.then${print}`)).toEqual(done)
})
