import type { NativeSession } from '../../binding'
import { Seq2Seq } from '../../lib'
import { modelInternals } from '../../lib/graph-model'
import { native } from '../../lib/native'
import { addon, BATCH, codeOf, createModel, errorOf, STATE } from '../support/addon'
import { detached, shared } from '../support/memory'

const createSession = (model = createModel()): NativeSession =>
  new addon.NativeSession(model, BATCH)
const tokens = Int32Array.of(1, 4)
const logits = (): Float32Array => new Float32Array(BATCH * 5)

describe('the constructor refuses', () => {
  test.each([
    ['no model', {}, 1, 'ERR_GRU_TYPE'],
    ['no sequence', createModel(), 0, 'ERR_GRU_VALUE'],
    ['a fraction', createModel(), 1.5, 'ERR_GRU_VALUE'],
    ['more than 31 bits', createModel(), 2 ** 31, 'ERR_GRU_VALUE'],
    ['text', createModel(), '1', 'ERR_GRU_TYPE'],
  ])('%s', async (_, model, batch, code) => {
    const create = () => new addon.NativeSession(model as never, batch as never)
    expect(await codeOf(create)).toBe(code)
  })

  test('a model that was disposed of', async () => {
    const model = createModel()
    model.dispose()
    expect(await codeOf(() => createSession(model))).toBe('ERR_GRU_DISPOSED')
  })

  test('to be called without new', async () => {
    const call = addon.NativeSession as unknown as (...given: unknown[]) => unknown
    expect(await codeOf(() => call(createModel(), 1))).toBe('ERR_GRU_TYPE')
  })
})

test.each([
  ['no list of inputs', null, [logits()], 'ERR_GRU_TYPE'],
  ['no input', [], [logits()], 'ERR_GRU_VALUE'],
  ['two inputs', [tokens, tokens], [logits()], 'ERR_GRU_VALUE'],
  ['values for tokens', [new Float32Array(BATCH)], [logits()], 'ERR_GRU_TYPE'],
  ['too few tokens', [tokens.slice(1)], [logits()], 'ERR_GRU_SHAPE'],
  ['tokens that are detached', [detached(Int32Array, BATCH)], [logits()], 'ERR_GRU_TYPE'],
  ['tokens that are shared', [shared(Int32Array, BATCH)], [logits()], 'ERR_GRU_TYPE'],
  ['a token outside', [Int32Array.of(0, 5)], [logits()], 'ERR_GRU_VALUE'],
  ['no list of outputs', [tokens], undefined, 'ERR_GRU_TYPE'],
  ['no output', [tokens], [], 'ERR_GRU_VALUE'],
  ['an output too small', [tokens], [logits().subarray(1)], 'ERR_GRU_SHAPE'],
  ['an output that is detached', [tokens], [detached(Float32Array, BATCH * 5)], 'ERR_GRU_TYPE'],
])('a step refuses %s, and leaves the states', async (_, inputs, outputs, code) => {
  const session = createSession()
  session.stepSync([tokens], [logits()])
  const before = new Float32Array(STATE)
  session.readStatesSync(before)
  const call = () => {
    session.stepSync(inputs as never, outputs as never)
  }
  expect(await codeOf(call)).toBe(code)
  expect(await codeOf(() => session.step(inputs as never, outputs as never, null))).toBe(code)
  const after = new Float32Array(STATE)
  session.readStatesSync(after)
  expect(after).toEqual(before)
})

test.each([
  ['nothing', undefined, 'ERR_GRU_TYPE'],
  ['too few values', new Float32Array(STATE - 1), 'ERR_GRU_SHAPE'],
  ['integers', new Int32Array(STATE), 'ERR_GRU_TYPE'],
  ['detached memory', detached(Float32Array, STATE), 'ERR_GRU_TYPE'],
  ['shared memory', shared(Float32Array, STATE), 'ERR_GRU_TYPE'],
])('states are not %s', async (_, wrong, code) => {
  const session = createSession()
  const given = wrong as Float32Array
  expect(session.stateCount).toBe(STATE)
  const calls: (() => unknown)[] = [
    () => {
      session.readStatesSync(given)
    },
    () => {
      session.writeStatesSync(given)
    },
    () => session.readStates(given, null),
    () => session.writeStates(given, null),
  ]
  for (const call of calls) expect(await codeOf(call)).toBe(code)
})

