import {
  addon,
  addonPath,
  BATCH,
  call,
  chain,
  createGru,
  createModel,
  device,
  emptyResult,
  gruOptions,
  initialize,
  INPUT,
  runProcess,
  stepCall,
  STEPS,
  TestError,
  trainerOptions,
  wave,
} from '../support/addon'

// Two surfaces of one addon, as with two copies of lib.

class OtherError extends TestError {}

const other = initialize((code, message) => new OtherError(code, message))

const forward = (steps = STEPS) => {
  const { output, state } = emptyResult()
  return [steps, BATCH, null, wave(INPUT), null, output, state] as const
}

/** The error that a call throws, or with which its promise rejects. */
async function failureOf(call: () => unknown): Promise<unknown> {
  try {
    await call()
  } catch (error) {
    return error
  }
  throw new Error('did not fail')
}

describe('errors belong to the surface that was called', () => {
  const surfaces = [
    { surface: addon, kind: TestError },
    { surface: other, kind: OtherError },
  ]

  test.each(surfaces)('$kind.name', async ({ surface, kind }) => {
    const gru = new surface.NativeGru(gruOptions, 1, device)
    const model = new surface.NativeModel(chain(), 1, device)
    const trainer = new surface.NativeTrainer(model, trainerOptions)
    const tokens = new Int32Array(STEPS * BATCH)
    const { output, state } = emptyResult()
    const pass = await gru.forwardTraining(...forward(), null)
    expect(pass).toBeInstanceOf(surface.NativePass)
    const late = gru.forward(STEPS, BATCH, null, wave(INPUT), null, output, state, null)
    structuredClone(state, { transfer: [state.buffer as ArrayBuffer] })
    const flag = new surface.AbortFlag()
    flag.abort()
    const calls: (() => unknown)[] = [
      () => {
        surface.setThreads(0)
      },
      () => new surface.NativeGru(gruOptions, -1, device),
      () => {
        gru.forwardSync(...forward(0))
      },
      () => gru.forward(...forward(0), null),
      // These fail after the call: in the job, and when the promise settles.
      () => gru.forward(...forward(), flag),
      () => late,
      () =>
        trainer.step(
          ...stepCall(
            ...call(
              tokens.map(() => 9),
              tokens,
            ),
          ),
          null,
        ),
      () => pass.backward(null, null, wave(1), wave(1), wave(1), null),
    ]
    for (const call of calls) {
      const error = await failureOf(call)
      expect(Object.getPrototypeOf(error)).toBe(kind.prototype)
    }
  })
})

describe('objects of another surface are refused', () => {
  const fault = (name: string) =>
    `got ${name} of another copy of gru-native: the package is loaded twice`

  test('as arguments', async () => {
    const model = createModel()
    const create = () => new other.NativeTrainer(model, trainerOptions)
    expect(await failureOf(create)).toEqual(
      new OtherError('ERR_GRU_TYPE', `model: expected a NativeModel, ${fault('a NativeModel')}`),
    )
    expect(await failureOf(create)).toHaveProperty('code', 'ERR_GRU_TYPE')
    const gru = createGru()
    const call = () => gru.forward(...forward(), new other.AbortFlag())
    expect(await failureOf(call)).toEqual(
      new TestError(
        'ERR_GRU_TYPE',
        `abort: expected an AbortFlag or null, ${fault('an AbortFlag')}`,
      ),
    )
  })

  test('as receivers', async () => {
    const gru = new other.NativeGru(gruOptions, 1, device)
    const { dispose } = createGru() as unknown as { dispose: () => void }
    expect(
      await failureOf(() => {
        Reflect.apply(dispose, gru, [])
      }),
    ).toEqual(new TestError('ERR_GRU_TYPE', `this: expected a NativeGru, ${fault('a NativeGru')}`))
    gru.forwardSync(...forward())
  })
})

test('two loads of the addon do not read each other’s objects', async () => {
  const { code, signal, output } = await runProcess(`
    const file = ${JSON.stringify(addonPath)}
    delete require.cache[file]
    const again = require(file).initialize((code, message) => Object.assign(new Error(message), { code }))
    const model = new addon.NativeModel(chain(), 1, device)
    try { new again.NativeTrainer(model, trainerOptions) } catch (error) { console.log(error.message) }
    console.log(new again.NativeTrainer(new again.NativeModel(chain(), 1, device), trainerOptions) !== null)
  `)
  expect({ code, signal, output }).toEqual({
    code: 0,
    signal: null,
    output:
      'model: expected a NativeModel, got a NativeModel of another copy of gru-native: the package is loaded twice\n' +
      'true\n',
  })
})

test('a copy that is gone is collected with its maker of errors, and one with a pending job is not', async () => {
  const { code, signal, output } = await runProcess(`
    require('node:v8').setFlagsFromString('--expose-gc')
    const gc = require('node:vm').runInNewContext('gc')
    const makers = []
    const maker = () => (code, message) => Object.assign(new Error(message), { code, own: true })
    const useCopy = () => {
      const createError = maker()
      makers.push(new WeakRef(createError))
      const surface = initialize(createError)
      new surface.NativeGru(gruOptions, 1, device)
      try { surface.setThreads(0) } catch (error) { if (!error.own) console.log('not of the maker') }
    }
    const state = new Float32Array(8)
    const start = () => {
      const gru = new (initialize(maker()).NativeGru)(gruOptions, 1, device)
      return gru.forward(6, 2, null, new Float32Array(36), null, new Float32Array(48), state, null)
    }
    const turn = () => new Promise((resolve) => setTimeout(resolve))
    const main = async () => {
      for (let i = 0; i < 20; i++) useCopy()
      await turn()
      gc()
      await turn()
      gc()
      console.log(makers.filter((maker) => maker.deref() !== undefined).length)
      const pending = start()
      structuredClone(state, { transfer: [state.buffer] })
      // There is no turn of the event loop here, so that the promise settles only after this.
      gc()
      console.log(await pending.catch((error) => error.own))
    }
    main()
  `)
  expect({ code, signal, output }).toEqual({ code: 0, signal: null, output: '0\ntrue\n' })
})
