import type { NativePass } from '../../binding'
import {
  addon,
  BATCH,
  call,
  classes,
  codeOf,
  createGru,
  createModel,
  device,
  emptyResult,
  type ForwardArguments,
  gruOptions,
  INPUT,
  OUTPUT,
  STATE,
  stepCall,
  STEPS,
  tokens,
  trainerOptions,
  wave,
} from '../support/addon'
import { BEYOND_MEMORY } from '../support/limits'
import { detached, shared } from '../support/memory'

describe('constructors', () => {
  test.each([
    ['a size of zero', { inputSize: 0 }, 'ERR_GRU_VALUE'],
    ['a fractional size', { hiddenSize: 1.5 }, 'ERR_GRU_VALUE'],
    ['a size that is NaN', { hiddenSize: NaN }, 'ERR_GRU_VALUE'],
    ['a size that is text', { hiddenSize: '8' }, 'ERR_GRU_TYPE'],
    [
      'sizes whose product overflows',
      { inputSize: 2 ** 29 - 1, hiddenSize: 2 ** 29 - 1 },
      'ERR_GRU_VALUE',
    ],
    ['sizes beyond all memory', { inputSize: 2 ** 24, hiddenSize: 2 ** 20 }, BEYOND_MEMORY],
    ['a truthy flag', { bias: 1 }, 'ERR_GRU_TYPE'],
    ['dropout of 1', { dropout: 1 }, 'ERR_GRU_VALUE'],
    ['dropout that is NaN', { dropout: NaN }, 'ERR_GRU_VALUE'],
    ['an unknown gate', { updateGate: 'other' }, 'ERR_GRU_VALUE'],
  ])('refuse %s', async (_, changes, code) => {
    expect(await codeOf(() => createGru(changes))).toBe(code)
  })

  test.each([
    ['tpu', 'ERR_GRU_VALUE', /^device: expected .*, got 'tpu'$/],
    ['cuda:', 'ERR_GRU_VALUE', /^device: /],
    ['cuda:+1', 'ERR_GRU_VALUE', /^device: /],
    ['cuda:1x', 'ERR_GRU_VALUE', /^device: /],
    ['cuda:99999999999999999999', 'ERR_GRU_VALUE', /^device: /],
    ['cuda-', 'ERR_GRU_VALUE', /^device: /],
    ['cuda:99', 'ERR_GRU_DEVICE', /^device: expected one that can be used, got 'cuda:99': ./],
  ])('refuse the device %p', async (name, code, message) => {
    const create = () => new addon.NativeGru(gruOptions, 0, { name, precision: 'float32' })
    expect(await codeOf(create)).toBe(code)
    expect(create).toThrow(message)
  })

  test.each([
    ['no object', 'cpu', 'ERR_GRU_TYPE'],
    ['no precision', { name: 'cpu' }, 'ERR_GRU_TYPE'],
    ['an unknown precision', { name: 'cpu', precision: 'float64' }, 'ERR_GRU_VALUE'],
    ['less than float32 on the CPU', { name: 'cpu', precision: 'tf32' }, 'ERR_GRU_VALUE'],
  ])('refuse a device that is %s', async (_, given, code) => {
    expect(await codeOf(() => new addon.NativeGru(gruOptions, 0, given as never))).toBe(code)
  })

  test.each([-1, 0.5, 2 ** 53, NaN])('refuse the seed %p', async (seed) => {
    expect(await codeOf(() => new addon.NativeGru(gruOptions, seed, device))).toBe('ERR_GRU_VALUE')
  })

  test.each([
    ['an infinite rate', { learningRate: Infinity }],
    ['a rate that is NaN', { learningRate: NaN }],
    ['beta1 of 1', { beta1: 1 }],
    ['a negative bound', { clipNorm: -1 }],
    ['an unknown kind', { kind: 'adagrad' }],
  ])('of a trainer refuses %s', async (_, changes) => {
    const options = { ...trainerOptions, ...changes } as typeof trainerOptions
    expect(await codeOf(() => new addon.NativeTrainer(createModel(), options))).toBe(
      'ERR_GRU_VALUE',
    )
  })

  test('refuse to be called without new', async () => {
    for (const kind of [addon.AbortFlag, addon.NativeGru, addon.NativeModel, addon.NativeTrainer]) {
      const call = kind as unknown as (...given: unknown[]) => unknown
      expect(await codeOf(() => call(gruOptions, 0, device))).toBe('ERR_GRU_TYPE')
    }
  })

  test('leave NativePass to the native part', async () => {
    const create = addon.NativePass as unknown as new () => NativePass
    expect(await codeOf(() => new create())).toBe('ERR_GRU_TYPE')
  })
})

