import type { AbortFlag, NativePass, StepMetrics } from '../binding'
import packageJson from '../package.json'
import {
  addon,
  codeOf,
  gruOptions,
  modelOptions,
  trainerOptions,
  wave,
} from './support/addon'
import { detached, shared } from './support/memory'

class TestError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}

beforeEach(() => {
  addon.initialize((code, message) => new TestError(code, message))
})

const STEPS = 6
const BATCH = 2
const INPUT = STEPS * BATCH * gruOptions.inputSize
const OUTPUT = STEPS * BATCH * gruOptions.hiddenSize
const STATE = BATCH * gruOptions.hiddenSize

const createGru = (changes = {}) => new addon.NativeGru({ ...gruOptions, ...changes }, 7, 'cpu')
const createModel = (changes = {}) =>
  new addon.NativeModel({ ...modelOptions, ...changes }, 7, 'cpu')

interface Result {
  readonly output: Float32Array
  readonly state: Float32Array
}
const emptyResult = (): Result => ({
  output: new Float32Array(OUTPUT),
  state: new Float32Array(STATE),
})

const tokens = Int32Array.from({ length: STEPS * BATCH }, (_, i) => (i * 3) % 5)
const classes = Int32Array.from({ length: STEPS * BATCH }, (_, i) => (i * 2) % 5)

/** Enough work to last well beyond the calls around it. */
const slowModel = () => createModel({ gru: { ...gruOptions, hiddenSize: 192 } })
const SLOW_STEPS = 256
const SLOW_BATCH = 32
const slowTokens = new Int32Array(SLOW_STEPS * SLOW_BATCH)

describe('exports', () => {
  test('are those that binding.d.ts declares', () => {
    expect(Object.keys(addon).sort()).toEqual(
      [
        'AbortFlag',
        'NativeGru',
        'NativeModel',
        'NativePass',
        'NativeTrainer',
        'initialize',
        'referenceGru',
        'runtime',
        'setThreads',
      ].sort(),
    )
  })

  test('runtime tells what is in use', () => {
    const { version, isa, isas, blas, cuda } = addon.runtime()
    expect(version).toBe(packageJson.version)
    expect(isas).toContain(isa)
    expect(blas).not.toBe('')
    expect(cuda).toEqual({ available: false, reason: expect.stringMatching(/./), devices: [] })
  })

  test('setThreads sets what runtime tells', () => {
    const before = addon.runtime().threads
    addon.setThreads(3)
    expect(addon.runtime().threads).toBe(3)
    addon.setThreads(before)
    expect(addon.runtime().threads).toBe(before)
  })

  test.each([0, 1025, 1.5, NaN, Infinity, -1])('setThreads refuses %p', async (threads) => {
    expect(await codeOf(() => addon.setThreads(threads))).toBe('ERR_GRU_VALUE')
  })
})

describe('errors', () => {
  test('are made by the factory', () => {
    expect(() => addon.setThreads(0)).toThrow(TestError)
    expect(() => addon.setThreads(0)).toThrow('threads: expected an integer from 1 to 1024, got 0')
  })

  test('have their code where the factory fails', () => {
    addon.initialize(() => {
      throw new Error('factory')
    })
    expect(() => addon.setThreads(0)).toThrow(
      expect.objectContaining({
        code: 'ERR_GRU_VALUE',
        message: 'threads: expected an integer from 1 to 1024, got 0',
      }),
    )
  })

  test.each([null, {}, undefined])('initialize refuses %p for a factory', async (factory) => {
    expect(await codeOf(() => addon.initialize(factory as never))).toBe('ERR_GRU_TYPE')
  })

  test('of getters in options pass through', () => {
    const thrown = new Error('getter')
    const options = Object.defineProperty({ ...gruOptions }, 'bias', {
      get() {
        throw thrown
      },
    })
    expect(() => new addon.NativeGru(options, 0, 'cpu')).toThrow(thrown)
  })
})