test('states come from a session of the same model with as many sequences', async () => {
  const model = createModel()
  const session = createSession(model)
  const others: [unknown, object][] = [
    [
      createSession(),
      {
        code: 'ERR_GRU_VALUE',
        message: 'other: expected a session of the same model, got one of another model',
      },
    ],
    [
      new addon.NativeSession(model, BATCH + 1),
      {
        code: 'ERR_GRU_VALUE',
        message: 'other: expected a session with batch 2, got one with batch 3',
      },
    ],
    [model, { code: 'ERR_GRU_TYPE' }],
    [undefined, { code: 'ERR_GRU_TYPE' }],
  ]
  for (const [other, error] of others) {
    const call = () => {
      session.copyFromSync(other as NativeSession)
    }
    expect(await errorOf(call)).toMatchObject(error)
    expect(await errorOf(() => session.copyFrom(other as NativeSession, null))).toMatchObject(error)
  }
  const gone = createSession(model)
  gone.dispose()
  expect(await codeOf(() => session.copyFrom(gone, null))).toBe('ERR_GRU_DISPOSED')
  session.stepSync([tokens], [logits()])
  session.copyFromSync(session)
  const states = new Float32Array(STATE)
  session.readStatesSync(states)
  expect(states).not.toEqual(new Float32Array(STATE))
})

describe('a session of a decoder', () => {
  const [source, target] = [Int32Array.of(1, 2), Int32Array.of(0)]
  const encoded = (batch = 1) => ({
    batch,
    inputs: [
      { steps: 2 / batch, lengths: null, values: source },
      { steps: 1, lengths: null, values: new Int32Array(batch) },
    ],
  })
  function open() {
    const translator = new Seq2Seq({
      source: { tokens: 4, embeddingSize: 2 },
      target: { tokens: 5, embeddingSize: 2, begin: 0, end: 1 },
      encoder: { hiddenSize: 2 },
      decoder: { hiddenSize: 2 },
    })
    const { NativeDecoder, NativeSession: Session } = native()
    const model = modelInternals(translator).core.native
    const decoder = new NativeDecoder(model, { target: 1, output: 0 })
    return { model, decoder, Session, session: new Session(model, 1, decoder) }
  }

  test('refuses steps, states and copies before it has sources', async () => {
    const { Session, model, decoder, session } = open()
    const expected = 'session: expected sources before the first step, got none'
    const calls = [
      () => session.step([target], [new Float32Array(5)], null),
      () => session.readStates(new Float32Array(2), null),
      () => new Session(model, 1, decoder).copyFrom(session, null),
    ]
    for (const call of calls) {
      expect(await errorOf(call)).toMatchObject({ code: 'ERR_GRU_VALUE', message: expected })
    }
    await session.encode(encoded(), null)
    for (const call of calls) await call()
  })

  test('refuses other sources, decoders and sessions', async () => {
    const { Session, model, decoder, session } = open()
    session.encodeSync(encoded())
    const other = open()
    const second = new (native().NativeDecoder)(model, { target: 1, output: 0 })
    const logits = [new Float32Array(5)]
    const calls: [() => unknown, RegExp][] = [
      [() => session.encode(encoded(2), null), /^batch: expected 1, got 2$/],
      [() => new Session(model, 1, other.decoder), /^decoder: expected a decoder of the model/],
      [() => new Session(model, 1, second).copyFrom(session, null), /^other: .* same decoder/],
      [
        () => native().stepSessions([session], [target], logits, null),
        /^sessions: expected sessions of a model, got one of a decoder$/,
      ],
    ]
    for (const [call, message] of calls) {
      const error = { code: 'ERR_GRU_VALUE', message: expect.stringMatching(message) as unknown }
      expect(await errorOf(call)).toMatchObject(error)
    }
    expect(await codeOf(() => new Session(model, 1, model as never))).toBe('ERR_GRU_TYPE')
    decoder.dispose()
    expect(await codeOf(() => new Session(model, 1, decoder))).toBe('ERR_GRU_DISPOSED')
    session.stepSync([target], logits)
  })

  test('keeps its sources, which copies may share', async () => {
    const { Session, model, decoder, session } = open()
    const other = new Session(model, 1, decoder)
    for (const one of [session, other]) one.encodeSync(encoded())
    const calls = [
      () => session.encode(encoded(), null),
      () => {
        session.encodeSync(encoded())
      },
      () => session.copyFrom(other, null),
      () => {
        session.copyFromSync(other)
      },
    ]
    const message = 'session: expected one without sources, got one that has sources'
    for (const call of calls) {
      expect(await errorOf(call)).toMatchObject({ code: 'ERR_GRU_VALUE', message })
    }
    const fork = new Session(model, 1, decoder)
    fork.copyFromSync(session)
    fork.stepSync([target], [new Float32Array(5)])
    session.copyFromSync(fork)
  })

  test('is the only one that has sources', async () => {
    const session = createSession()
    const call = () => session.encode(encoded(BATCH), null)
    const message = 'session: expected one of a decoder, got one of a whole model'
    expect(await errorOf(call)).toMatchObject({ code: 'ERR_GRU_VALUE', message })
  })
})

