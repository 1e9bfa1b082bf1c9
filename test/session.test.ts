import { SequenceModel, Trainer } from '../lib'
import { expectGruError, expectGruRejection } from './support/errors'
import { libraryProcess } from './support/library-process'
import { makeModel } from './support/models'
import { bitsOf } from './support/numbers'
import {
  BATCH,
  STEPS,
  STATE,
  x,
  stepAt,
  make,
  wholeBits,
  stepped,
  occupy,
  mixed,
  inputsAt,
} from './support/sessions'
import { temporaryFolder } from './support/temporary-folder'

const inFolder = temporaryFolder()

describe.each(['idle', 'busy'])('promises of a model that is %s', (kind) => {
  const begin = (model: SequenceModel): Promise<unknown> | undefined =>
    kind === 'busy' ? occupy(model) : undefined

  test('of steps that do not wait for one another keep their order', async () => {
    const model = make()
    const session = model.session({ batch: BATCH })
    const steps = [0, 1, 2, 3, 4, 5]
    const busy = begin(model)
    const got = await Promise.all(steps.map((step) => session.step(stepAt(step))))
    await busy
    expect(got.map(bitsOf)).toEqual(wholeBits(model, steps))
  })

  test('of several sessions do not touch one another', async () => {
    const model = make()
    const [one, other] = [model.session({ batch: BATCH }), model.session({ batch: BATCH })]
    const steps = [0, 1, 2]
    const busy = begin(model)
    const pending = steps.map((step) =>
      Promise.all([one.step(stepAt(step)), other.step(stepAt(5 - step))]),
    )
    const got = await Promise.all(pending)
    await busy
    expect(got.map(([first]) => bitsOf(first))).toEqual(wholeBits(model, steps))
    expect(got.map(([, second]) => bitsOf(second))).toEqual(wholeBits(model, [5, 4, 3]))
  })

  test('have copies of the inputs', async () => {
    const model = make()
    const input = stepAt(0)
    const busy = begin(model)
    const pending = model.session({ batch: BATCH }).step(input)
    input.fill(9)
    await busy
    expect(bitsOf(await pending)).toBe(wholeBits(model, [0])[0])
  })

  test('of steps before and after a reset see it in its turn', async () => {
    const model = make()
    const session = model.session({ batch: BATCH })
    const busy = begin(model)
    const before = [session.step(stepAt(3)), session.step(stepAt(4))]
    session.reset()
    const after = [session.step(stepAt(0)), session.step(stepAt(1))]
    session.reset()
    const last = session.step(stepAt(5))
    const got = (await Promise.all([...before, ...after, last])).map(bitsOf)
    await busy
    const wanted = [[3, 4], [0, 1], [5]].flatMap((steps) => wholeBits(model, steps))
    expect(got).toEqual(wanted)
  })

  test('of all calls take effect in the order of the calls', async () => {
    const model = make()
    const session = stepped(model, 1)
    const zeros = new Float32Array(STATE)
    const busy = begin(model)
    const first = session.step(stepAt(1))
    const fork = session.fork()
    const state = session.getState()
    const second = session.step(stepAt(2))
    const set = session.setState(zeros)
    const anew = session.step(stepAt(4))
    const got = await Promise.all([first, second, anew])
    await set
    await busy
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
    const busy = begin(model)
    const pending = session.setState(state)
    state.fill(3)
    await pending
    await busy
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
    // Long enough for a JavaScript thread that has to wait for a core.
    const before = occupy(model, 300_000)
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
  const busy = occupy(model)
  const pending = session.step(stepAt(1))
  session.dispose()
  session.dispose()
  await busy
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
  const busy = occupy(model)
  const pending = session.step(stepAt(0))
  model.dispose()
  expectGruError(() => session.stepSync(stepAt(0)), 'ERR_GRU_DISPOSED', /./)
  await expectGruRejection(session.step(stepAt(0)), 'ERR_GRU_DISPOSED', /./)
  expectGruError(() => model.session(), 'ERR_GRU_DISPOSED', /^model: /)
  expect([bitsOf(await pending)]).toEqual(wanted)
  await busy
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
