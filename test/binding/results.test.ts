import {
  addon,
  BATCH,
  batchOf,
  call,
  chain,
  type ChainOptions,
  classes,
  codeOf,
  createGru,
  createModel,
  emptyResult,
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
import { MAX_SIDE } from '../support/limits'

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
    gru.writeParametersSync(p)
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
    gru.writeParametersSync(values)
    gru.readParametersSync(target)
    expect(target).toEqual(values)
    expect(
      await codeOf(() => {
        gru.readParametersSync(wave(3))
      }),
    ).toBe('ERR_GRU_SHAPE')
    expect(
      await codeOf(() => {
        gru.writeParametersSync(wave(3))
      }),
    ).toBe('ERR_GRU_SHAPE')
  })

  const stack = { numLayers: 2, bidirectional: true, dropout: 0.25 }
  const [stackOutput, stackState] = [2 * OUTPUT, 4 * STATE]

  test.each(['Sync', 'promise'])(
    'goes forward and back as the reference does (%s)',
    async (form) => {
      const gru = createGru(stack)
      const parameters = new Float32Array(gru.parameterCount)
      gru.readParametersSync(parameters)
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
      const expected = addon.referenceGru(
        { ...gruOptions, ...stack },
        Float64Array.from(parameters),
        {
          steps: STEPS,
          batch: BATCH,
          lengths,
          input: Float64Array.from(input),
          initialState: Float64Array.from(initial),
          dOutput: Float64Array.from(dOutput),
          dState: Float64Array.from(dState),
          seed: 7,
          pass: 0,
        },
      )
      for (const [name, values] of Object.entries(result)) {
        const exact = expected[name as keyof typeof expected]
        expect(values).toHaveLength(exact.length)
        const scale = Math.max(1, ...exact.map(Math.abs))
        const error = Math.max(...exact.map((value, i) => Math.abs(value - values[i]!)))
        expect(error / scale).toBeLessThan(1e-5)
      }
    },
  )

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
    const again = () => {
      pass.backwardSync(wave(OUTPUT), null, ...gradients)
    }
    expect(await codeOf(again)).toBe('ERR_GRU_DISPOSED')

    const other = forward()
    const first = other.backward(null, wave(STATE), ...gradients, null)
    const second = other.backward(null, wave(STATE), ...gradients, null)
    expect(await codeOf(() => second)).toBe('ERR_GRU_DISPOSED')
    expect(await codeOf(() => first)).toBeUndefined()

    const stale = forward()
    gru.writeParametersSync(wave(gru.parameterCount))
    const late = () => {
      stale.backwardSync(wave(OUTPUT), null, ...gradients)
    }
    expect(await codeOf(late)).toBe('ERR_GRU_VALUE')
  })
})

