import { Model, SequenceModel } from '../lib'
import { Session } from '../lib/session'
import { expectGruError, expectGruRejection } from './support/errors'
import { makeModel } from './support/models'
import { bitsOf } from './support/numbers'
import { BATCH, options, STATE, stepAt, make, wholeBits, mixed, inputsAt } from './support/sessions'

describe('is refused', () => {
  const stepwise = 'expected a layer that computes step by step'
  const whole = `: ${stepwise}, got one that looks at whole sequences`
  const outputs = { value: { loss: 'meanSquaredError' } } as const
  const memory = { type: 'gru', input: 'x', hiddenSize: 3 } as const

  test('by a layer of two directions', () => {
    using model = new SequenceModel({ ...options, gru: { ...options.gru, bidirectional: true } })
    expectGruError(() => model.session(), 'ERR_GRU_VALUE', `layers.gru${whole}`)
  })

  test('by the mean over steps', () => {
    const model = makeModel({
      inputs: { x: { features: 2 } },
      layers: { memory, value: { type: 'select', input: 'memory', step: 'mean' } },
      outputs,
    })
    expectGruError(() => model.session(), 'ERR_GRU_VALUE', `layers.value${whole}`)
  })

  test.each(['y', 'other'])('by attention over %s', (over) => {
    const model = makeModel({
      inputs: { x: { features: 2 }, y: { features: 3 } },
      layers: {
        memory,
        other: { ...memory, input: 'y' },
        value: { type: 'attention', query: 'memory', memory: over },
      },
      outputs: { ...outputs, other: { loss: 'meanSquaredError' } },
    })
    expectGruError(
      () => model.session(),
      'ERR_GRU_VALUE',
      new RegExp(
        `^layers\\.value: ${stepwise}, got one that needs (layers|inputs)\\.${over} before the first step$`,
      ),
    )
  })

  test('by an initial state from a layer', () => {
    const model = makeModel({
      inputs: { x: { features: 2 }, y: { features: 3 } },
      layers: {
        row: { type: 'select', input: 'y', step: 'last' },
        value: { ...memory, hiddenSize: 3, initialState: 'row' },
      },
      outputs,
    })
    expectGruError(
      () => model.session(),
      'ERR_GRU_VALUE',
      `layers.value: ${stepwise}, got one that needs layers.row before the first step`,
    )
  })

  test.each([
    [{ batch: 0 }, 'ERR_GRU_VALUE', /^batch: expected an integer from 1 to /],
    [{ batch: 1.5 }, 'ERR_GRU_VALUE', /^batch: expected an integer from 1 to /],
    [{ batch: '2' }, 'ERR_GRU_TYPE', /^batch: expected an integer from 1 to /],
    [{ Batch: 2 }, 'ERR_GRU_VALUE', /did you mean batch\?/],
    [2, 'ERR_GRU_TYPE', /^options: expected a plain object/],
  ] as const)('with the options %j', (given, code, message) => {
    expectGruError(() => make().session(given as { batch: number }), code, message)
  })
})

