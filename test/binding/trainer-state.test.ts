import type { NativeTrainerCounts, NativeTrainerOptions, NativeTrainerState } from '../../binding'
import {
  addon,
  call,
  chain,
  classes,
  codeOf,
  createModel,
  device,
  gruOptions,
  stepCall,
  tokens,
  trainerOptions,
} from '../support/addon'

const batch = stepCall(...call(tokens, classes))
const averaging: NativeTrainerOptions = { ...trainerOptions, averageDecay: 0.9 }
/** With dropout, whose masks follow from the passes that were. */
const dropping = chain({ gru: { ...gruOptions, numLayers: 2, dropout: 0.4 } })

function create(options: NativeTrainerOptions = averaging) {
  const model = new addon.NativeModel(dropping, 7, device)
  return { model, trainer: new addon.NativeTrainer(model, options) }
}

/** What writeState gets of a state. */
function countsOf({ updates, passes, carried, arrays }: NativeTrainerState): NativeTrainerCounts {
  return { updates, passes, carried, arrays: Object.keys(arrays) as (keyof typeof arrays)[] }
}

/** Writes a whole state, each array in two parts, which change before the calls have ended. */
async function restore(
  { model, trainer }: ReturnType<typeof create>,
  state: NativeTrainerState,
): Promise<void> {
  await trainer.writeState(countsOf(state))
  model.writeParametersSync(state.parameters)
  for (const [name, values] of Object.entries(state.arrays) as [
    keyof typeof state.arrays,
    Float32Array,
  ][]) {
    const parts = [values.slice(0, 10), values.slice(10)] as const
    const written = [0, 10].map((offset, i) => trainer.writeStateArray(name, offset, parts[i]!))
    for (const part of parts) part.fill(NaN)
    await Promise.all(written)
  }
}