describe('NativeModel and NativeTrainer', () => {
  test('all logits zero: the loss is the logarithm of the number of classes', async () => {
    const model = createModel()
    model.writeParametersSync(new Float32Array(model.parameterCount))
    const logits = wave(tokens.length * 5)
    model.predictSync(...call(tokens, logits))
    expect(logits).toEqual(new Float32Array(logits.length))
    const trainer = new addon.NativeTrainer(model, trainerOptions)
    const { loss, gradNorm } = await trainer.evaluate(batchOf(...call(tokens, classes)), null)
    expect(loss).toBeCloseTo(Math.log(5), 6)
    expect(gradNorm).toBe(0)
    expect(trainer.stepSync(...stepCall(...call(tokens, classes))).loss).toBeCloseTo(Math.log(5), 6)
  })

  test('an evaluation gives the predictions of its own pass too', async () => {
    const model = createModel()
    const options = { ...trainerOptions, averageDecay: 0.5 }
    const trainer = new addon.NativeTrainer(model, options)
    const predicted = (): Float32Array => {
      const logits = new Float32Array(tokens.length * 5)
      model.predictSync(...call(tokens, logits))
      return logits
    }
    const first = predicted()
    trainer.stepSync(...stepCall(...call(tokens, classes)))
    const batch = batchOf(...call(tokens, classes))
    const [own, averaged] = [new Float32Array(first.length), new Float32Array(first.length)]
    const alone = await trainer.evaluate(batch, null)
    expect(await trainer.evaluate(batch, null, [own])).toEqual(alone)
    expect(own).toEqual(predicted())
    expect(own).not.toEqual(first)
    await trainer.evaluateAverage(batch, null, [averaged])
    const average = new Float32Array(model.parameterCount)
    trainer.readAverageSync(average)
    model.writeParametersSync(average)
    expect(averaged).toEqual(predicted())
  })

  test('all values zero: the loss is the mean of the squared targets', () => {
    const model = createModel({ tokens: 0, outputSize: 2, loss: 'meanSquaredError', every: 'last' })
    model.writeParametersSync(new Float32Array(model.parameterCount))
    const trainer = new addon.NativeTrainer(model, trainerOptions)
    const target = Float32Array.of(1, 2, 3, 4)
    const { loss, gradNorm } = trainer.stepSync(...stepCall(...call(wave(INPUT), target)))
    expect(loss).toBeCloseTo((1 + 4 + 9 + 16) / 4, 5)
    // Only the head's bias has a gradient: 2 * (0 - target) / 4, summed over the batch.
    expect(gradNorm).toBeCloseTo(Math.hypot((2 * (1 + 3)) / 4, (2 * (2 + 4)) / 4), 5)
  })

  test('both forms of a training run give the same bits', async () => {
    const [sync, later] = [createModel(), createModel()].map((model) => ({
      model,
      trainer: new addon.NativeTrainer(model, trainerOptions),
      parameters: new Float32Array(model.parameterCount),
    })) as [Run, Run]
    const expected = [1, 2, 3].map(() =>
      sync.trainer.stepSync(...stepCall(...call(tokens, classes))),
    )
    // All three are pending at once and run in the order of the calls.
    const got = await Promise.all(
      [1, 2, 3].map(() => later.trainer.step(...stepCall(...call(tokens, classes)), null)),
    )
    expect(got).toEqual(expected)
    expect(got[2]!.loss).toBeLessThan(got[0]!.loss)
    for (const { model, parameters } of [sync, later]) model.readParametersSync(parameters)
    expect(later.parameters).toEqual(sync.parameters)

    const logits = [0, 1].map(() => new Float32Array(tokens.length * 5))
    sync.model.predictSync(...call(tokens, logits[0]!))
    await later.model.predict(...call(tokens, logits[1]!), null)
    expect(logits[1]).toEqual(logits[0])
  })

  interface Run {
    readonly model: InstanceType<typeof addon.NativeModel>
    readonly trainer: InstanceType<typeof addon.NativeTrainer>
    readonly parameters: Float32Array
  }
})

describe('describeGraph', () => {
  test.each<ChainOptions>([
    {},
    { tokens: 0 },
    { outputSize: 3, gru: { ...gruOptions, numLayers: 3, bidirectional: true, bias: false } },
  ])('tells the parameters that a model of %j has', (options) => {
    const specs = createModel(options).parameterSpecs()
    const { parameters, layers } = addon.describeGraph(chain(options))
    expect(parameters).toEqual(specs)
    const counts = layers.map(({ name }) =>
      specs.reduce((sum, spec) => sum + (spec.name.startsWith(`${name}.`) ? spec.count : 0), 0),
    )
    expect(layers.map(({ parameterCount }) => parameterCount)).toEqual(counts)
  })

  test('tells layers in the order in which they are computed, and shapes', () => {
    const { layers, ...rest } = chain({
      every: 'last',
      gru: { ...gruOptions, bidirectional: true },
    })
    const described = addon.describeGraph({ ...rest, layers: layers.slice().reverse() })
    expect(described.inputs).toEqual([{ group: 0 }])
    expect(described.outputs).toMatchObject([{ width: 5, every: 'last', group: 0 }])
    expect(described.layers).toEqual([
      {
        ...{ name: 'embedding', type: 'embedding', inputs: ['input'] },
        ...{ width: 3, every: 'step', parameterCount: 15 },
      },
      {
        ...{ name: 'gru', type: 'gru', inputs: ['embedding'] },
        ...{ width: 8, every: 'step', parameterCount: 2 * 12 * (3 + 4 + 2) },
      },
      {
        ...{ name: 'last', type: 'select', inputs: ['gru'] },
        ...{ width: 8, every: 'last', parameterCount: 0 },
      },
      {
        ...{ name: 'head', type: 'linear', inputs: ['last'] },
        ...{ width: 5, every: 'last', parameterCount: 45 },
      },
    ])
  })

  test('refuses what a model refuses, and needs no memory for what is large', async () => {
    const describeWith = (gru: object) => () =>
      addon.describeGraph(chain({ gru: { ...gruOptions, ...gru } }))
    expect(await codeOf(describeWith({ hiddenSize: 0 }))).toBe('ERR_GRU_VALUE')
    expect(await codeOf(describeWith({ hiddenSize: 'x' }))).toBe('ERR_GRU_TYPE')
    expect(await codeOf(describeWith({ hiddenSize: 16 * MAX_SIDE }))).toBe('ERR_GRU_VALUE')
    expect(describeWith({ hiddenSize: MAX_SIDE / 2 })().parameters.at(-1)?.shape).toEqual([5])
  })
})
