import { Model, type ModelOptions, SequenceModel, Trainer } from '../lib'
import { Session } from '../lib/session'
import { expectGruError, expectGruRejection } from './support/errors'
import { libraryProcess } from './support/library-process'
import { makeModel } from './support/models'
import { bitsOf, randomSource, uniform } from './support/numbers'
import { temporaryFolder } from './support/temporary-folder'

const inFolder = temporaryFolder()
const random = randomSource(41)
const BATCH = 2
const STEPS = 6

const options = {
  input: { features: 2 },
  gru: { hiddenSize: 5, numLayers: 2 },
  output: { size: 3, loss: 'meanSquaredError', every: 'last' },
  seed: 7,
} as const
const STATE = 2 * BATCH * 5
const x = uniform(random, STEPS * BATCH * 2)
const stepAt = (step: number): Float32Array => x.slice(step * BATCH * 2, (step + 1) * BATCH * 2)

const models: SequenceModel[] = []
function make(): SequenceModel {
  const model = new SequenceModel(options)
  models.push(model)
  return model
}
afterEach(() => {
  for (const model of models.splice(0)) model.dispose()
})

/** The bits of the predictions after the steps of these numbers, by one call for the whole sequence each. */
function wholeBits(model: SequenceModel, steps: readonly number[]): string[] {
  return steps.map((_, index) => {
    const input = Float32Array.from(steps.slice(0, index + 1).flatMap((step) => [...stepAt(step)]))
    return bitsOf(model.predictSync(input, { batch: BATCH }))
  })
}

/** A session after the first `count` steps. */
function stepped(model: SequenceModel, count: number) {
  const session = model.session({ batch: BATCH })
  for (let step = 0; step < count; step++) session.stepSync(stepAt(step))
  return session
}

/** A call that the steps after it wait for: a small step is done at once if nothing is before it. */
const occupy = (model: SequenceModel): Promise<unknown> =>
  model.predict(new Float32Array(5000 * BATCH * 2), { batch: BATCH })

describe.each(['idle', 'busy'])('promises of a model that is %s', (kind) => {
  const begin = (model: SequenceModel): Promise<unknown> | undefined =>
    kind === 'busy' ? occupy(model) : undefined

  test('of steps that do not wait for one another keep their order', async () => {
    const model = make()
    const session = model.session({ batch: BATCH })
    const steps = [0, 1, 2, 3, 4, 5]
    void begin(model)
    const got = await Promise.all(steps.map((step) => session.step(stepAt(step))))
    expect(got.map(bitsOf)).toEqual(wholeBits(model, steps))
  })

  test('of several sessions do not touch one another', async () => {
    const model = make()
    const [one, other] = [model.session({ batch: BATCH }), model.session({ batch: BATCH })]
    const steps = [0, 1, 2]
    void begin(model)
    const pending = steps.map((step) =>
      Promise.all([one.step(stepAt(step)), other.step(stepAt(5 - step))]),
    )
    const got = await Promise.all(pending)
    expect(got.map(([first]) => bitsOf(first))).toEqual(wholeBits(model, steps))
    expect(got.map(([, second]) => bitsOf(second))).toEqual(wholeBits(model, [5, 4, 3]))
  })

  test('have copies of the inputs', async () => {
    const model = make()
    const input = stepAt(0)
    void begin(model)
    const pending = model.session({ batch: BATCH }).step(input)
    input.fill(9)
    expect(bitsOf(await pending)).toBe(wholeBits(model, [0])[0])
  })

  test('of steps before and after a reset see it in its turn', async () => {
    const model = make()
    const session = model.session({ batch: BATCH })
    void begin(model)
    const before = [session.step(stepAt(3)), session.step(stepAt(4))]
    session.reset()
    const after = [session.step(stepAt(0)), session.step(stepAt(1))]
    session.reset()
    const last = session.step(stepAt(5))
    const got = (await Promise.all([...before, ...after, last])).map(bitsOf)
    const wanted = [[3, 4], [0, 1], [5]].flatMap((steps) => wholeBits(model, steps))
    expect(got).toEqual(wanted)
  })

  test('of all calls take effect in the order of the calls', async () => {
    const model = make()
    const session = stepped(model, 1)
    const zeros = new Float32Array(STATE)
    void begin(model)
    const first = session.step(stepAt(1))
    const fork = session.fork()
    const state = session.getState()
    const second = session.step(stepAt(2))
    const set = session.setState(zeros)
    const anew = session.step(stepAt(4))
    const got = await Promise.all([first, second, anew])
    await set
    const wanted = wholeBits(model, [0, 1, 2])
    expect(got.map(bitsOf)).toEqual([wanted[1], wanted[2], wholeBits(model, [4])[0]])
    expect(bitsOf((await fork).stepSync(stepAt(2)))).toBe(wanted[2])
    session.setStateSync(await state)
    expect(bitsOf(session.stepSync(stepAt(2)))).toBe(wanted[2])
  })

  test('of setState have a copy of the state', async () => {
    const model = make()
    const state = stepped(model, 2).getStateSync()
    const session = model.session({ batch: BATCH })
    void begin(model)
    const pending = session.setState(state)
    state.fill(3)
    await pending
    expect(bitsOf(session.stepSync(stepAt(2)))).toBe(wholeBits(model, [0, 1, 2])[2])
  })
})

