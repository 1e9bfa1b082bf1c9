import { channel } from 'node:diagnostics_channel'
import {
  Batcher,
  type BatchableModel,
  type BatcherOptions,
  GruError,
  type GruErrorCode,
  Seq2Seq,
} from '../../lib'
import { native } from '../../lib/native'
import {
  alone,
  bitsOfOutput,
  type Input,
  keep,
  makeBatcher,
  named,
  nextTurn,
  plain,
  reasonsOf,
  recordBatches,
  stepAlone,
  subjects,
} from '../support/batching'
import { expectGruError, expectGruRejection } from '../support/errors'
import { randomSource } from '../support/numbers'

const random = randomSource(10)
const tokens = subjects[1]!

describe('new Batcher refuses', () => {
  test.each<[BatcherOptions | null, GruErrorCode, string]>([
    [null, 'ERR_GRU_TYPE', 'options: expected a plain object, got null'],
    [{ maxBatch: 0 }, 'ERR_GRU_VALUE', 'maxBatch: expected an integer from 1 to 4096, got 0'],
    [{ maxBatch: 4097 }, 'ERR_GRU_VALUE', 'maxBatch: expected an integer from 1 to 4096, got 4097'],
    [
      { maxQueue: 1.5 },
      'ERR_GRU_VALUE',
      'maxQueue: expected an integer from 1 to 2147483647, got 1.5',
    ],
    [
      { maxDelay: -1 },
      'ERR_GRU_VALUE',
      'maxDelay: expected a finite number at least 0 and at most 2147483647, got -1',
    ],
    [
      // With a longer time a timer would end at once.
      { maxDelay: 2 ** 31 },
      'ERR_GRU_VALUE',
      'maxDelay: expected a finite number at least 0 and at most 2147483647, got 2147483648',
    ],
    [
      { maxSize: 3 } as BatcherOptions,
      'ERR_GRU_VALUE',
      'options: expected only the keys maxBatch, maxDelay, maxQueue, got the key "maxSize"',
    ],
  ])('the options %p', (options, code, message) => {
    const model = plain.create(1)
    expectGruError(() => new Batcher(model, options as BatcherOptions), code, message)
  })

  test('what is no SequenceModel or Model', () => {
    const translator = keep(
      new Seq2Seq({
        source: { tokens: 4, embeddingSize: 2 },
        target: { tokens: 4, embeddingSize: 2, begin: 1, end: 2 },
        encoder: { hiddenSize: 3 },
        decoder: { hiddenSize: 3 },
      }),
    )
    for (const [model, got] of [
      [translator, 'a Seq2Seq'],
      [{}, 'an object'],
      [undefined, 'undefined'],
    ] as const) {
      expectGruError(
        () => new Batcher(model as never),
        'ERR_GRU_TYPE',
        `model: expected a SequenceModel or a Model, got ${got}`,
      )
    }
  })
})

/** The outcome of a request that is made among correct ones, which must not notice it. */
async function failsAlone(model: BatchableModel, input: Input, wrong: Input): Promise<GruError> {
  const batches = recordBatches()
  const batcher = makeBatcher(model)
  const expected = alone(model, input)
  const requests = [batcher.predict(input), batcher.predict(wrong), batcher.predict(input)]
  const [reason] = await reasonsOf([requests[1]!])
  expect(bitsOfOutput(await requests[0]!)).toEqual(expected)
  expect(bitsOfOutput(await requests[2]!)).toEqual(expected)
  expect(batches.map((message) => message.requests)).toEqual([2])
  expect(batcher.statistics).toMatchObject({ completed: 2, failed: 0, refused: 0, aborted: 0 })
  expect(reason).toBeInstanceOf(GruError)
  return reason as GruError
}

