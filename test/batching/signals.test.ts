import { getEventListeners } from 'node:events'
import { SequenceModel, type SequenceSession } from '../../lib'
import {
  alone,
  bitsOfOutput,
  keep,
  makeBatcher,
  nextTurn,
  plain,
  reasonsOf,
  recordBatches,
  stepAlone,
} from '../support/batching'
import { expectGruRejection } from '../support/errors'
import { randomSource } from '../support/numbers'

const random = randomSource(9)
const input = () => plain.draw(random, 3, 3)
const reason = new Error('enough')

test('a signal that is aborted already refuses at once, and nothing is computed', async () => {
  const batches = recordBatches()
  const batcher = makeBatcher(plain.create(1))
  const signal = AbortSignal.abort(reason)
  await expect(batcher.predict(input(), { signal })).rejects.toBe(reason)
  expect(batcher.statistics).toMatchObject({ queued: 0, aborted: 1 })
  await nextTurn()
  expect(batches).toEqual([])
})

test('an abort takes a request out of the queue, rejects it at once, and leaves the others', async () => {
  const batches = recordBatches()
  const model = plain.create(1)
  const batcher = makeBatcher(model)
  const session = keep(model.session())
  const controller = new AbortController()
  const { signal } = controller
  const inputs = Array.from({ length: 4 }, input)
  const expected = inputs.map((each) => alone(model, each))
  const requests = inputs.map((each, i) => batcher.predict(each, i % 2 === 0 ? { signal } : {}))
  const step = batcher.step(session, plain.drawStep(random, 1), { signal })
  controller.abort(reason)
  expect(batcher.statistics).toMatchObject({ queued: 2, aborted: 3 })
  expect(await reasonsOf([requests[0]!, requests[2]!, step])).toEqual([reason, reason, reason])
  expect(batches).toEqual([])
  const answers = await Promise.all([requests[1]!, requests[3]!])
  expect(answers.map(bitsOfOutput)).toEqual([expected[1], expected[3]])
  expect(batches.map(({ requests: count }) => count)).toEqual([2])
  expect(session.getStateSync()).toEqual(new Float32Array(session.stateSize))
})

test('an abort of a request that is computed rejects it at once; its batch goes on, and its step counts', async () => {
  // Large enough that a batch of it is not done when the abort comes.
  const model = keep(
    new SequenceModel({
      ...{ input: { features: 3 }, gru: { hiddenSize: 512, numLayers: 4 }, seed: 1 },
      output: { size: 1, loss: 'meanSquaredError' },
    }),
  )
  const batches = recordBatches()
  const batcher = makeBatcher(model)
  const sessions = [1, 2].map(() => keep(model.session({ batch: 8 })))
  const others: SequenceSession[] = [1, 2].map(() => keep(model.session({ batch: 8 })))
  const steps = [1, 2].map(() => plain.drawStep(random, 8))
  const expected = others.map((other, i) => stepAlone(other, steps[i]!))
  const controller = new AbortController()
  const { signal } = controller
  const requests = [
    batcher.step(sessions[0]!, steps[0]!, { signal }),
    batcher.step(sessions[1]!, steps[1]!),
  ]
  while (batcher.statistics.computing === 0) await new Promise(setImmediate)
  controller.abort(reason)
  await expect(requests[0]).rejects.toBe(reason)
  expect(batches).toEqual([])
  expect(batcher.statistics).toMatchObject({ computing: 2, aborted: 1 })
  expect(bitsOfOutput(await requests[1]!)).toEqual(expected[1])
  expect(batches.map(({ requests: count }) => count)).toEqual([2])
  expect(batcher.statistics).toMatchObject({ aborted: 1, completed: 1, failed: 0 })
  for (const [i, session] of sessions.entries()) {
    expect(await session.getState()).toEqual(others[i]!.getStateSync())
  }
})

test('one signal of many requests has one listener, and none after them', async () => {
  const warnings: string[] = []
  const warn = ({ name }: Error): void => {
    warnings.push(name)
  }
  process.on('warning', warn)
  const batcher = makeBatcher(plain.create(1))
  const controller = new AbortController()
  const { signal } = controller
  const requests = Array.from({ length: 1000 }, () => batcher.predict(input(), { signal }))
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  await Promise.all(requests)
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  const again = Array.from({ length: 1000 }, () => batcher.predict(input(), { signal }))
  controller.abort(reason)
  expect(new Set(await reasonsOf(again))).toEqual(new Set([reason]))
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  expect(batcher.statistics).toMatchObject({ queued: 0, completed: 1000, aborted: 1000 })
  await nextTurn()
  process.off('warning', warn)
  expect(warnings).toEqual([])
})

test('a signal must be one', async () => {
  const batcher = makeBatcher(plain.create(1))
  await expectGruRejection(
    batcher.predict(input(), { signal: {} as AbortSignal }),
    'ERR_GRU_TYPE',
    'signal: expected an AbortSignal, got an object',
  )
})