test('reset begins again', () => {
  const model = make()
  const session = stepped(model, 3)
  session.reset()
  expect(session.getStateSync()).toEqual(new Float32Array(STATE))
  expect(bitsOf(session.stepSync(stepAt(0)))).toBe(wholeBits(model, [0])[0])
})

test.each(['fork', 'forkSync'] as const)(
  '%s makes a session that goes its own way',
  async (fork) => {
    const model = make()
    const session = stepped(model, 2)
    const other = await session[fork]()
    expect(other).toBeInstanceOf(session.constructor)
    expect([other.batch, other.stateSize]).toEqual([BATCH, STATE / BATCH])
    expect(bitsOf(other.stepSync(stepAt(5)))).toBe(wholeBits(model, [0, 1, 5])[2])
    expect(bitsOf(session.stepSync(stepAt(2)))).toBe(wholeBits(model, [0, 1, 2])[2])
    session.dispose()
    expect(bitsOf(other.stepSync(stepAt(3)))).toBe(wholeBits(model, [0, 1, 5, 3])[3])
    // Of a session without a step.
    const fresh = await model.session({ batch: BATCH })[fork]()
    expect(bitsOf(fresh.stepSync(stepAt(0)))).toBe(wholeBits(model, [0])[0])
  },
)

/** A GRU of two layers before an LSTM. */
const mixed: ModelOptions = {
  inputs: { level: { features: 2 }, kind: { tokens: 4 } },
  layers: {
    // The order differs from the order of computation.
    value: { type: 'linear', input: 'high', size: 2 },
    high: { type: 'lstm', input: 'low', hiddenSize: 4 },
    low: { type: 'gru', input: 'both', hiddenSize: 3, numLayers: 2 },
    both: { type: 'concat', inputs: ['level', 'vector'] },
    vector: { type: 'embedding', input: 'kind', size: 2 },
    last: { type: 'select', input: 'low' },
  },
  outputs: { value: { loss: 'meanSquaredError' }, last: { loss: 'meanSquaredError' } },
  seed: 3,
}
const levels = uniform(random, STEPS * BATCH * 2)
const kinds = Int32Array.from({ length: STEPS * BATCH }, (_, i) => (i * 3) % 4)
const inputsAt = (from: number, to = from + 1) => ({
  level: levels.slice(from * BATCH * 2, to * BATCH * 2),
  kind: kinds.slice(from * BATCH, to * BATCH),
})