describe('a wrong input fails alone, as it does with the model itself', () => {
  test.each<[string, Input]>([
    ['a wrong length', new Float32Array(10)],
    ['no step', new Float32Array(0)],
    ['another type', new Int32Array(9)],
    ['no array', 5 as never],
  ])('of a SequenceModel: %s', async (_, wrong) => {
    const model = plain.create(1)
    const reason = await failsAlone(model, plain.draw(random, 3, 3), wrong)
    expectGruError(() => alone(model, wrong), reason.code, reason.message)
  })

  test('a token that is out of range', async () => {
    const model = tokens.create(1)
    const reason = await failsAlone(model, tokens.draw(random, 3, 3), Int32Array.of(1, 7))
    const message = 'input[1]: expected an integer from 0 to 6, got 7'
    expect(reason).toMatchObject({ code: 'ERR_GRU_VALUE', message })
    expectGruError(() => alone(model, Int32Array.of(1, 7)), 'ERR_GRU_VALUE', message)
  })

  test.each([
    ['joined inputs of different steps', { side: new Float32Array(9) }, 'ERR_GRU_SHAPE'],
    ['an input that is missing', { kind: undefined }, 'ERR_GRU_TYPE'],
    ['one too many', { other: new Float32Array(3) }, 'ERR_GRU_VALUE'],
    ['a token', { kind: Int32Array.of(-1) }, 'ERR_GRU_VALUE'],
  ] as const)('of a Model: %s', async (_, changes, code) => {
    const model = named.create(1)
    const input = named.draw(random, 2, 4)
    const wrong = { ...(input as object), ...changes } as Input
    const reason = await failsAlone(model, input, wrong)
    expect(reason.code).toBe(code)
    expect(reason.message).toMatch(/^inputs.*: expected /)
    expectGruError(() => alone(model, wrong), code, /^inputs.*: expected /)
  })
})

test('a step with a wrong input or a wrong session fails alone', async () => {
  const model = plain.create(1)
  const batcher = makeBatcher(model)
  const session = keep(model.session({ batch: 2 }))
  const other = keep(model.session({ batch: 2 }))
  const foreign = keep(plain.create(1).session({ batch: 2 }))
  const input = plain.drawStep(random, 2)
  const expected = stepAlone(other, input)
  const request = batcher.step(session, input)
  for (const [given, wrong, code, message] of [
    [session, new Float32Array(3), 'ERR_GRU_SHAPE', /^input: expected .*, got 3 values$/],
    [session, new Int32Array(6), 'ERR_GRU_TYPE', /^input: expected a Float32Array/],
    [
      {},
      input,
      'ERR_GRU_TYPE',
      'session: expected a session that model.session returned, got an object',
    ],
    [
      Object.create(Object.getPrototypeOf(session) as object) as object,
      input,
      'ERR_GRU_TYPE',
      'session: expected a session that model.session returned, got a SequenceSession',
    ],
    [
      foreign,
      input,
      'ERR_GRU_VALUE',
      "session: expected a session of the batcher's model, got another one",
    ],
  ] as const) {
    await expectGruRejection(batcher.step(given as typeof session, wrong), code, message)
  }
  expect(bitsOfOutput(await request)).toEqual(expected)
  expect(session.getStateSync()).toEqual(other.getStateSync())
})

describe('an array of a class of the caller', () => {
  class Changing extends Int32Array {
    static get [Symbol.species](): Int32ArrayConstructor {
      throw new Error('a species was asked for')
    }

    override slice(): Int32Array<ArrayBuffer> {
      return Int32Array.of(99)
    }
  }

  test('is copied before it is checked, and without its methods', async () => {
    const batches = recordBatches()
    const model = tokens.create(1)
    const batcher = makeBatcher(model)
    const [session, other] = [keep(model.session()), keep(model.session())]
    const expected = alone(model, Int32Array.of(1, 2))
    expect(bitsOfOutput(await batcher.predict(Changing.of(1, 2)))).toEqual(expected)
    const step = stepAlone(other, Int32Array.of(3))
    expect(bitsOfOutput(await batcher.step(session, Changing.of(3)))).toEqual(step)
    expect(batches.map((message) => 'error' in message)).toEqual([false, false])
  })
})

/** Makes every new array fail, as it does without memory, until the function that it returns is called. */
function exhaustMemory(): () => void {
  const fail = (): never => {
    throw new RangeError('Array buffer allocation failed')
  }
  const slice = jest.spyOn(Float32Array.prototype, 'slice').mockImplementation(fail)
  const { Float32Array: original } = globalThis
  globalThis.Float32Array = new Proxy(original, { construct: fail })
  return () => {
    globalThis.Float32Array = original
    slice.mockRestore()
  }
}