test('a getter of a list may dispose of the session, or take the memory of an array before it', async () => {
  const session = createSession()
  const disposing = Object.defineProperty([], 0, {
    get() {
      session.dispose()
      return logits()
    },
  })
  const call = () => {
    session.stepSync([tokens], disposing)
  }
  expect(await codeOf(call)).toBe('ERR_GRU_DISPOSED')
  const input = Int32Array.from(tokens)
  const taking = Object.defineProperty([], 0, {
    get() {
      structuredClone(input, { transfer: [input.buffer] })
      return logits()
    },
  })
  const other = createSession()
  expect(await codeOf(() => other.step([input], taking, null))).toBe('ERR_GRU_TYPE')
})

test('a getter of a list may make another step, and each step has its own arrays', () => {
  const model = createModel()
  const [session, other] = [createSession(model), createSession(model)]
  const [inner, outer] = [logits(), logits()]
  const nesting = Object.defineProperty([], 0, {
    get() {
      other.stepSync([Int32Array.of(3, 2)], [inner])
      return outer
    },
  })
  session.stepSync([tokens], nesting)
  const wanted = [logits(), logits()] as const
  createSession(model).stepSync([Int32Array.of(3, 2)], [wanted[0]])
  createSession(model).stepSync([tokens], [wanted[1]])
  expect([inner, outer]).toEqual(wanted)
})

test('an output that is detached while its step waits fails it, but the step is made', async () => {
  const model = createModel()
  const session = createSession(model)
  const output = logits()
  const before = model.predict(
    1,
    [{ steps: 20_000, lengths: null, values: new Int32Array(20_000) }],
    [new Float32Array(20_000 * 5)],
    null,
  )
  const promise = session.step([tokens], [output], null)
  structuredClone(output, { transfer: [output.buffer as ArrayBuffer] })
  expect(await codeOf(() => promise)).toBe('ERR_GRU_TYPE')
  await before
  const wanted = createSession()
  wanted.stepSync([tokens], [logits()])
  const [got, expected] = [session, wanted].map((one) => {
    const states = new Float32Array(STATE)
    one.readStatesSync(states)
    return states
  })
  expect(got).toEqual(expected)
})
