import { type GruErrorCode, Model, type ModelOptions, Seq2Seq, SequenceModel } from '../lib'
import { deviceDefaults } from './support/device'
import { expectGruError, expectGruRejection } from './support/errors'
import { bitsOf } from './support/numbers'
import { inputs, lengths, makeModel, twoSided } from './support/models'
import { temporaryFolder } from './support/temporary-folder'

const temporary = temporaryFolder()

const bits = (parameters: Readonly<Record<string, Float32Array>>): Record<string, string> =>
  Object.fromEntries(Object.entries(parameters).map(([name, values]) => [name, bitsOf(values)]))

describe('a description', () => {
  test('has defaults', () => {
    const model = makeModel({
      inputs: { x: { features: 2 } },
      layers: {
        memory: { type: 'gru', input: 'x', hiddenSize: 3 },
        last: { type: 'select', input: 'memory' },
      },
      outputs: { last: { loss: 'meanSquaredError' } },
      seed: 3,
    })
    expect(model.options).toEqual({
      inputs: { x: { features: 2 } },
      layers: {
        memory: {
          ...{ type: 'gru', input: 'x', hiddenSize: 3, numLayers: 1, bias: true, dropout: 0 },
          ...{ bidirectional: false, resetAfter: true, updateGate: 'retain' },
        },
        last: { type: 'select', input: 'memory', step: 'last' },
      },
      outputs: { last: { loss: 'meanSquaredError' } },
      batchFirst: false,
      seed: 3,
      ...deviceDefaults,
    })
    expect(model.metadata).toEqual({})
  })

  const { layers } = twoSided
  const withLayers = (changes: object): unknown => ({
    ...twoSided,
    layers: { ...layers, ...changes },
  })

  test.each<[unknown, GruErrorCode, string | RegExp]>([
    [null, 'ERR_GRU_TYPE', 'options: expected a plain object, got null'],
    [{}, 'ERR_GRU_TYPE', 'inputs: expected a plain object, got undefined'],
    [
      { ...twoSided, output: {} },
      'ERR_GRU_VALUE',
      /^options: .*got the key "output" \(did you mean outputs\?\)$/,
    ],
    [{ ...twoSided, inputs: {} }, 'ERR_GRU_VALUE', 'inputs: expected at least one, got none'],
    [{ ...twoSided, inputs: { x: {} } }, 'ERR_GRU_TYPE', /^inputs\.x\.features: .*got undefined$/],
    [{ ...twoSided, inputs: { x: { tokens: 0 } } }, 'ERR_GRU_VALUE', /^inputs\.x\.tokens: /],
    [
      { ...twoSided, inputs: { ...twoSided.inputs, 'a.b': { features: 1 } } },
      'ERR_GRU_VALUE',
      "inputs: expected names without a dot, got 'a.b'",
    ],
    [
      { ...twoSided, inputs: { ...twoSided.inputs, rest: { features: 1 } } },
      'ERR_GRU_VALUE',
      'inputs.rest: expected a layer or an output that reads it, got none',
    ],
    [{ ...twoSided, layers: null }, 'ERR_GRU_TYPE', /^layers: expected a plain object, got null$/],
    [withLayers({ season: 5 }), 'ERR_GRU_TYPE', /^layers\.season: expected a plain object, got 5$/],
    [
      withLayers({ season: { type: 'dense', input: 'last', size: 3 } }),
      'ERR_GRU_VALUE',
      /^layers\.season\.type: expected one of "embedding", .*, got "dense"$/,
    ],
    [
      withLayers({ season: { type: 'linear', input: 'last', units: 3 } }),
      'ERR_GRU_VALUE',
      /^layers\.season: expected only the keys type, input, size, activation, got the key "units" \(did you mean size\?\)$/,
    ],
    [
      withLayers({ season: { type: 'linear', input: 'last' } }),
      'ERR_GRU_TYPE',
      /^layers\.season\.size: .*got undefined$/,
    ],
    [
      withLayers({ season: { type: 'linear', size: 3 } }),
      'ERR_GRU_TYPE',
      'layers.season.input: expected the name of an input or layer, got undefined',
    ],
    [
      withLayers({ season: { type: 'linear', input: 'lst', size: 3 } }),
      'ERR_GRU_VALUE',
      "layers.season: expected the name of an input or layer, got 'lst'",
    ],
    [
      withLayers({ memory: { type: 'gru', input: 'weather', hiddenSize: 4, dropout: 1 } }),
      'ERR_GRU_VALUE',
      /^layers\.memory\.dropout: /,
    ],
    [
      withLayers({ memory: { type: 'gru', input: 'weather', hiddenSize: 4, batchFirst: true } }),
      'ERR_GRU_VALUE',
      /^layers\.memory: .*"batchFirst"/,
    ],
    [
      withLayers({ last: { type: 'select', input: 'memory', step: 'first' } }),
      'ERR_GRU_VALUE',
      /^layers\.last\.step: /,
    ],
    [
      withLayers({ last: { type: 'select', input: 'weather' } }),
      'ERR_GRU_VALUE',
      /^layers\.memory: expected a layer or an output that reads it, got none$/,
    ],
    [
      withLayers({ level: { type: 'linear', input: 'kind', size: 2 } }),
      'ERR_GRU_VALUE',
      /^layers\.level\.input: expected values, got tokens, which need an embedding$/,
    ],
    [
      withLayers({ kindVector: { type: 'embedding', input: 'level', size: 3 } }),
      'ERR_GRU_VALUE',
      /^layers\.\w+: expected layers without a cycle, /,
    ],
    [
      withLayers({ more: { type: 'linear', input: 'last', size: 3 } }),
      'ERR_GRU_VALUE',
      'layers.more: expected a layer or an output that reads it, got none',
    ],
    [
      withLayers({ weather: { type: 'linear', input: 'last', size: 3 } }),
      'ERR_GRU_VALUE',
      /^layers\.weather: expected a name of its own, /,
    ],
    [{ ...twoSided, outputs: {} }, 'ERR_GRU_VALUE', 'outputs: expected at least one, got none'],
    [
      { ...twoSided, outputs: { ...twoSided.outputs, weather: { loss: 'crossEntropy' } } },
      'ERR_GRU_VALUE',
      "outputs: expected names of layers, got 'weather'",
    ],
    [
      { ...twoSided, outputs: { season: { loss: 'mse' } } },
      'ERR_GRU_VALUE',
      /^outputs\.season\.loss: expected one of "crossEntropy", .*, "ctc", got "mse"$/,
    ],
    [
      { ...twoSided, outputs: { season: { loss: 'crossEntropy', every: 'last' } } },
      'ERR_GRU_VALUE',
      /^outputs\.season: expected only the keys loss, weight, got the key "every"/,
    ],
    [{ ...twoSided, batchFirst: 1 }, 'ERR_GRU_TYPE', /^batchFirst: /],
    [{ ...twoSided, seed: -1 }, 'ERR_GRU_VALUE', /^seed: /],
    [{ ...twoSided, device: 'cuda' }, 'ERR_GRU_DEVICE', /^device: /],
  ])('that makes no sense is refused by name: %#', (options, code, message) => {
    expectGruError(() => new Model(options as ModelOptions), code, message)
  })

  test('is printed as a table', () => {
    const table = makeModel().summary()
    expect(table.split('\n').map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['name', 'type', 'reads', 'values', 'parameters'],
      ['weather', 'features', '[steps, batch, 2]', '0'],
      ['kind', '5 tokens', '[steps, batch]', '0'],
      ['memory', 'gru', 'weather', '[steps, batch, 8]', String(2 * 12 * (2 + 4 + 2))],
      ['last', 'select', 'memory', '[batch, 8]', '0'],
      ['season', 'linear', 'last', '[batch, 3]', '27'],
      ['kindVector', 'embedding', 'kind', '[steps, batch, 3]', '15'],
      ['reader', 'gru', 'kindVector', '[steps, batch, 3]', String(2 * 9 * (3 + 3 + 2))],
      ['level', 'linear', 'reader', '[steps, batch, 2]', '8'],
      ['total', String(makeModel().parameterCount)],
      [''],
    ])
    expect(String(makeModel())).toBe(table)
    expect(makeModel({ ...twoSided, batchFirst: true }).summary()).toContain('[batch, steps, 8]')
  })
})

