import type { Model, ModelInputs } from '../../lib'
import {
  alone,
  between,
  bitsOfOutput,
  keep,
  makeBatcher,
  named,
  nextTurn,
  plain,
  recordBatches,
} from '../support/batching'
import { expectGruRejection } from '../support/errors'
import { randomSource } from '../support/numbers'
import { seed } from '../support/random'

test('a full queue refuses at once, and takes requests again when it has room', async () => {
  const random = randomSource(seed)
  const model = plain.create(1)
  const batcher = makeBatcher(model, { maxQueue: 3, maxBatch: 2 })
  const input = plain.draw(random, 2, 2)
  const expected = alone(model, input)
  const requests = [1, 2, 3].map(() => batcher.predict(input))
  const session = keep(model.session())
  for (const refused of [
    batcher.predict(input),
    batcher.step(session, plain.drawStep(random, 1)),
  ]) {
    await expectGruRejection(
      refused,
      'ERR_GRU_FULL',
      'batcher: expected fewer than maxQueue = 3 waiting requests, got another one',
    )
  }
  // Both were refused before anything was computed.
  expect(batcher.statistics).toMatchObject({ queued: 3, batches: 0, refused: 2 })
  expect((await Promise.all(requests)).map(bitsOfOutput)).toEqual([expected, expected, expected])
  expect(bitsOfOutput(await batcher.predict(input))).toEqual(expected)
  expect(session.getStateSync()).toEqual(new Float32Array(session.stateSize))
  expect(batcher.statistics).toMatchObject({ queued: 0, completed: 4, refused: 2 })
})

test('a batcher that is full or closed does not look at the input', async () => {
  const model = named.create(1)
  const batcher = makeBatcher(model, { maxQueue: 1 })
  const input = named.draw(randomSource(1), 2, 2) as ModelInputs
  const session = keep(model.session())
  let reads = 0
  const watched = {
    ...input,
    get kind() {
      reads++
      return input['kind']!
    },
  }
  const first = batcher.predict(input)
  await expectGruRejection(batcher.predict(watched), 'ERR_GRU_FULL', /^batcher: /)
  await expectGruRejection(batcher.step(session, watched), 'ERR_GRU_FULL', /^batcher: /)
  await first
  await batcher.close()
  await expectGruRejection(batcher.predict(watched), 'ERR_GRU_CLOSED', /^batcher: /)
  expect([reads, batcher.statistics.refused]).toEqual([0, 3])
})

test('a request whose input makes another one may find the queue full, and counts once', async () => {
  const model = named.create(1)
  const batcher = makeBatcher(model, { maxQueue: 1 })
  const input = named.draw(randomSource(1), 2, 2) as ModelInputs
  let inner: Promise<unknown> | undefined
  const outer = batcher.predict({
    ...input,
    get kind() {
      inner = batcher.predict(input)
      return input['kind']!
    },
  })
  await expectGruRejection(outer, 'ERR_GRU_FULL', /^batcher: /)
  expect(await inner).toEqual((model as Model).predictSync(input))
  expect(batcher.statistics).toMatchObject({ completed: 1, refused: 1 })
})

test('an aborted request leaves its place to another one', async () => {
  const batcher = makeBatcher(plain.create(1), { maxQueue: 1 })
  const input = plain.draw(randomSource(1), 2, 2)
  const controller = new AbortController()
  const first = batcher.predict(input, { signal: controller.signal })
  controller.abort('enough')
  const second = batcher.predict(input)
  await expect(first).rejects.toBe('enough')
  expect(await second).toHaveLength(8)
  expect(batcher.statistics).toMatchObject({ refused: 0, aborted: 1, completed: 1 })
})

test('statistics are zero at first, and add up after random requests with random aborts', async () => {
  const random = randomSource(seed + 1)
  const model = named.create(1)
  const batcher = makeBatcher(model, { maxBatch: 16, maxQueue: 64 })
  expect(batcher.statistics).toEqual({
    ...{ queued: 0, computing: 0, completed: 0, failed: 0, refused: 0, aborted: 0 },
    ...{ batches: 0, batchedRequests: 0, waitingTime: 0, computingTime: 0 },
  })
  const batches = recordBatches()
  const sessions = [1, 2, 3].map((batch) => keep(model.session({ batch })))
  const seen = { completed: 0, refused: 0, aborted: 0, other: 0 }
  const requests: Promise<void>[] = []
  for (let i = 0; i < 2000; i++) {
    const controller = new AbortController()
    const { signal } = controller
    const session = sessions[between(random, 0, 9)]
    const request =
      session === undefined
        ? batcher.predict(named.draw(random, between(random, 1, 4), 2), { signal })
        : batcher.step(session, named.drawStep(random, session.batch), { signal })
    requests.push(
      request.then(
        () => {
          seen.completed++
        },
        (error: unknown) => {
          if (error === 'enough') seen.aborted++
          else if ((error as { code: string }).code === 'ERR_GRU_FULL') seen.refused++
          else seen.other++
        },
      ),
    )
    const draw = random()
    if (draw < 0.1) controller.abort('enough')
    else if (draw < 0.2) {
      setImmediate(() => {
        controller.abort('enough')
      })
    }
    if (random() < 0.05) await nextTurn()
  }
  await Promise.all(requests)
  await nextTurn()
  const { statistics } = batcher
  const { other, ...counts } = seen
  expect(other).toBe(0)
  expect(statistics).toMatchObject({ ...counts, queued: 0, computing: 0, failed: 0 })
  expect(counts.completed + counts.refused + counts.aborted).toBe(2000)
  expect(counts.completed).toBeGreaterThan(0)
  expect(counts.aborted).toBeGreaterThan(0)
  expect(statistics.batches).toBe(batches.length)
  const inBatches = batches.reduce((sum, message) => sum + message.requests, 0)
  expect(statistics.batchedRequests).toBe(inBatches)
  // Some were aborted while they were computed.
  expect(inBatches).toBeGreaterThanOrEqual(counts.completed)
  expect(inBatches).toBeLessThanOrEqual(counts.completed + counts.aborted)
  const times = batches.map(({ computingTime }) => computingTime)
  // Two batches may be computed at the same time.
  expect(statistics.computingTime).toBeGreaterThanOrEqual(Math.max(...times))
  const all = times.reduce((sum, time) => sum + time)
  expect(statistics.computingTime).toBeLessThan(all + 1e-9)
  for (const value of Object.values(statistics)) expect(typeof value).toBe('number')
})