describe('the state', () => {
  test('is the arrays of model.zeroStates one after another', async () => {
    const model = makeModel(mixed)
    const session = model.session({ batch: BATCH })
    const states = model.zeroStates(BATCH)
    const flat = (): Float32Array => {
      const arrays = Object.values(states).flatMap(
        (layer) => Object.values(layer) as Float32Array[],
      )
      return Float32Array.from(arrays.flatMap((values) => [...values]))
    }
    expect(session.getStateSync()).toEqual(flat())
    expect(session.stateSize).toBe(2 * 3 + 4 + 4)
    for (let step = 0; step < STEPS; step++) {
      session.stepSync(inputsAt(step))
      model.predictSync(inputsAt(0, step + 1), { batch: BATCH, states })
      expect(bitsOf(session.getStateSync())).toBe(bitsOf(flat()))
      expect(bitsOf(await session.getState())).toBe(bitsOf(flat()))
    }
    const { value } = session.stepSync(inputsAt(0))
    const other = model.session({ batch: BATCH })
    await other.setState(flat())
    expect(bitsOf(other.stepSync(inputsAt(0))['value']!)).toBe(bitsOf(value!))
  })

  test('moves to a model that was saved and loaded, here and in another process', async () => {
    const model = make()
    const file = inFolder('model.safetensors')
    await model.save(file)
    const state = stepped(model, 4).getStateSync()
    const wanted = wholeBits(model, [0, 1, 2, 3, 4])[4]!
    using loaded = await SequenceModel.load(file)
    const session = loaded.session({ batch: BATCH })
    session.setStateSync(state)
    expect(bitsOf(session.stepSync(stepAt(4)))).toBe(wanted)

    const { status, output } = libraryProcess(inFolder('library'))(`
      const main = async () => {
        const model = await gru.SequenceModel.load(${JSON.stringify(file)})
        const session = model.session({ batch: ${BATCH} })
        session.setStateSync(Float32Array.from(${JSON.stringify([...state])}))
        return session.stepSync(Float32Array.from(${JSON.stringify([...stepAt(4)])}))
      }
      main().then((prediction) => console.log(JSON.stringify([...prediction])))`)
    expect(status).toBe(0)
    expect(bitsOf(Float32Array.from(JSON.parse(output) as number[]))).toBe(wanted)
  })

  test.each([
    [
      new Float32Array(STATE - 1),
      'ERR_GRU_SHAPE',
      'state: expected batch*stateSize = 20 values, got 19 values',
    ],
    [new Float64Array(STATE), 'ERR_GRU_TYPE', /^state: expected a Float32Array/],
    [undefined, 'ERR_GRU_TYPE', /^state: expected a Float32Array/],
  ] as const)('is refused where it is wrong: %#', async (wrong, code, message) => {
    const model = make()
    const session = stepped(model, 2)
    const given = wrong as Float32Array
    const set = () => {
      session.setStateSync(given)
    }
    expectGruError(set, code, message)
    await expectGruRejection(session.setState(given), code, message)
    expect(bitsOf(session.stepSync(stepAt(2)))).toBe(wholeBits(model, [0, 1, 2])[2])
  })
})

describe('a call that does not succeed leaves the state as it was', () => {
  const reason = new Error('no longer wanted')

  test('if its signal is aborted already', async () => {
    const model = make()
    const session = stepped(model, 2)
    const signal = AbortSignal.abort(reason)
    const output = new Float32Array(BATCH * 3).fill(4)
    await expect(session.step(stepAt(5), { output, signal })).rejects.toBe(reason)
    await expect(session.fork({ signal })).rejects.toBe(reason)
    await expect(session.getState({ signal })).rejects.toBe(reason)
    await expect(session.setState(new Float32Array(STATE), { signal })).rejects.toBe(reason)
    expect(output).toEqual(new Float32Array(BATCH * 3).fill(4))
    expect(bitsOf(session.stepSync(stepAt(2)))).toBe(wholeBits(model, [0, 1, 2])[2])
  })

  test('if its signal is aborted while it waits for its turn', async () => {
    const model = make()
    const session = stepped(model, 2)
    const controller = new AbortController()
    const { signal } = controller
    const before = model.predict(new Float32Array(20_000 * BATCH * 2), { batch: BATCH })
    const output = new Float32Array(BATCH * 3).fill(4)
    const aborted = [
      session.step(stepAt(5), { output, signal }),
      session.fork({ signal }),
      session.getState({ signal }),
      session.setState(new Float32Array(STATE), { signal }),
    ]
    const next = session.step(stepAt(2))
    controller.abort(reason)
    for (const promise of aborted) await expect(promise).rejects.toBe(reason)
    await before
    expect(output).toEqual(new Float32Array(BATCH * 3).fill(4))
    expect(bitsOf(await next)).toBe(wholeBits(model, [0, 1, 2])[2])
  })

  test('if a token is not in the vocabulary, which is named', async () => {
    const model = makeModel(mixed)
    const session = model.session({ batch: BATCH })
    session.stepSync(inputsAt(0))
    const state = bitsOf(session.getStateSync())
    const wrong = { ...inputsAt(1), kind: Int32Array.of(3, 4) }
    const message = 'inputs.kind[1]: expected an integer from 0 to 3, got 4'
    expectGruError(() => session.stepSync(wrong), 'ERR_GRU_VALUE', message)
    await expectGruRejection(session.step(wrong), 'ERR_GRU_VALUE', message)
    expect(bitsOf(session.getStateSync())).toBe(state)
    const { value } = session.stepSync(inputsAt(1))
    const whole = model.predictSync(inputsAt(0, 2), { batch: BATCH })['value']!
    expect(bitsOf(value!)).toBe(bitsOf(whole.slice(BATCH * 2)))
  })

  test('if the first step fails', () => {
    const model = makeModel(mixed)
    const session = model.session({ batch: BATCH })
    const wrong = { ...inputsAt(0), kind: Int32Array.of(-1, 0) }
    expectGruError(() => session.stepSync(wrong), 'ERR_GRU_VALUE', /^inputs\.kind\[0\]: /)
    expect(session.getStateSync()).toEqual(new Float32Array(BATCH * 14))
  })
})