describe('predictions', () => {
  test('come by name, with the shapes of the summary', async () => {
    const model = makeModel()
    const expected = model.predictSync(inputs, { batch: 3, lengths })
    expect(Object.keys(expected)).toEqual(['season', 'level'])
    expect([expected['season']!.length, expected['level']!.length]).toEqual([3 * 3, 5 * 3 * 2])
    expect(bits(await model.predict(inputs, { batch: 3, lengths }))).toEqual(bits(expected))
    const outputs = { level: new Float32Array(30) }
    const got = model.predictSync(inputs, { batch: 3, lengths, outputs })
    expect(got['level']).toBe(outputs.level)
    expect(bits(got)).toEqual(bits(expected))
    // Of the kinds, the first sequence has one step.
    expect([...got['level']!.subarray(6, 8)]).toEqual([0, 0])
  })

  test('of a sequence do not depend on the others, nor on their order in time first or last', () => {
    const model = makeModel()
    const twin = makeModel({ ...twoSided, batchFirst: true })
    const together = model.predictSync(inputs, { batch: 3, lengths })
    const [steps, kinds] = [lengths.weather[1]!, lengths.kind[1]!]
    const own = <T extends Float32Array | Int32Array>(values: T, count: number, width: number): T =>
      values.filter((_, i) => {
        const row = Math.floor(i / width)
        return row % 3 === 1 && Math.floor(row / 3) < count
      }) as T
    const alone = { weather: own(inputs.weather, steps, 2), kind: own(inputs.kind, kinds, 1) }
    const got = model.predictSync(alone)
    expect(got['season']).toEqual(together['season']!.slice(3, 6))
    expect(got['level']).toEqual(own(together['level']!, 5, 2))
    expect(bits(twin.predictSync(alone))).toEqual(bits(got))
  })

  test.each<[object, object, GruErrorCode, string | RegExp]>([
    [
      { weather: inputs.weather },
      {},
      'ERR_GRU_TYPE',
      /^inputs\.kind: .*Int32Array, got undefined$/,
    ],
    [
      { ...inputs, wind: 5 },
      {},
      'ERR_GRU_VALUE',
      /^inputs: expected only the keys weather, kind, /,
    ],
    [
      { ...inputs, weather: inputs.kind },
      {},
      'ERR_GRU_TYPE',
      'inputs.weather: expected a Float32Array, got an Int32Array of 15',
    ],
    [
      { ...inputs, kind: new Int32Array(4) },
      {},
      'ERR_GRU_SHAPE',
      'inputs.kind: expected steps*batch = a multiple of 3, got 4 values',
    ],
    [
      { ...inputs, kind: inputs.kind.map((kind, i) => (i === 7 ? 5 : kind)) },
      {},
      'ERR_GRU_VALUE',
      'inputs.kind[7]: expected an integer from 0 to 4, got 5',
    ],
    [inputs, { lengths: [1, 2] }, 'ERR_GRU_SHAPE', /^lengths\.weather: expected batch = 3 values/],
    [inputs, { lengths: { kind: [1, 6, 1] } }, 'ERR_GRU_VALUE', /^lengths\.kind\[1\]: /],
    [inputs, { lengths: { wind: [1] } }, 'ERR_GRU_VALUE', /^lengths: .*"wind"/],
    [inputs, { lengths: 5 }, 'ERR_GRU_TYPE', /^lengths\.weather: expected an Int32Array or/],
    [inputs, { outputs: { wind: 1 } }, 'ERR_GRU_VALUE', /^outputs: expected only the keys season/],
    [
      inputs,
      { outputs: { level: new Float32Array(3) } },
      'ERR_GRU_SHAPE',
      'outputs.level: expected steps*batch*size = 30 values, got 3 values',
    ],
    [
      inputs,
      { outputs: { level: new Float32Array(inputs.kind.buffer) } },
      'ERR_GRU_SHAPE',
      /^outputs\.level: /,
    ],
    [inputs, { output: {} }, 'ERR_GRU_VALUE', /^options: .*did you mean outputs\?/],
  ])('of what is wrong are refused by name: %#', async (given, options, code, message) => {
    const model = makeModel()
    const call = { batch: 3, ...options }
    expectGruError(() => model.predictSync(given as typeof inputs, call), code, message)
    await expectGruRejection(model.predict(given as typeof inputs, call), code, message)
  })

  test('have memory of their own', () => {
    const both = new Float32Array(30 + 9)
    const outputs = { season: both.subarray(0, 9), level: both.subarray(8, 38) }
    const message = "outputs.level: expected memory apart from outputs.season's, got an overlap"
    const call = (): unknown => makeModel().predictSync(inputs, { batch: 3, outputs })
    expectGruError(call, 'ERR_GRU_VALUE', message)
  })

  test('stop by a signal', async () => {
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    await expect(makeModel().predict(inputs, { batch: 3, signal })).rejects.toBe(reason)
  })
})

