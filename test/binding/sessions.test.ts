import type { NativeSession } from '../../binding'
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