describe('constructors', () => {
  test.each([
    ['a size of zero', { inputSize: 0 }, 'ERR_GRU_VALUE'],
    ['a fractional size', { hiddenSize: 1.5 }, 'ERR_GRU_VALUE'],
    ['a size that is NaN', { hiddenSize: NaN }, 'ERR_GRU_VALUE'],
    ['a size that is text', { hiddenSize: '8' }, 'ERR_GRU_TYPE'],
    ['sizes whose product overflows', { inputSize: 2 ** 29 - 1, hiddenSize: 2 ** 29 - 1 }, 'ERR_GRU_VALUE'],
    ['sizes beyond all memory', { inputSize: 2 ** 24, hiddenSize: 2 ** 20 }, 'ERR_GRU_MEMORY'],
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
    ['cuda', 'ERR_GRU_DEVICE', /^device: expected 'cpu', got 'cuda': ./],
    ['cuda:1', 'ERR_GRU_DEVICE', /^device: expected 'cpu', got 'cuda:1': ./],
  ])('refuse the device %p', async (device, code, message) => {
    const create = () => new addon.NativeGru(gruOptions, 0, device)
    expect(await codeOf(create)).toBe(code)
    expect(create).toThrow(message)
  })

  test.each([-1, 0.5, 2 ** 53, NaN])('refuse the seed %p', async (seed) => {
    expect(await codeOf(() => new addon.NativeGru(gruOptions, seed, 'cpu'))).toBe('ERR_GRU_VALUE')
  })

  test.each([
    ['an infinite rate', { learningRate: Infinity }],
    ['a rate that is NaN', { learningRate: NaN }],
    ['beta1 of 1', { beta1: 1 }],
    ['a negative bound', { clipNorm: -1 }],
    ['an unknown kind', { kind: 'adagrad' }],
  ])('of a trainer refuses %s', async (_, changes) => {
    const options = { ...trainerOptions, ...changes } as typeof trainerOptions
    expect(await codeOf(() => new addon.NativeTrainer(createModel(), options))).toBe('ERR_GRU_VALUE')
  })

  test('refuse to be called without new', async () => {
    for (const kind of [addon.AbortFlag, addon.NativeGru, addon.NativeModel, addon.NativeTrainer]) {
      const call = kind as unknown as (...given: unknown[]) => unknown
      expect(await codeOf(() => call(gruOptions, 0, 'cpu'))).toBe('ERR_GRU_TYPE')
    }
  })

  test('leave NativePass to the native part', async () => {
    const create = addon.NativePass as unknown as new () => NativePass
    expect(await codeOf(() => new create())).toBe('ERR_GRU_TYPE')
  })
})