describe('parameters and files', () => {
  test('parameters are named after layers, and set by name', () => {
    const model = makeModel()
    const names = Object.keys(model.getParameters())
    expect(names[0]).toBe('memory.weight_ih_l0')
    expect(names).toContain('kindVector.weight')
    expect(names.at(-1)).toBe('level.bias')
    const bias = Float32Array.of(3, 4)
    model.setParameters({ 'level.bias': bias })
    expect(model.getParameters()['level.bias']).toEqual(bias)
  })

  test('a saved model loads with its options, metadata and bits', async () => {
    const file = temporary('two-sided.safetensors')
    const model = makeModel()
    await model.save(file, { metadata: { note: 'autumn' } })
    using loaded = await Model.load(file)
    expect(loaded.options).toEqual(model.options)
    expect(loaded.metadata).toEqual({ note: 'autumn' })
    expect(bits(loaded.getParameters())).toEqual(bits(model.getParameters()))
    const call = { batch: 3, lengths }
    expect(bits(loaded.predictSync(inputs, call))).toEqual(bits(model.predictSync(inputs, call)))
  })

  test('each kind of model refuses the files of the other, and names who loads them', async () => {
    const [one, other] = [temporary('model.safetensors'), temporary('sequence.safetensors')]
    await makeModel().save(one)
    using sequence = new SequenceModel({
      input: { features: 1 },
      gru: { hiddenSize: 1 },
      output: { size: 1, loss: 'meanSquaredError' },
    })
    await sequence.save(other)
    const fault = (kind: string, got: string) =>
      new RegExp(
        `model: expected the options of a ${kind}, got those of a ${got}, which ${got}.load`,
      )
    const wrong = SequenceModel.load(one)
    await expectGruRejection(wrong, 'ERR_GRU_FORMAT', fault('SequenceModel', 'Model'))
    const alsoWrong = Model.load(other)
    await expectGruRejection(alsoWrong, 'ERR_GRU_FORMAT', fault('Model', 'SequenceModel'))
    const translating = temporary('seq2seq.safetensors')
    using seq2seq = new Seq2Seq({
      source: { features: 1 },
      target: { tokens: 3, embeddingSize: 1, begin: 0, end: 1 },
      encoder: { hiddenSize: 1 },
      decoder: { hiddenSize: 1 },
    })
    await seq2seq.save(translating)
    for (const [Kind, file, got] of [
      [Model, translating, 'Seq2Seq'],
      [SequenceModel, translating, 'Seq2Seq'],
      [Seq2Seq, one, 'Model'],
      [Seq2Seq, other, 'SequenceModel'],
    ] as const) {
      await expectGruRejection(Kind.load(file), 'ERR_GRU_FORMAT', fault(Kind.name, got))
    }
  })

  test('a disposed model is refused, and properties cannot be set', () => {
    const model = makeModel()
    model.dispose()
    model.dispose()
    expectGruError(() => model.predictSync(inputs, { batch: 3 }), 'ERR_GRU_DISPOSED', /^model: /)
    const assign = (): void => {
      Object.assign(model, { options: 1 })
    }
    expectGruError(assign, 'ERR_GRU_VALUE', /^Model\.options: expected no assignment/)
  })
})