describe('the arrays of a step', () => {
  const shared = new Float32Array(8)
  const output = (length: number) => new Float32Array(length)
  test.each([
    [output(3), undefined, 'ERR_GRU_SHAPE', /^input: expected .* = 4 values, got 3 values$/],
    [output(8), undefined, 'ERR_GRU_SHAPE', /^input: expected .* = 4 values, got 8 values$/],
    [new Int32Array(4), undefined, 'ERR_GRU_TYPE', /^input: expected a Float32Array, got an Int32/],
    [undefined, undefined, 'ERR_GRU_TYPE', /^input: expected a Float32Array, got undefined$/],
    [output(4), output(5), 'ERR_GRU_SHAPE', 'output: expected batch*size = 6 values, got 5 values'],
    [output(4), new Float64Array(6), 'ERR_GRU_TYPE', /^output: expected a Float32Array, got a Fl/],
    [
      shared.subarray(0, 4),
      shared.subarray(2),
      'ERR_GRU_VALUE',
      "output: expected memory apart from input's, got an overlap",
    ],
  ] as const)('of a SequenceModel are checked: %#', async (input, into, code, message) => {
    const session = make().session({ batch: BATCH })
    const given = input as Float32Array
    const room = into as Float32Array | undefined
    expectGruError(() => session.stepSync(given, room), code, message)
    await expectGruRejection(session.step(given, { output: room }), code, message)
    expect(session.getStateSync()).toEqual(new Float32Array(STATE))
  })

  const inputs = inputsAt(0)
  const value = new Float32Array(4)
  test.each([
    [
      { level: inputs.level },
      {},
      'ERR_GRU_TYPE',
      /^inputs\.kind: expected an Int32Array, got unde/,
    ],
    [{ ...inputs, levels: value }, {}, 'ERR_GRU_VALUE', /^inputs: expected only the keys .*levels/],
    [{ ...inputs, kind: value }, {}, 'ERR_GRU_TYPE', /^inputs\.kind: expected an Int32Array, got /],
    [
      { ...inputs, level: new Float32Array(5) },
      {},
      'ERR_GRU_SHAPE',
      /^inputs\.level: .* got 5 val/,
    ],
    [[inputs], {}, 'ERR_GRU_TYPE', /^inputs: expected a plain object/],
    [inputs, { values: value }, 'ERR_GRU_VALUE', /^outputs: .*did you mean value\?/],
    [inputs, { value: new Float32Array(3) }, 'ERR_GRU_SHAPE', /^outputs\.value: .* got 3 values$/],
    [inputs, { value: inputs.level }, 'ERR_GRU_VALUE', /^outputs\.value: .* from inputs\.level's/],
    [
      inputs,
      { value: shared.subarray(0, 4), last: shared.subarray(2) },
      'ERR_GRU_VALUE',
      /^outputs\.last: expected memory apart from outputs\.value's/,
    ],
    [inputs, value, 'ERR_GRU_TYPE', /^outputs: expected a plain object/],
  ] as const)('of a Model are checked: %#', async (given, into, code, message) => {
    const session = makeModel(mixed).session({ batch: BATCH })
    const wrong = given as ReturnType<typeof inputsAt>
    const rooms = into as Record<string, Float32Array>
    expectGruError(() => session.stepSync(wrong, rooms), code, message)
    await expectGruRejection(session.step(wrong, { outputs: rooms }), code, message)
  })

  test('of the options are checked', async () => {
    const session = make().session({ batch: BATCH })
    const wrong = { outputs: {} } as object
    await expectGruRejection(
      session.step(stepAt(0), wrong),
      'ERR_GRU_VALUE',
      /^options: .*output\?/,
    )
    const signal = {} as AbortSignal
    await expectGruRejection(session.getState({ signal }), 'ERR_GRU_TYPE', /^signal: expected/)
  })

  test('that receive predictions are the ones that are returned', async () => {
    const model = make()
    const session = model.session({ batch: BATCH })
    const room = new Float32Array(BATCH * 3)
    expect(session.stepSync(stepAt(0), room)).toBe(room)
    expect(bitsOf(room)).toBe(wholeBits(model, [0])[0])
    expect(await session.step(stepAt(1), { output: room })).toBe(room)
    expect(bitsOf(room)).toBe(wholeBits(model, [0, 1])[1])
  })

  test('that receive predictions of a Model may be some of them', async () => {
    const model = makeModel(mixed)
    const session = model.session({ batch: BATCH })
    const all = { value: new Float32Array(4), last: new Float32Array(6) }
    expect(session.stepSync(inputsAt(0), all)).toBe(all)
    const wanted = model.predictSync(inputsAt(0), { batch: BATCH })
    expect(all).toEqual(wanted)
    session.reset()
    const value = new Float32Array(4)
    const sync = session.stepSync(inputsAt(0), { value })
    session.reset()
    const promised = await session.step(inputsAt(0), { outputs: { value: all.value } })
    expect(
      [sync['value'], promised['value']].map((one) => one === value || one === all.value),
    ).toEqual([true, true])
    expect([sync, promised]).toEqual([wanted, wanted])
  })

  test('that a getter brings while it makes another step are those of their own call', () => {
    const model = makeModel(mixed)
    const [session, other] = [model.session({ batch: BATCH }), model.session({ batch: BATCH })]
    let inner: Record<string, Float32Array> | undefined
    const { level, kind } = inputsAt(0)
    const evil = {
      level,
      get kind() {
        inner = other.stepSync(inputsAt(1))
        return kind
      },
    }
    const outer = session.stepSync(evil)
    expect(outer).toEqual(model.predictSync(inputsAt(0), { batch: BATCH }))
    expect(inner).toEqual(model.predictSync(inputsAt(1), { batch: BATCH }))
  })
})

describe('the lists of a step on the calling thread', () => {
  test('are there again after a step with a promise, and after a failed one', async () => {
    const session = makeModel(mixed).session({ batch: BATCH })
    const core = Session.coreOf(session)
    session.stepSync(inputsAt(0))
    const lists = core.takeArrays()
    core.giveBackArrays(lists)
    await session.step(inputsAt(0))
    expectGruError(
      () => session.stepSync({ ...inputsAt(0), kind: new Float32Array(BATCH) }),
      'ERR_GRU_TYPE',
      /^inputs.kind: /,
    )
    session.stepSync(inputsAt(1))
    expect(core.takeArrays()).toBe(lists)
  })
})

test('Model and SequenceModel make sessions of one sequence by default', () => {
  const [one, other] = [make().session(), (makeModel(mixed) satisfies Model).session()]
  expect([one.batch, other.batch]).toEqual([1, 1])
  expect(one.stepSync(new Float32Array(2))).toHaveLength(3)
  expect(
    other.stepSync({ level: new Float32Array(2), kind: Int32Array.of(1) })['value'],
  ).toHaveLength(2)
})