describe('the state of a trainer', () => {
  test.each(['sgd', 'adam', 'adamw', 'rmsprop'] as const)(
    'of %s goes on to the same bits in another one',
    async (kind) => {
      const options = { ...averaging, kind, momentum: 0.9 }
      const unbroken = create(options)
      for (let step = 0; step < 3; step++) unbroken.trainer.stepSync(...batch)
      const state = await unbroken.trainer.readState()
      const resumed = create(options)
      await restore(resumed, state)
      for (let step = 0; step < 2; step++) {
        expect(resumed.trainer.stepSync(...batch)).toEqual(unbroken.trainer.stepSync(...batch))
      }
      expect(await resumed.trainer.readState()).toEqual(await unbroken.trainer.readState())
    },
  )

  test('holds what the options ask for, and no more', async () => {
    const names = async (options: NativeTrainerOptions): Promise<string[]> =>
      Object.keys((await create(options).trainer.readState()).arrays)
    expect(await names({ ...trainerOptions, kind: 'sgd' })).toEqual([])
    expect(await names({ ...trainerOptions, kind: 'sgd', momentum: 0.9 })).toEqual(['firstMoment'])
    expect(await names({ ...trainerOptions, kind: 'rmsprop' })).toEqual(['secondMoment'])
    expect(await names(averaging)).toEqual(['firstMoment', 'secondMoment', 'average'])
  })

  test('is read and written at its turn, and copied', async () => {
    const { model, trainer } = create()
    const pending = [1, 2].map(() => trainer.step(...batch, null))
    const second = trainer.readState()
    pending.push(trainer.step(...batch, null))
    const state = await second
    expect(state.updates).toBe(2)
    expect(state.passes).toBe(2)
    await Promise.all(pending)
    const other = create()
    other.trainer.stepSync(...batch)
    other.trainer.stepSync(...batch)
    expect(await other.trainer.readState()).toEqual(state)
    await restore({ model, trainer }, state)
    expect(trainer.stepSync(...batch)).toEqual(other.trainer.stepSync(...batch))
  })

  test('drops gathered gradients when it is written, and holds none', async () => {
    const { trainer } = create()
    const state = await trainer.readState()
    const [given] = call(tokens, classes)
    const [, inputs] = call(tokens, classes)
    const pass = new addon.NativeTrainingPass(trainer, { batch: given, inputs })
    const outputs = [new Float32Array(60)]
    pass.forwardSync(outputs)
    pass.backwardSync(outputs)
    expect(await codeOf(() => trainer.step(...batch, null))).toBe('ERR_GRU_VALUE')
    await trainer.writeState(countsOf(state))
    expect(await codeOf(() => trainer.updateSync({ learningRate: null }))).toBe('ERR_GRU_VALUE')
    const { loss } = await trainer.step(...batch, null)
    expect(loss).toBe(create().trainer.stepSync(...batch).loss)
  })

  const wrong: [string, (state: NativeTrainerCounts) => unknown, string][] = [
    ['nothing', () => undefined, 'ERR_GRU_TYPE'],
    ['no arrays', (state) => ({ ...state, arrays: undefined }), 'ERR_GRU_TYPE'],
    ['no carried states', (state) => ({ ...state, carried: undefined }), 'ERR_GRU_TYPE'],
    [
      'a carried state of a wrong size',
      (state) => ({ ...state, carried: [{ batch: 1, values: [new Float32Array(3)] }] }),
      'ERR_GRU_VALUE',
    ],
    [
      'a carried state without values',
      (state) => ({ ...state, carried: [{ batch: 1, values: [] }] }),
      'ERR_GRU_VALUE',
    ],
    [
      'values of no carried state',
      (state) => ({ ...state, carried: [{ batch: 0, values: [new Float32Array(3)] }] }),
      'ERR_GRU_VALUE',
    ],
    [
      'an array too few',
      ({ arrays, ...rest }) => ({ ...rest, arrays: arrays.slice(1) }),
      'ERR_GRU_VALUE',
    ],
    [
      'arrays in another order',
      ({ arrays, ...rest }) => ({ ...rest, arrays: arrays.reverse() }),
      'ERR_GRU_VALUE',
    ],
    ['an array that is no text', (state) => ({ ...state, arrays: [1] }), 'ERR_GRU_TYPE'],
    ['a count that is none', (state) => ({ ...state, updates: -1 }), 'ERR_GRU_VALUE'],
    ['passes that are none', (state) => ({ ...state, passes: '1' }), 'ERR_GRU_TYPE'],
  ]
  test.each(wrong)('is refused with %s, and nothing changes', async (_, spoil, code) => {
    const [{ trainer }, expected] = [create(), create()]
    trainer.stepSync(...batch)
    expected.trainer.stepSync(...batch)
    const bad = spoil(countsOf(await create().trainer.readState())) as NativeTrainerCounts
    expect(await codeOf(() => trainer.writeState(bad))).toBe(code)
    expect(await trainer.readState()).toEqual(await expected.trainer.readState())
  })

  test.each<[string, unknown[], string]>([
    ['no array', [undefined, 0, new Float32Array(1)], 'ERR_GRU_TYPE'],
    ['an array of no such name', ['momentum', 0, new Float32Array(1)], 'ERR_GRU_VALUE'],
    ['an offset that is none', ['average', -1, new Float32Array(1)], 'ERR_GRU_VALUE'],
    ['an offset past the end', ['average', 1e6, new Float32Array(0)], 'ERR_GRU_VALUE'],
    ['values past the end', ['average', 1, 'all'], 'ERR_GRU_VALUE'],
    ['values of another type', ['average', 0, new Int32Array(1)], 'ERR_GRU_TYPE'],
  ])('takes no part with %s', async (_, [name, offset, given], code) => {
    const { model, trainer } = create()
    const source = given === 'all' ? new Float32Array(model.parameterCount) : given
    const before = await trainer.readState()
    const write = trainer.writeStateArray.bind(trainer) as (...given: unknown[]) => Promise<void>
    expect(await codeOf(() => write(name, offset, source))).toBe(code)
    expect(await trainer.readState()).toEqual(before)
  })

  test('is refused after dispose', async () => {
    const { trainer } = create()
    const state = await trainer.readState()
    trainer.dispose()
    expect(await codeOf(() => trainer.readState())).toBe('ERR_GRU_DISPOSED')
    expect(await codeOf(() => trainer.writeState(countsOf(state)))).toBe('ERR_GRU_DISPOSED')
    const part = new Float32Array(1)
    const write = (): Promise<void> => trainer.writeStateArray('average', 0, part)
    expect(await codeOf(write)).toBe('ERR_GRU_DISPOSED')
  })
})

describe('a training pass', () => {
  test('lies on the device of its model until it is disposed of or used up', () => {
    const model = createModel()
    const trainer = new addon.NativeTrainer(model, trainerOptions)
    const [size, inputs] = call(tokens, classes)
    const outputs = [new Float32Array(60)]
    const used = new addon.NativeTrainingPass(trainer, { batch: size, inputs })
    used.forwardSync(outputs)
    used.backwardSync([null])
    trainer.discardSync()
    expect(() => {
      used.forwardSync(outputs)
    }).toThrow(/^pass: expected one in use/)
    used.dispose()
  })

  test('takes no backward call before its forward call', async () => {
    const model = createModel()
    const trainer = new addon.NativeTrainer(model, trainerOptions)
    const [size, inputs] = call(tokens, classes)
    const pass = new addon.NativeTrainingPass(trainer, { batch: size, inputs })
    expect(await codeOf(() => pass.backward([new Float32Array(60)], null))).toBe('ERR_GRU_VALUE')
    expect(await codeOf(() => trainer.update({ learningRate: null }))).toBe('ERR_GRU_VALUE')
  })
})