describe('wrong arguments', () => {
  const gru = createGru()
  const right: unknown[] = [STEPS, BATCH, null, wave(INPUT), null, ...Object.values(emptyResult())]
  const cases: [string, number, unknown, string][] = [
    ['steps 0', 0, 0, 'ERR_GRU_VALUE'],
    ['steps NaN', 0, NaN, 'ERR_GRU_VALUE'],
    ['steps text', 0, '6', 'ERR_GRU_TYPE'],
    ['steps far too many', 0, 2 ** 31 - 1, 'ERR_GRU_SHAPE'],
    ['batch beyond 32 bits', 1, 2 ** 31, 'ERR_GRU_VALUE'],
    ['batch fractional', 1, 1.5, 'ERR_GRU_VALUE'],
    ['lengths undefined', 2, undefined, 'ERR_GRU_TYPE'],
    ['lengths of the wrong type', 2, new Float32Array(BATCH), 'ERR_GRU_TYPE'],
    ['lengths too few', 2, new Int32Array(BATCH - 1), 'ERR_GRU_SHAPE'],
    ['lengths empty', 2, new Int32Array(0), 'ERR_GRU_SHAPE'],
    ['lengths detached', 2, detached(Int32Array, BATCH), 'ERR_GRU_TYPE'],
    ['lengths shared', 2, shared(Int32Array, BATCH), 'ERR_GRU_TYPE'],
    ['lengths out of range', 2, Int32Array.of(0, STEPS + 1), 'ERR_GRU_VALUE'],
    ['input null', 3, null, 'ERR_GRU_TYPE'],
    ['input an ordinary array', 3, Array.from(wave(INPUT)), 'ERR_GRU_TYPE'],
    ['input of the wrong type', 3, new Float64Array(INPUT), 'ERR_GRU_TYPE'],
    ['input too short', 3, wave(INPUT - 1), 'ERR_GRU_SHAPE'],
    ['input empty', 3, wave(0), 'ERR_GRU_SHAPE'],
    ['input detached', 3, detached(Float32Array, INPUT), 'ERR_GRU_TYPE'],
    ['input shared', 3, shared(Float32Array, INPUT), 'ERR_GRU_TYPE'],
    ['initial state too long', 4, wave(STATE + 1), 'ERR_GRU_SHAPE'],
    ['initial state detached', 4, detached(Float32Array, STATE), 'ERR_GRU_TYPE'],
    ['output too short', 5, wave(OUTPUT - 1), 'ERR_GRU_SHAPE'],
    ['output null', 5, null, 'ERR_GRU_TYPE'],
    ['state detached', 6, detached(Float32Array, STATE), 'ERR_GRU_TYPE'],
    ['state a DataView', 6, new DataView(new ArrayBuffer(STATE * 4)), 'ERR_GRU_TYPE'],
  ]

  test.each(cases)('%s is refused by every form of forward', async (_, index, value, code) => {
    const given = right.map((each, i) => (i === index ? value : each)) as ForwardArguments
    expect(
      await codeOf(() => {
        gru.forwardSync(...given)
      }),
    ).toBe(code)
    expect(await codeOf(() => gru.forwardTrainingSync(...given))).toBe(code)
    // The promise forms never throw: they reject.
    const promises = [gru.forward(...given, null), gru.forwardTraining(...given, null)]
    for (const promise of promises) expect(await codeOf(() => promise)).toBe(code)
  })

  test('no arguments at all are refused', async () => {
    const model = createModel()
    const trainer = new addon.NativeTrainer(model, trainerOptions)
    const methods: [object, string][] = [
      [gru, 'forwardSync'],
      [gru, 'forward'],
      [gru, 'readParametersSync'],
      [gru, 'readParameters'],
      [gru, 'writeParametersSync'],
      [gru, 'writeParameters'],
      [model, 'fillParameters'],
      [model, 'predictSync'],
      [model, 'predict'],
      [trainer, 'stepSync'],
      [trainer, 'evaluate'],
    ]
    for (const [object, name] of methods) {
      const call = Reflect.get(object, name) as (this: object) => unknown
      expect([name, await codeOf(() => call.call(object))]).toEqual([name, 'ERR_GRU_TYPE'])
    }
    expect(await codeOf(() => new (addon.NativeGru as unknown as new () => void)())).toBe(
      'ERR_GRU_TYPE',
    )
  })

  test('messages name the argument, what was expected and what came', () => {
    const { output, state } = emptyResult()
    expect(() => {
      gru.forwardSync(STEPS, BATCH, null, new Int32Array(4) as never, null, output, state)
    }).toThrow('input: expected a Float32Array, got an Int32Array of 4')
  })

  test('arrays of the kinds that the model does not take are refused', async () => {
    const model = createModel()
    const trainer = new addon.NativeTrainer(model, trainerOptions)
    const floats = wave(tokens.length)
    expect(await codeOf(() => trainer.stepSync(...stepCall(...call(floats, classes))))).toBe(
      'ERR_GRU_TYPE',
    )
    expect(await codeOf(() => trainer.stepSync(...stepCall(...call(tokens, floats))))).toBe(
      'ERR_GRU_TYPE',
    )
    const outside = tokens.map((token, i) => (i === 3 ? 5 : token))
    const wrongToken = () => trainer.stepSync(...stepCall(...call(outside, classes)))
    expect(wrongToken).toThrow('input[3]: expected an integer from 0 to 4, got 5')
    expect(await codeOf(wrongToken)).toBe('ERR_GRU_VALUE')
  })
})