describe('without memory', () => {
  test('a request fails alone, before it waits', async () => {
    const batcher = makeBatcher(plain.create(1))
    const input = plain.draw(random, 3, 3)
    const restore = exhaustMemory()
    const request = batcher.predict(input)
    restore()
    const message = /^input: no memory for .* = 9 values$/
    await expectGruRejection(request, 'ERR_GRU_MEMORY', message)
  })

  test('after the native call, the sessions of a batch make their step once and get their answers', async () => {
    const batches = recordBatches()
    const model = plain.create(1)
    const batcher = makeBatcher(model)
    const [sessions, others] = [0, 1].map(() =>
      [1, 2].map((batch) => keep(model.session({ batch }))),
    )
    const inputs = others!.map(({ batch }) => plain.drawStep(random, batch))
    const expected = others!.map((other, i) => stepAlone(other, inputs[i]!))
    const surface = native()
    const stepSessions = surface.stepSessions.bind(surface)
    let restore: (() => void) | undefined
    const called = jest.spyOn(surface, 'stepSessions').mockImplementation(async (...given) => {
      await stepSessions(...given)
      restore ??= exhaustMemory()
    })
    const requests = sessions!.map((session, i) => batcher.step(session, inputs[i]!))
    const answers = await Promise.allSettled(requests)
    restore?.()
    called.mockRestore()
    const got = answers.map((answer) => answer.status === 'fulfilled' && bitsOfOutput(answer.value))
    expect(got).toEqual(expected)
    expect(batches.map((message) => [message.requests, 'error' in message])).toEqual([[2, false]])
    for (const i of [0, 1]) expect(sessions![i]!.getStateSync()).toEqual(others![i]!.getStateSync())
  })
})

test('a fault outside the computation fails its requests, and the next ones are computed', async () => {
  recordBatches()
  const model = plain.create(1)
  const batcher = makeBatcher(model)
  const input = plain.draw(random, 3, 3)
  const fault = new Error('of the channel')
  const publish = jest.spyOn(channel('gru-native:batch'), 'publish').mockImplementationOnce(() => {
    throw fault
  })
  expect(await reasonsOf([batcher.predict(input), batcher.predict(input)])).toEqual([fault, fault])
  publish.mockRestore()
  expect(bitsOfOutput(await batcher.predict(input))).toEqual(alone(model, input))
  expect(batcher.statistics).toMatchObject({ queued: 0, computing: 0 })
})

test('the step of a session that is disposed of while it waits fails alone', async () => {
  const batches = recordBatches()
  const model = plain.create(1)
  const batcher = makeBatcher(model)
  const sessions = [1, 2, 1].map((batch) => keep(model.session({ batch })))
  const others = [1, 2, 1].map((batch) => keep(model.session({ batch })))
  const inputs = others.map(({ batch }) => plain.drawStep(random, batch))
  const expected = others.map((other, i) => stepAlone(other, inputs[i]!))
  const requests = sessions.map((session, i) => batcher.step(session, inputs[i]!))
  sessions[1]!.dispose()
  await expectGruRejection(requests[1]!, 'ERR_GRU_DISPOSED', /session.*dispose/)
  for (const i of [0, 2]) {
    expect(bitsOfOutput(await requests[i]!)).toEqual(expected[i])
    expect(await sessions[i]!.getState()).toEqual(others[i]!.getStateSync())
  }
  // The batch of three, and its requests one by one.
  expect(batches.map((message) => [message.requests, 'error' in message])).toEqual([
    [3, true],
    [1, false],
    [1, true],
    [1, false],
  ])
  expect(batcher.statistics).toMatchObject({
    ...{ completed: 2, failed: 1, batches: 3, batchedRequests: 3 },
  })
})

test('requests of a model that is disposed of fail with a clear error, and those that are computed end', async () => {
  const model = plain.create(1)
  const batcher = makeBatcher(model, { maxBatch: 2 })
  const session = keep(model.session())
  const input = plain.draw(random, 3, 3)
  const expected = alone(model, input)
  // Two batches of two.
  const computed = [1, 2, 3, 4].map(() => batcher.predict(input))
  const waiting = [
    batcher.predict(input),
    batcher.predict(input),
    batcher.step(session, plain.drawStep(random, 1)),
  ]
  while (batcher.statistics.computing === 0) await new Promise(setImmediate)
  model.dispose()
  const rejections = [...waiting, batcher.predict(input)].map((request) =>
    expectGruRejection(request, 'ERR_GRU_DISPOSED', /dispose/),
  )
  expect((await Promise.all(computed)).map(bitsOfOutput)).toEqual(computed.map(() => expected))
  await Promise.all(rejections)
  await nextTurn()
  expect(batcher.statistics).toMatchObject({ queued: 0, computing: 0, completed: 4, failed: 3 })
})
