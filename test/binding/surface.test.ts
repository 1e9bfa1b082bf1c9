import type { NativeLayerOptions, NativePass } from '../../binding'
import packageJson from '../../package.json'
import {
  BATCH,
  INPUT,
  STEPS,
  TestError,
  addon,
  call,
  classes,
  codeOf,
  createGru,
  createLstm,
  createModel,
  device,
  emptyResult,
  exported,
  gruOptions,
  initialize,
  tokens,
  trainerOptions,
  wave,
} from '../support/addon'

describe('exports', () => {
  test('are those that binding.d.ts declares', () => {
    expect(Object.keys(exported)).toEqual(['initialize'])
    expect(Object.keys(addon).sort()).toEqual(
      [
        'AbortFlag',
        'createError',
        'NativeDecoder',
        'NativeGru',
        'NativeLstm',
        'NativeModel',
        'NativePass',
        'NativeSession',
        'NativeTrainer',
        'NativeTrainingPass',
        'countGruParameters',
        'countLstmParameters',
        'cudaRuntime',
        'describeGraph',
        'limits',
        'referenceGraph',
        'referenceGru',
        'referenceLstm',
        'runtime',
        'setThreads',
        'shapeFormulas',
        'stepSessions',
        'takeIgnoredVariables',
      ].sort(),
    )
  })

  test('runtime tells what is in use', () => {
    const { version, isa, isas, blas } = addon.runtime()
    expect(version).toBe(packageJson.version)
    expect(isas).toContain(isa)
    expect(blas).not.toBe('')
  })

  test('setThreads sets what runtime tells', () => {
    const before = addon.runtime().threads
    addon.setThreads(3)
    expect(addon.runtime().threads).toBe(3)
    addon.setThreads(before)
    expect(addon.runtime().threads).toBe(before)
  })

  test.each([0, 1025, 1.5, NaN, Infinity, -1])('setThreads refuses %p', async (threads) => {
    expect(
      await codeOf(() => {
        addon.setThreads(threads)
      }),
    ).toBe('ERR_GRU_VALUE')
  })
})

describe('errors', () => {
  test('are made by the factory', () => {
    expect(() => {
      addon.setThreads(0)
    }).toThrow(TestError)
    expect(() => {
      addon.setThreads(0)
    }).toThrow('threads: expected an integer from 1 to 1024, got 0')
  })

  test('have their code where the factory fails', async () => {
    const failing = initialize(() => {
      throw new Error('factory')
    })
    const call = () => {
      failing.setThreads(0)
    }
    expect(await codeOf(call)).toBe('ERR_GRU_VALUE')
    expect(call).toThrow('threads: expected an integer from 1 to 1024, got 0')
    expect(call).not.toThrow(TestError)
  })

  test.each([null, {}, undefined])('initialize refuses %p for a factory', async (factory) => {
    expect(
      await codeOf(() => {
        initialize(factory as never)
      }),
    ).toBe('ERR_GRU_TYPE')
  })

  test('of getters in options pass through', () => {
    const thrown = new Error('getter')
    const options = Object.defineProperty({ ...gruOptions }, 'bias', {
      get() {
        throw thrown
      },
    })
    expect(() => new addon.NativeGru(options, 0, device)).toThrow(thrown)
  })
})

/** Of a model whose decoder begins with what its encoder made of the source. */
function createDecoder() {
  const named = (name: string) => ({ name, argument: name, lengths: name, tokens: true, size: 3 })
  const stack = { ...gruOptions, inputSize: undefined, batchFirst: undefined }
  const layer = (name: string, inputs: string[], options: object): NativeLayerOptions =>
    ({ name, inputs, ...options }) as NativeLayerOptions
  const model = new addon.NativeModel(
    {
      inputs: [named('source'), named('target')],
      layers: [
        layer('a', ['source'], { type: 'embedding', size: 2 }),
        layer('b', ['target'], { type: 'embedding', size: 2 }),
        layer('encoder', ['a'], { type: 'gru', ...stack }),
        layer('last', ['encoder'], { type: 'select', step: 'last' }),
        layer('decoder', ['b', 'last'], { type: 'gru', ...stack }),
        layer('head', ['decoder'], { type: 'linear', size: 3, activation: 'none' }),
      ],
      outputs: [
        {
          ...{ layer: 'head', loss: { kind: 'meanSquaredError', ignoreMissing: false }, weight: 1 },
          ...{ argument: 'output', target: 'target', output: 'output' },
        },
      ],
      batchFirst: false,
    },
    1,
    device,
  )
  return new addon.NativeDecoder(model, { target: 1, output: 0 })
}

describe('objects of another kind', () => {
  const gru = createGru()
  const pass = (): NativePass => {
    const { output, state } = emptyResult()
    return gru.forwardTrainingSync(STEPS, BATCH, null, wave(INPUT), null, output, state)
  }
  const instances: Record<string, () => object> = {
    AbortFlag: () => new addon.AbortFlag(),
    NativeGru: () => gru,
    NativeLstm: () => createLstm(),
    NativeModel: () => createModel(),
    NativePass: pass,
    NativeSession: () => new addon.NativeSession(createModel(), 2),
    NativeTrainer: () => new addon.NativeTrainer(createModel(), trainerOptions),
    NativeDecoder: createDecoder,
    NativeTrainingPass: () => {
      const trainer = new addon.NativeTrainer(createModel(), trainerOptions)
      const [batch, inputs] = call(tokens, classes)
      return new addon.NativeTrainingPass(trainer, { batch, inputs })
    },
  }

  test.each(Object.keys(instances))('are no receivers of the methods of %s', async (name) => {
    const prototype = Object.getPrototypeOf(instances[name]!()) as object
    const foreign: unknown[] = Object.keys(instances)
      .filter((other) => other !== name)
      .map((other) => instances[other]!())
    foreign.push(
      {},
      undefined,
      null,
      1,
      'text',
      Object.create(prototype) as object,
      new Proxy({}, {}),
      addon,
    )
    const members = Object.entries<PropertyDescriptor>(Object.getOwnPropertyDescriptors(prototype))
    expect(members.length).toBeGreaterThan(1)
    for (const [member, property] of members) {
      if (member === 'constructor') continue
      const call: unknown = 'get' in property ? Reflect.get(property, 'get') : property.value
      for (const receiver of foreign) {
        expect([
          member,
          await codeOf(() => Reflect.apply(call as () => unknown, receiver, [])),
        ]).toEqual([member, 'ERR_GRU_TYPE'])
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
