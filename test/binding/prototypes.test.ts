import { runProcess } from '../support/addon'

// Any code may define accessors on Object.prototype and Array.prototype. None of them may run inside a native call: it
// could dispose of the object that the call uses. Each script runs in its own process, which may crash.

/** Definitions for the scripts: objects, a batch, and accessors that dispose of everything when they run. */
const definitions = `
  const assert = require('node:assert')
  const gru = new addon.NativeGru(gruOptions, 1, device)
  const model = new addon.NativeModel(chain(), 1, device)
  const trainer = new addon.NativeTrainer(model, trainerOptions)
  const graph = chain()
  const tokens = new Int32Array(12)
  const batch = [2, [{ steps: 6, lengths: null, values: tokens }], [tokens]]
  const forward = () =>
    [6, 2, null, new Float32Array(36), null, new Float32Array(48), new Float32Array(8)]
  const gradients = () =>
    [new Float32Array(48), null, new Float32Array(36), new Float32Array(8), new Float32Array(gru.parameterCount)]
  const ran = []
  function dispose() {
    for (const object of [trainer, model, gru]) object.dispose()
  }
  /** The result of a call, or its error, while both prototypes have accessors for the keys. */
  async function amidAccessors(keys, call) {
    const accessor = (key) => ({
      configurable: true,
      get() { ran.push('get ' + key); dispose() },
      set() { ran.push('set ' + key); dispose() },
    })
    const indices = Array.from({ length: 32 }, (_, index) => String(index))
    for (const key of keys) Object.defineProperty(Object.prototype, key, accessor(key))
    for (const index of indices) Object.defineProperty(Array.prototype, index, accessor(index))
    let outcome
    try {
      outcome = call()
    } finally {
      for (const key of keys) delete Object.prototype[key]
      for (const index of indices) delete Array.prototype[index]
    }
    return await outcome
  }
`

async function expectToPass(script: string): Promise<void> {
  const program = `${definitions}
    const main = async () => { ${script} }
    main().then(() => console.log('passed'))`
  expect(await runProcess(program)).toEqual({ code: 0, signal: null, output: 'passed\n' })
}

const REFERENCE = `addon.referenceGru(gruOptions, new Float64Array(gru.parameterCount), {
  steps: 1, batch: 1, lengths: null, input: new Float64Array(3), initialState: null,
  dOutput: new Float64Array(4), dState: new Float64Array(4), seed: 0, pass: 0,
})`

const GRAPH_REFERENCE = `addon.referenceGraph(graph, new Float64Array(model.parameterCount), {
  batch: 1, inputs: [{ steps: 1, lengths: null, values: new Int32Array(1) }],
  targets: [new Int32Array(1)], dropout: null,
})`

describe('setters of prototypes do not run', () => {
  test.each([
    ['parameterSpecs of a layer', 'gru.parameterSpecs()'],
    ['parameterSpecs of a model', 'model.parameterSpecs()'],
    ['describeGraph', 'addon.describeGraph(chain())'],
    ['runtime', 'addon.runtime()'],
    ['cudaRuntime', "addon.cudaRuntime('')"],
    ['referenceGru', REFERENCE],
    ['referenceGraph', GRAPH_REFERENCE],
    [
      'stepSync',
      'new addon.NativeTrainer(model, { ...trainerOptions, learningRate: 0 }).stepSync(...stepCall(...batch))',
    ],
  ])('in %s', async (_, call) => {
    await expectToPass(`
      const expected = ${call}
      const keys = new Set(Array.isArray(expected) ? expected.flatMap(Object.keys) : Object.keys(expected))
      assert(keys.size > 0)
      assert.deepStrictEqual(await amidAccessors([...keys], () => ${call}), expected)
      assert.deepStrictEqual(ran, [])
    `)
  })

  test('in the results of promises', async () => {
    await expectToPass(`
      const still = new addon.NativeTrainer(model, { ...trainerOptions, learningRate: 0 })
      const expected = [still.stepSync(...stepCall(...batch)), { ...await still.evaluate(batchOf(...batch), null) }]
      for (const key of ['loss', 'gradNorm']) {
        Object.defineProperty(Object.prototype, key, {
          configurable: true,
          set() { ran.push(key); dispose() },
        })
      }
      const got = [await still.step(...stepCall(...batch), null), await still.evaluate(batchOf(...batch), null)]
      for (const key of ['loss', 'gradNorm']) delete Object.prototype[key]
      assert.deepStrictEqual(got, expected)
      assert.deepStrictEqual(ran, [])
    `)
  })

  test('in errors that no maker makes', async () => {
    const { code, signal, output } = await runProcess(`
      const failing = initialize(() => { throw new Error('no error') })
      Object.defineProperty(Object.prototype, 'code', {
        configurable: true,
        set() { console.log('set') },
      })
      try { failing.setThreads(0) } catch (error) { console.log(Object.hasOwn(error, 'code'), error.code) }
    `)
    expect({ code, signal, output }).toEqual({
      code: 0,
      signal: null,
      output: 'true ERR_GRU_VALUE\n',
    })
  })
})