test('a session that was disposed of cannot be used, and can be printed', async () => {
  const model = make()
  const session = stepped(model, 1)
  void occupy(model)
  const pending = session.step(stepAt(1))
  session.dispose()
  session.dispose()
  expect(bitsOf(await pending)).toBe(wholeBits(model, [0, 1])[1])
  const message = 'session: expected one in use, got one that was disposed'
  const calls: (() => unknown)[] = [
    () => session.stepSync(stepAt(0)),
    () => session.getStateSync(),
    () => {
      session.setStateSync(new Float32Array(STATE))
    },
    () => session.forkSync(),
    () => {
      session.reset()
    },
  ]
  for (const call of calls) expectGruError(call, 'ERR_GRU_DISPOSED', message)
  const state = new Float32Array(STATE)
  const promises = [
    ...[session.step(stepAt(0)), session.getState(), session.setState(state), session.fork()],
  ]
  for (const promise of promises) await expectGruRejection(promise, 'ERR_GRU_DISPOSED', message)
  expect([session.batch, session.stateSize]).toEqual([BATCH, STATE / BATCH])
})

test('dispose of a model ends its sessions, after pending steps', async () => {
  const model = make()
  const wanted = wholeBits(model, [0])
  const session = model.session({ batch: BATCH })
  void occupy(model)
  const pending = session.step(stepAt(0))
  model.dispose()
  expectGruError(() => session.stepSync(stepAt(0)), 'ERR_GRU_DISPOSED', /./)
  await expectGruRejection(session.step(stepAt(0)), 'ERR_GRU_DISPOSED', /./)
  expectGruError(() => model.session(), 'ERR_GRU_DISPOSED', /^model: /)
  expect([bitsOf(await pending)]).toEqual(wanted)
})

test('a session goes on while its model is trained, with the new parameters', async () => {
  const model = make()
  const untrained = make()
  const trainer = new Trainer(model, { optimizer: { kind: 'sgd', learningRate: 0.5 } })
  const batch = { input: x, target: new Float32Array(BATCH * 3), batch: BATCH }
  const session = model.session({ batch: BATCH })
  const first = session.step(stepAt(0))
  const training = trainer.step(batch)
  const second = session.step(stepAt(1))
  const got = await Promise.all([first, second])
  await training
  expect(bitsOf(got[0])).toBe(wholeBits(untrained, [0])[0])
  // The state is of the parameters before, and the step is one of those after.
  const states = untrained.zeroStates(BATCH)
  untrained.predictSync(stepAt(0), { batch: BATCH, states })
  const wanted = model.predictSync(stepAt(1), { batch: BATCH, initialStates: states })
  expect(bitsOf(got[1])).toBe(bitsOf(wanted))
  expect(bitsOf(wanted)).not.toBe(wholeBits(untrained, [0, 1])[1])
  trainer.dispose()
  session.reset()
  expect(bitsOf(session.stepSync(stepAt(0)))).toBe(wholeBits(model, [0])[0])
})

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