describe('objects of another kind', () => {
  const gru = createGru()
  const pass = (): NativePass => {
    const { output, state } = emptyResult()
    return gru.forwardTrainingSync(STEPS, BATCH, null, wave(INPUT), null, output, state)
  }
  const instances: Record<string, () => object> = {
    AbortFlag: () => new addon.AbortFlag(),
    NativeGru: () => gru,
    NativeModel: () => createModel(),
    NativePass: pass,
    NativeTrainer: () => new addon.NativeTrainer(createModel(), trainerOptions),
  }

  test.each(Object.keys(instances))('are no receivers of the methods of %s', async (name) => {
    const prototype = Object.getPrototypeOf(instances[name]!()) as object
    const foreign: unknown[] = Object.keys(instances)
      .filter((other) => other !== name)
      .map((other) => instances[other]!())
    foreign.push({}, undefined, null, 1, 'text', Object.create(prototype), new Proxy({}, {}), addon)
    const members = Object.entries(Object.getOwnPropertyDescriptors(prototype))
    expect(members.length).toBeGreaterThan(1)
    for (const [member, { value, get }] of members) {
      if (member === 'constructor') continue
      for (const receiver of foreign) {
        const call = (get ?? value) as (this: unknown) => unknown
        expect([member, await codeOf(() => call.call(receiver))]).toEqual([member, 'ERR_GRU_TYPE'])
      }
    }
  })

  test('are no models for a trainer', async () => {
    for (const model of [gru, {}, null, undefined, 1]) {
      const create = () => new addon.NativeTrainer(model as never, trainerOptions)
      expect(await codeOf(create)).toBe('ERR_GRU_TYPE')
    }
  })

  test('are no abort flags', async () => {
    for (const flag of [gru, {}, undefined, true]) {
      const { output, state } = emptyResult()
      const call = () =>
        gru.forward(STEPS, BATCH, null, wave(INPUT), null, output, state, flag as never)
      expect(await codeOf(call)).toBe('ERR_GRU_TYPE')
    }
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

  type Forward = Parameters<typeof gru.forwardSync>

  test.each(cases)('%s is refused by every form of forward', async (_, index, value, code) => {
    const given = right.map((each, i) => (i === index ? value : each)) as Forward
    expect(await codeOf(() => gru.forwardSync(...given))).toBe(code)
    expect(await codeOf(() => gru.forwardTrainingSync(...given))).toBe(code)
    // The promise forms never throw: they reject.
    const promises = [gru.forward(...given, null), gru.forwardTraining(...given, null)]
    for (const promise of promises) expect(await codeOf(() => promise)).toBe(code)
  })

  test('no arguments at all are refused', async () => {
    const model = createModel()
    const trainer = new addon.NativeTrainer(model, trainerOptions)
    const calls = [gru.forwardSync, gru.readParameters, gru.writeParameters].map((f) => f.bind(gru))
    const others = [model.predictSync.bind(model), trainer.stepSync.bind(trainer)]
    for (const call of [...calls, ...others] as (() => void)[]) {
      expect(await codeOf(() => call())).toBe('ERR_GRU_TYPE')
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
    expect(() => {
      gru.forwardSync(STEPS, 1e9, null, wave(INPUT), null, output, state)
    }).toThrow('input: expected at least steps*batch = 6000000000 values, got 36 values')
  })

  test('arrays of the kinds that the model does not take are refused', async () => {
    const model = createModel()
    const trainer = new addon.NativeTrainer(model, trainerOptions)
    const floats = wave(tokens.length)
    expect(await codeOf(() => trainer.stepSync(STEPS, BATCH, null, floats, classes))).toBe(
      'ERR_GRU_TYPE',
    )
    expect(await codeOf(() => trainer.stepSync(STEPS, BATCH, null, tokens, floats))).toBe(
      'ERR_GRU_TYPE',
    )
    const outside = tokens.map((token, i) => (i === 3 ? 5 : token))
    const wrongToken = () => trainer.stepSync(STEPS, BATCH, null, outside, classes)
    expect(wrongToken).toThrow('input[3]: expected a token from 0 to 4, got 5')
    expect(await codeOf(wrongToken)).toBe('ERR_GRU_VALUE')
  })
})

const logistic = (x: number): number => 1 / (1 + Math.exp(-x))

describe('NativeGru', () => {
  test('computes the equations', () => {
    const gru = createGru({ inputSize: 1, hiddenSize: 1 })
    expect(gru.parameterSpecs()).toEqual([
      { name: 'weight_ih_l0', shape: [3, 1], offset: 0, count: 3 },
      { name: 'weight_hh_l0', shape: [3, 1], offset: 3, count: 3 },
      { name: 'bias_ih_l0', shape: [3], offset: 6, count: 3 },
      { name: 'bias_hh_l0', shape: [3], offset: 9, count: 3 },
    ])
    const p = wave(gru.parameterCount)
    gru.writeParameters(p)
    const [x, h] = [0.5, -0.25]
    const a = (gate: number): number => p[gate]! * x + p[6 + gate]!
    const u = (gate: number): number => p[3 + gate]! * h + p[9 + gate]!
    const [r, z] = [logistic(a(0) + u(0)), logistic(a(1) + u(1))]
    const n = Math.tanh(a(2) + r * u(2))
    const output = new Float32Array(1)
    const state = new Float32Array(1)
    gru.forwardSync(1, 1, null, Float32Array.of(x), Float32Array.of(h), output, state)
    expect(output[0]).toBeCloseTo(z * h + (1 - z) * n, 6)
    expect(state).toEqual(output)
  })

  test('reads back the parameters that were written', async () => {
    const gru = createGru()
    const values = wave(gru.parameterCount)
    const target = new Float32Array(gru.parameterCount)
    gru.writeParameters(values)
    gru.readParameters(target)
    expect(target).toEqual(values)
    expect(await codeOf(() => gru.readParameters(wave(3)))).toBe('ERR_GRU_SHAPE')
    expect(await codeOf(() => gru.writeParameters(wave(3)))).toBe('ERR_GRU_SHAPE')
  })

  const stack = { numLayers: 2, bidirectional: true, dropout: 0.25 }
  const [stackOutput, stackState] = [2 * OUTPUT, 4 * STATE]

  test.each(['Sync', 'promise'])('goes forward and back as the reference does (%s)', async (form) => {
    const gru = createGru(stack)
    const parameters = new Float32Array(gru.parameterCount)
    gru.readParameters(parameters)
    const lengths = Int32Array.of(4, 6)
    const [input, initial] = [wave(INPUT), wave(stackState, 1)]
    const [dOutput, dState] = [wave(stackOutput, 2), wave(stackState, 3)]
    const result = {
      output: new Float32Array(stackOutput),
      state: new Float32Array(stackState),
      dInput: new Float32Array(INPUT),
      dInitialState: new Float32Array(stackState),
      dParameters: new Float32Array(gru.parameterCount),
    }
    const forward = [STEPS, BATCH, lengths, input, initial, result.output, result.state] as const
    const gradients = [result.dInput, result.dInitialState, result.dParameters] as const
    if (form === 'Sync') {
      gru.forwardTrainingSync(...forward).backwardSync(dOutput, dState, ...gradients)
    } else {
      const pass = await gru.forwardTraining(...forward, null)
      await pass.backward(dOutput, dState, ...gradients, null)
    }
    const expected = addon.referenceGru({ ...gruOptions, ...stack }, Float64Array.from(parameters), {
      steps: STEPS,
      batch: BATCH,
      lengths,
      input: Float64Array.from(input),
      initialState: Float64Array.from(initial),
      dOutput: Float64Array.from(dOutput),
      dState: Float64Array.from(dState),
      seed: 7,
      pass: 0,
    })
    for (const [name, values] of Object.entries(result)) {
      const exact = expected[name as keyof typeof expected]
      expect(values).toHaveLength(exact.length)
      const scale = Math.max(1, ...exact.map(Math.abs))
      const error = Math.max(...exact.map((value, i) => Math.abs(value - values[i]!)))
      expect(error / scale).toBeLessThan(1e-5)
    }
  })

  test('has two forms with the same bits', async () => {
    const gru = createGru()
    const [sync, later] = [emptyResult(), emptyResult()]
    const given = [STEPS, BATCH, Int32Array.of(3, 6), wave(INPUT), wave(STATE)] as const
    gru.forwardSync(...given, sync.output, sync.state)
    await gru.forward(...given, later.output, later.state, null)
    expect(later).toEqual(sync)
    expect(sync.output.some((value) => value !== 0)).toBe(true)
  })

  test('backward is possible once', async () => {
    const gru = createGru()
    const { output, state } = emptyResult()
    const forward = () =>
      gru.forwardTrainingSync(STEPS, BATCH, null, wave(INPUT), null, output, state)
    const gradients = [wave(INPUT), wave(STATE), new Float32Array(gru.parameterCount)] as const
    const pass = forward()
    pass.backwardSync(wave(OUTPUT), null, ...gradients)
    const again = () => pass.backwardSync(wave(OUTPUT), null, ...gradients)
    expect(await codeOf(again)).toBe('ERR_GRU_DISPOSED')

    const other = forward()
    const first = other.backward(null, wave(STATE), ...gradients, null)
    const second = other.backward(null, wave(STATE), ...gradients, null)
    expect(await codeOf(() => second)).toBe('ERR_GRU_DISPOSED')
    expect(await codeOf(() => first)).toBeUndefined()

    const stale = forward()
    gru.writeParameters(wave(gru.parameterCount))
    const late = () => stale.backwardSync(wave(OUTPUT), null, ...gradients)
    expect(await codeOf(late)).toBe('ERR_GRU_VALUE')
  })
})

describe('NativeModel and NativeTrainer', () => {
  test('all logits zero: the loss is the logarithm of the number of classes', async () => {
    const model = createModel()
    model.writeParameters(new Float32Array(model.parameterCount))
    const logits = wave(tokens.length * 5)
    model.predictSync(STEPS, BATCH, null, tokens, logits)
    expect(logits).toEqual(new Float32Array(logits.length))
    const trainer = new addon.NativeTrainer(model, trainerOptions)
    const { loss, gradNorm } = await trainer.evaluate(STEPS, BATCH, null, tokens, classes, null)
    expect(loss).toBeCloseTo(Math.log(5), 6)
    expect(gradNorm).toBe(0)
    expect(trainer.stepSync(STEPS, BATCH, null, tokens, classes).loss).toBeCloseTo(Math.log(5), 6)
  })

  test('all values zero: the loss is the mean of the squared targets', () => {
    const model = createModel({ tokens: 0, outputSize: 2, loss: 'meanSquaredError', every: 'last' })
    model.writeParameters(new Float32Array(model.parameterCount))
    const trainer = new addon.NativeTrainer(model, trainerOptions)
    const target = Float32Array.of(1, 2, 3, 4)
    const { loss, gradNorm } = trainer.stepSync(STEPS, BATCH, null, wave(INPUT), target)
    expect(loss).toBeCloseTo((1 + 4 + 9 + 16) / 4, 5)
    // The head's bias alone has a gradient: 2 * (0 - target) / 4, summed over the batch.
    expect(gradNorm).toBeCloseTo(Math.hypot((2 * (1 + 3)) / 4, (2 * (2 + 4)) / 4), 5)
  })

  test('both forms of a training run give the same bits', async () => {
    const [sync, later] = [createModel(), createModel()].map((model) => ({
      model,
      trainer: new addon.NativeTrainer(model, trainerOptions),
      parameters: new Float32Array(model.parameterCount),
    })) as [Run, Run]
    const expected = [1, 2, 3].map(() => sync.trainer.stepSync(STEPS, BATCH, null, tokens, classes))
    // All three are pending at once and run in the order of the calls.
    const got = await Promise.all(
      [1, 2, 3].map(() => later.trainer.step(STEPS, BATCH, null, tokens, classes, null)),
    )
    expect(got).toEqual(expected)
    expect(got[2]!.loss).toBeLessThan(got[0]!.loss)
    for (const { model, parameters } of [sync, later]) model.readParameters(parameters)
    expect(later.parameters).toEqual(sync.parameters)

    const logits = [0, 1].map(() => new Float32Array(tokens.length * 5))
    sync.model.predictSync(STEPS, BATCH, null, tokens, logits[0]!)
    await later.model.predict(STEPS, BATCH, null, tokens, logits[1]!, null)
    expect(logits[1]).toEqual(logits[0])
  })

  interface Run {
    readonly model: InstanceType<typeof addon.NativeModel>
    readonly trainer: InstanceType<typeof addon.NativeTrainer>
    readonly parameters: Float32Array
  }
})

describe('while a promise is pending', () => {
  test('synchronous calls of the same object are refused, those of others are not', async () => {
    const model = createModel()
    const trainer = new addon.NativeTrainer(model, trainerOptions)
    const target = new Float32Array(model.parameterCount)
    const logits = new Float32Array(tokens.length * 5)
    const syncCalls = [
      () => trainer.stepSync(STEPS, BATCH, null, tokens, classes),
      () => model.predictSync(STEPS, BATCH, null, tokens, logits),
      () => model.readParameters(target),
      () => model.writeParameters(target),
      () => new addon.NativeTrainer(model, trainerOptions),
    ]
    const pending = trainer.step(STEPS, BATCH, null, tokens, classes, null)
    const codes = await Promise.all(syncCalls.map(codeOf))
    expect(codes).toEqual(syncCalls.map(() => 'ERR_GRU_BUSY'))
    await pending
    expect(await Promise.all(syncCalls.map(codeOf))).toEqual(syncCalls.map(() => undefined))
  })

  test('a pass shares the queue of its layer', async () => {
    const [gru, other] = [createGru(), createGru()]
    const { output, state } = emptyResult()
    const forward = [STEPS, BATCH, null, wave(INPUT), null, output, state] as const
    const gradients = [wave(INPUT), wave(STATE), new Float32Array(gru.parameterCount)] as const
    const pass = gru.forwardTrainingSync(...forward)
    const pending = gru.forward(...forward, null)
    const backward = () => pass.backwardSync(null, wave(STATE), ...gradients)
    expect(await codeOf(backward)).toBe('ERR_GRU_BUSY')
    other.forwardSync(...forward)
    await pending
    expect(await codeOf(backward)).toBeUndefined()
  })

  test('inputs may change, move and go, since they were copied', async () => {
    const gru = createGru()
    const [expected, got] = [emptyResult(), emptyResult()]
    const input = wave(INPUT)
    const lengths = Int32Array.of(2, 5)
    const initial = wave(STATE)
    gru.forwardSync(STEPS, BATCH, lengths, input, initial, expected.output, expected.state)
    const pending = gru.forward(STEPS, BATCH, lengths, input, initial, got.output, got.state, null)
    input.fill(NaN)
    lengths.fill(-1)
    structuredClone(initial, { transfer: [initial.buffer as ArrayBuffer] })
    await pending
    expect(got).toEqual(expected)
  })

  test('an output that goes away fails the call, and the others stay as they were', async () => {
    const gru = createGru()
    const { output, state } = emptyResult()
    const pending = gru.forward(STEPS, BATCH, null, wave(INPUT), null, output, state, null)
    structuredClone(state, { transfer: [state.buffer as ArrayBuffer] })
    await expect(pending).rejects.toThrow(
      'state: expected a Float32Array over an ArrayBuffer of fixed length, got a Float32Array over a detached',
    )
    expect(await codeOf(() => pending)).toBe('ERR_GRU_TYPE')
    expect(output).toEqual(new Float32Array(OUTPUT))
  })

  test('timers keep time', async () => {
    const trainer = new addon.NativeTrainer(slowModel(), trainerOptions)
    let ticks = 0
    const timer = setInterval(() => ticks++, 1)
    await trainer.step(SLOW_STEPS, SLOW_BATCH, null, slowTokens, slowTokens, null)
    clearInterval(timer)
    expect(ticks).toBeGreaterThan(5)
  })
})

describe('dispose', () => {
  test('may be called again, and nothing else after it', async () => {
    const gru = createGru()
    const { output, state } = emptyResult()
    const forward = [STEPS, BATCH, null, wave(INPUT), null, output, state] as const
    const gradients = [wave(INPUT), wave(STATE), new Float32Array(gru.parameterCount)] as const
    const [disposed, orphan] = [gru.forwardTrainingSync(...forward), gru.forwardTrainingSync(...forward)]
    const model = createModel()
    const trainer = new addon.NativeTrainer(model, trainerOptions)
    const orphanTrainer = new addon.NativeTrainer(model, trainerOptions)
    const batch = [STEPS, BATCH, null, tokens, classes] as const
    const target = new Float32Array(model.parameterCount)
    trainer.dispose()
    disposed.dispose()
    const calls: (() => unknown)[] = [
      () => disposed.backwardSync(null, wave(STATE), ...gradients),
      () => disposed.backward(null, wave(STATE), ...gradients, null),
      () => trainer.stepSync(...batch),
      () => trainer.step(...batch, null),
      () => trainer.evaluate(...batch, null),
    ]
    expect(await Promise.all(calls.map(codeOf))).toEqual(calls.map(() => 'ERR_GRU_DISPOSED'))
    model.dispose()
    gru.dispose()
    calls.push(
      () => gru.parameterCount,
      () => gru.parameterSpecs(),
      () => gru.readParameters(target),
      () => gru.writeParameters(target),
      () => gru.forwardSync(...forward),
      () => gru.forward(...forward, null),
      () => gru.forwardTrainingSync(...forward),
      () => gru.forwardTraining(...forward, null),
      () => orphan.backwardSync(null, wave(STATE), ...gradients),
      () => model.parameterCount,
      () => model.parameterSpecs(),
      () => model.readParameters(target),
      () => model.writeParameters(target),
      () => model.predictSync(STEPS, BATCH, null, tokens, wave(tokens.length * 5)),
      () => model.predict(STEPS, BATCH, null, tokens, wave(tokens.length * 5), null),
      () => orphanTrainer.stepSync(...batch),
      () => new addon.NativeTrainer(model, trainerOptions),
    )
    expect(await Promise.all(calls.map(codeOf))).toEqual(calls.map(() => 'ERR_GRU_DISPOSED'))
    for (const object of [gru, disposed, orphan, model, trainer, orphanTrainer]) object.dispose()
  })

  test('lets pending jobs finish', async () => {
    const [model, twin] = [createModel(), createModel()]
    const trainer = new addon.NativeTrainer(model, trainerOptions)
    const expected = new addon.NativeTrainer(twin, trainerOptions)
    const batch = [STEPS, BATCH, null, tokens, classes] as const
    const pending = [1, 2, 3].map(() => trainer.step(...batch, null))
    trainer.dispose()
    model.dispose()
    expect(await Promise.all(pending)).toEqual([1, 2, 3].map(() => expected.stepSync(...batch)))
  })
})

describe('AbortFlag', () => {
  const stepOf = (trainer: InstanceType<typeof addon.NativeTrainer>, flag: AbortFlag | null) =>
    trainer.step(SLOW_STEPS, SLOW_BATCH, null, slowTokens, slowTokens, flag)

  test('stops a job before it starts', async () => {
    const gru = createGru()
    const { output, state } = emptyResult()
    const flag = new addon.AbortFlag()
    flag.abort()
    const call = () => gru.forward(STEPS, BATCH, null, wave(INPUT), null, output, state, flag)
    expect(await codeOf(call)).toBe('ERR_GRU_ABORTED')
    expect(output).toEqual(new Float32Array(OUTPUT))
  })

  test('stops a job that runs, and jobs that wait, and changes nothing', async () => {
    const model = slowModel()
    const [before, after] = [0, 1].map(() => new Float32Array(model.parameterCount))
    model.readParameters(before!)
    const trainer = new addon.NativeTrainer(model, trainerOptions)
    const flag = new addon.AbortFlag()
    // Not all of these could finish within the time limit of a test.
    const pending = Array.from({ length: 1000 }, () => stepOf(trainer, flag))
    const outcomes = Promise.all(pending.map((promise) => codeOf(() => promise)))
    setTimeout(() => flag.abort(), 20)
    const codes = await outcomes
    expect(codes.at(-1)).toBe('ERR_GRU_ABORTED')
    const finished = codes.filter((code) => code === undefined).length
    expect(codes.slice(finished)).toEqual(codes.slice(finished).map(() => 'ERR_GRU_ABORTED'))
    model.readParameters(after!)
    expect(after!.every((value, i) => value === before![i])).toBe(finished === 0)

    const metrics: StepMetrics = await stepOf(trainer, null)
    expect(metrics.loss).toBeGreaterThan(0)
  })
})