describe('code that runs where a native call cannot keep it from running', () => {
  test('a getter of the options that disposes of the model', async () => {
    await expectToPass(`
      const options = Object.defineProperty({ ...trainerOptions }, 'clipValue', {
        get() { dispose(); return 0 },
      })
      assert.throws(() => new addon.NativeTrainer(model, options), { code: 'ERR_GRU_DISPOSED' })
    `)
  })

  // Every array before the getter's was read already. If its memory were looked at then, it would be used after it is
  // gone.
  test.each(['steps', 'lengths', 'values'])(
    'a getter of %s of an input that disposes of the model, and takes the memory of arrays',
    async (key) => {
      await expectToPass(`
        const calls = [
          (...given) => model.predictSync(...given), (...given) => model.predict(...given, null),
          (...given) => trainer.stepSync(...stepCall(...given)), (...given) => trainer.step(...stepCall(...given), null),
          (...given) => trainer.evaluate(batchOf(...given), null),
        ]
        for (const call of calls) {
          const values = new Int32Array(12)
          const array = new Float32Array(60)
          const input = { steps: 6, lengths: null, values }
          const evil = Object.defineProperty({ ...input }, '${key}', {
            get() {
              for (const { buffer } of [values, array]) {
                structuredClone(null, { transfer: [buffer] })
              }
              return input['${key}']
            },
          })
          await assert.rejects(async () => call(2, [evil], [array]), { code: 'ERR_GRU_TYPE' })
        }
        for (const call of calls) {
          const input = { steps: 6, lengths: null, values: tokens }
          const evil = Object.defineProperty({ ...input }, '${key}', {
            get() { dispose(); return input['${key}'] },
          })
          await assert.rejects(async () => call(2, [evil], [tokens]), { code: 'ERR_GRU_DISPOSED' })
        }
      `)
    },
  )

  test('a getter of a list of arrays that disposes of the model', async () => {
    await expectToPass(`
      const evil = Object.defineProperty([], 0, { get() { dispose(); return tokens } })
      const [batchSize, inputs] = batch
      assert.throws(() => trainer.stepSync(...stepCall(batchSize, inputs, evil)), { code: 'ERR_GRU_DISPOSED' })
      await assert.rejects(trainer.step(...stepCall(batchSize, inputs, evil), null), { code: 'ERR_GRU_DISPOSED' })
    `)
  })

  test('a getter of a ReferenceCall that takes the memory of an array before it', async () => {
    await expectToPass(`
      const input = new Float64Array(3)
      const parameters = new Float64Array(gru.parameterCount)
      const call = {
        steps: 1, batch: 1, lengths: null, input, initialState: null, dOutput: new Float64Array(4), seed: 0, pass: 0,
        get dState() {
          structuredClone(input, { transfer: [input.buffer] })
          structuredClone(parameters, { transfer: [parameters.buffer] })
          return new Float64Array(4)
        },
      }
      assert.throws(() => addon.referenceGru(gruOptions, parameters, call), {
        code: 'ERR_GRU_TYPE',
        message: /^parameters: /,
      })
    `)
  })

  // A promise that is resolved with an object reads the object's property \`then\`.
  test.each([
    [
      'a pass',
      'gru.forwardTraining(...forward(), null)',
      'assert(got instanceof addon.NativePass)',
    ],
    ['metrics', 'trainer.step(...stepCall(...batch), null)', 'assert(got.loss > 0)'],
  ])('a getter of then, with %s for the result', async (_, call, check) => {
    await expectToPass(`
      const promise = ${call}
      Object.defineProperty(Object.prototype, 'then', {
        configurable: true,
        get() { ran.push('then'); dispose() },
      })
      const got = await promise
      delete Object.prototype.then
      ${check}
      assert(ran.length > 0)
      assert.throws(() => gru.parameterCount, { code: 'ERR_GRU_DISPOSED' })
    `)
  })

  test('a getter of then that starts more calls and makes synchronous ones', async () => {
    await expectToPass(`
      const more = []
      const promise = trainer.step(...stepCall(...batch), null)
      Object.defineProperty(Object.prototype, 'then', {
        configurable: true,
        get() {
          if (more.length === 2) return
          more.push(trainer.stepSync(...stepCall(...batch)).loss)
          more.push(trainer.step(...stepCall(...batch), null))
        },
      })
      const first = await promise
      delete Object.prototype.then
      const last = await more[1]
      assert(first.loss > more[0] && more[0] > last.loss)
    `)
  })

  test('a maker of errors that disposes of everything', async () => {
    await expectToPass(`
      const disposing = initialize((code, message) => {
        dispose()
        return Object.assign(new Error(message), { code })
      })
      const gru = new disposing.NativeGru(gruOptions, 1, device)
      const wrong = forward().with(3, new Float32Array(35))
      await assert.rejects(gru.forward(...wrong, null), { code: 'ERR_GRU_SHAPE' })
      assert.throws(() => model.parameterCount, { code: 'ERR_GRU_DISPOSED' })
      gru.forwardSync(...forward())
    `)
  })

  test('a hook of new promises that disposes of everything', async () => {
    await expectToPass(`
      const hook = require('node:async_hooks').createHook({ init: dispose }).enable()
      const [output, state] = forward().slice(5)
      const promise = gru.forward(6, 2, null, new Float32Array(36).fill(1), null, output, state, null)
      hook.disable()
      await promise
      assert(output.some((value) => value !== 0))
    `)
  })
})
