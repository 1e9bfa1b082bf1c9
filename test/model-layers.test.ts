/**
 * What each type of layer of a Model takes, refuses and saves.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { type GruErrorCode, type LayerOptions, Model, type ModelOptions, Trainer } from '../lib'
import { expectGruError } from './support/errors'
import { drawEveryLayer, everyLayer, makeModel } from './support/models'
import { bitsOf, largestDifference } from './support/numbers'
import { temporaryFolder } from './support/temporary-folder'

const temporary = temporaryFolder()

/** A model of some layers; the value of the one named `a` is predicted. */
const modelOf = (layers: object): Model =>
  makeModel({
    inputs: { x: { features: 2 }, y: { features: 3 }, k: { tokens: 4 } },
    ...{ layers, outputs: { a: { loss: 'meanSquaredError' } } },
  } as ModelOptions)

const rows = { type: 'select', input: 'y' }

describe('defaults', () => {
  const stack = { hiddenSize: 3, numLayers: 1, bias: true, dropout: 0, bidirectional: false }

  test.each<[LayerOptions, object]>([
    [
      { type: 'gru', input: 'x', hiddenSize: 3 },
      { type: 'gru', input: 'x', ...stack, resetAfter: true, updateGate: 'retain' },
    ],
    [
      { type: 'lstm', input: 'x', hiddenSize: 3 },
      { type: 'lstm', input: 'x', ...stack },
    ],
    [
      { type: 'lstm', input: 'x', hiddenSize: 3, initialState: 'rows' },
      { type: 'lstm', input: 'x', initialState: 'rows', ...stack },
    ],
    [
      { type: 'lstm', input: 'x', hiddenSize: 3, initialState: undefined },
      { type: 'lstm', input: 'x', ...stack },
    ],
    [
      { type: 'linear', input: 'x', size: 2 },
      { type: 'linear', input: 'x', size: 2, activation: 'none' },
    ],
    [
      { type: 'dropout', input: 'x', probability: 0 },
      { type: 'dropout', input: 'x', probability: 0 },
    ],
    [
      { type: 'layerNorm', input: 'x' },
      { type: 'layerNorm', input: 'x' },
    ],
    [
      { type: 'concat', inputs: ['x', 'x'] },
      { type: 'concat', inputs: ['x', 'x'] },
    ],
    [
      { type: 'select', input: 'x' },
      { type: 'select', input: 'x', step: 'last' },
    ],
    [
      { type: 'attention', query: 'x', memory: 'y' },
      { type: 'attention', query: 'x', memory: 'y', score: 'scaledDotProduct' },
    ],
  ])('of %j', (given, resolved) => {
    const { options } = makeModel({
      inputs: { x: { features: 2 }, y: { features: 3 } },
      layers: { a: given, rows: { type: 'select', input: 'y' } },
      outputs: { a: { loss: 'meanSquaredError' }, rows: { loss: 'meanSquaredError' } },
    })
    expect(options.layers['a']).toEqual(resolved)
    expect(Object.keys(options.layers['a']!).sort()).toEqual(Object.keys(resolved).sort())
    expect(Object.isFrozen(options.layers['a'])).toBe(true)
  })

  test('are not tied to the arrays of the caller', () => {
    const names = ['x', 'x']
    const { options } = makeModel({
      inputs: { x: { features: 2 } },
      layers: { a: { type: 'add', inputs: names } },
      outputs: { a: { loss: 'meanSquaredError' } },
    })
    names.push('y')
    expect(options.layers['a']).toEqual({ type: 'add', inputs: ['x', 'x'] })
    expect(Object.isFrozen((options.layers['a'] as { inputs: unknown }).inputs)).toBe(true)
  })
})

describe('a layer that makes no sense is refused by its name', () => {
  const gru = { type: 'gru', input: 'x', hiddenSize: 2 }
  const lstm = { type: 'lstm', input: 'x', hiddenSize: 2 }
  const attention = { type: 'attention', query: 'x', memory: 'y' }
  const dropout = { type: 'dropout', input: 'x', probability: 0.5 }
  const tokens = 'expected values, got tokens, which need an embedding'
  const sameRows = 'expected inputs with the same rows, got a row for each step and one row for'
  const name = 'expected the name of an input or layer'

  test.each<[layers: object, code: GruErrorCode, message: string]>([
    // How many, and what they are called.
    ...(['concat', 'add'] as const).flatMap((type): [object, GruErrorCode, string][] => [
      [
        { a: { type, inputs: ['x'] } },
        'ERR_GRU_VALUE',
        'layers.a: expected 2 or more inputs, got 1',
      ],
      [{ a: { type, inputs: [] } }, 'ERR_GRU_VALUE', 'layers.a: expected 2 or more inputs, got 0'],
      [
        { a: { type, inputs: 'x' } },
        'ERR_GRU_TYPE',
        'layers.a.inputs: expected an Array of the names of inputs or layers, got "x"',
      ],
      [{ a: { type, inputs: ['x', 5] } }, 'ERR_GRU_TYPE', `layers.a.inputs[1]: ${name}, got 5`],
      [{ a: { type, inputs: Array(2) } }, 'ERR_GRU_TYPE', `layers.a.inputs[0]: ${name}, got undef`],
      [{ a: { type, inputs: ['x', 'z'] } }, 'ERR_GRU_VALUE', `layers.a: ${name}, got 'z'`],
      [{ a: { type, inputs: ['k', 'k'] } }, 'ERR_GRU_VALUE', `layers.a.inputs: ${tokens}`],
      [
        { a: { type, inputs: ['y', 'b'] }, b: rows },
        'ERR_GRU_VALUE',
        `layers.a.inputs: ${sameRows}`,
      ],
      [
        { a: { type, inputs: ['x', 'a'] } },
        'ERR_GRU_VALUE',
        'layers.a: expected layers without a cycle, got one that it is part of or reads',
      ],
    ]),
    [
      { a: { type: 'add', inputs: ['x', 'y'] } },
      'ERR_GRU_VALUE',
      'layers.a.inputs: expected inputs of one width, got 2 and 3 values in a row',
    ],
    // Recurrent layers.
    ...[gru, lstm].flatMap((layer): [object, GruErrorCode, string][] => [
      [{ a: { ...layer, hiddenSize: 0 } }, 'ERR_GRU_VALUE', 'layers.a.hiddenSize: expected an int'],
      [
        { a: { ...layer, numLayers: 1025 } },
        'ERR_GRU_VALUE',
        'layers.a.numLayers: expected an int',
      ],
      [
        { a: { ...layer, bias: 1 } },
        'ERR_GRU_TYPE',
        'layers.a.bias: expected true or false, got 1',
      ],
      [
        { a: { ...layer, dropout: 1 } },
        'ERR_GRU_VALUE',
        'layers.a.dropout: expected a finite numb',
      ],
      [
        { a: { ...layer, batchFirst: true } },
        'ERR_GRU_VALUE',
        'layers.a: expected only the keys type',
      ],
      [{ a: { ...layer, input: 'k' } }, 'ERR_GRU_VALUE', `layers.a.input: ${tokens}`],
      [
        { a: { ...layer, input: 'b' }, b: rows },
        'ERR_GRU_VALUE',
        'layers.a.input: expected a sequence of values, got one row for each sequence',
      ],
      [
        { a: { ...layer, initialState: 5 } },
        'ERR_GRU_TYPE',
        `layers.a.initialState: ${name}, got 5`,
      ],
      [{ a: { ...layer, initialState: 'z' } }, 'ERR_GRU_VALUE', `layers.a: ${name}, got 'z'`],
      [{ a: { ...layer, initialState: 'k' } }, 'ERR_GRU_VALUE', `layers.a.initialState: ${tokens}`],
      [
        { a: { ...layer, initialState: 'y' } },
        'ERR_GRU_VALUE',
        'layers.a.initialState: expected one row for each sequence, got a row for each step',
      ],
      [
        { a: { ...layer, initialState: 'b', numLayers: 3, bidirectional: true }, b: rows },
        'ERR_GRU_VALUE',
        'layers.a.initialState: expected rows of numLayers * directions * hiddenSize = 12 values, got 3',
      ],
      [
        { a: { ...layer, initialState: 'b' }, b: { type: 'select', input: 'a' } },
        'ERR_GRU_VALUE',
        'layers.a: expected layers without a cycle, ',
      ],
    ]),
    [
      { a: { ...lstm, resetAfter: true } },
      'ERR_GRU_VALUE',
      'layers.a: expected only the keys type, input, initialState, hiddenSize, numLayers, bias, ',
    ],
    // One row each.
    [
      { a: { type: 'linear', input: 'x', size: 2, activation: 'gelu' } },
      'ERR_GRU_VALUE',
      'layers.a.activation: expected one of "none", "relu", "tanh", "sigmoid", got "gelu"',
    ],
    [{ a: { ...dropout, input: 'k' } }, 'ERR_GRU_VALUE', `layers.a.input: ${tokens}`],
    [
      { a: { ...dropout, probability: undefined } },
      'ERR_GRU_TYPE',
      'layers.a.probability: expected',
    ],
    [
      { a: { ...dropout, probability: 1 } },
      'ERR_GRU_VALUE',
      'layers.a.probability: expected a fin',
    ],
    [
      { a: { ...dropout, probability: 1 - 1e-9 } },
      'ERR_GRU_VALUE',
      'layers.a.probability: expected a number that is below 1 also as float32, got 0.999999999',
    ],
    [{ a: { type: 'layerNorm', input: 'k' } }, 'ERR_GRU_VALUE', `layers.a.input: ${tokens}`],
    [
      { a: { type: 'layerNorm', input: 'x', eps: 1e-3 } },
      'ERR_GRU_VALUE',
      'layers.a: expected only the keys type, input, got the key "eps"',
    ],
    // Of a sequence.
    [
      { a: { ...rows, step: 'first' } },
      'ERR_GRU_VALUE',
      'layers.a.step: expected one of "last", "m',
    ],
    ...['last', 'mean'].flatMap((step): [object, GruErrorCode, string][] => [
      [{ a: { type: 'select', input: 'k', step } }, 'ERR_GRU_VALUE', `layers.a.input: ${tokens}`],
      [
        { a: { type: 'select', input: 'b', step }, b: rows },
        'ERR_GRU_VALUE',
        'layers.a.input: expected a row for each step, got one row for each sequence',
      ],
    ]),
    [
      { a: { ...attention, memory: undefined } },
      'ERR_GRU_TYPE',
      `layers.a.memory: ${name}, got und`,
    ],
    [{ a: { ...attention, memory: 'z' } }, 'ERR_GRU_VALUE', `layers.a: ${name}, got 'z'`],
    [{ a: { ...attention, memory: 'k' } }, 'ERR_GRU_VALUE', `layers.a.memory: ${tokens}`],
    [{ a: { ...attention, query: 'k' } }, 'ERR_GRU_VALUE', `layers.a.query: ${tokens}`],
    [
      { a: { ...attention, memory: 'b' }, b: rows },
      'ERR_GRU_VALUE',
      'layers.a.memory: expected a row for each step, got one row for each sequence',
    ],
    [
      { a: { ...attention, memory: 'a' } },
      'ERR_GRU_VALUE',
      'layers.a: expected layers without a c',
    ],
    [
      { a: { ...attention, score: 'dot' } },
      'ERR_GRU_VALUE',
      'layers.a.score: expected one of "addi',
    ],
    [
      { a: { ...attention, score: 'additive' } },
      'ERR_GRU_TYPE',
      'layers.a.size: expected an integer',
    ],
    [
      { a: { ...attention, size: 3 } },
      'ERR_GRU_VALUE',
      'layers.a.size: expected none with the score "scaledDotProduct", which compares by the ',
    ],
  ])('%j', (layers, code, message) => {
    const escaped = message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    expectGruError(() => modelOf(layers), code, new RegExp(`^${escaped}`))
  })
})

describe('an option means what it says:', () => {
  const relu = (x: number): number => Math.max(x, 0)
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))
  const formulas = { none: (x: number) => x, relu, tanh: Math.tanh, sigmoid }

  test.each(['none', 'relu', 'tanh', 'sigmoid'] as const)('the activation %s', (activation) => {
    const model = makeModel({
      inputs: { x: { features: 1 } },
      layers: { a: { type: 'linear', input: 'x', size: 1, activation } },
      outputs: { a: { loss: 'meanSquaredError' } },
    })
    model.setParameters({ 'a.weight': Float32Array.of(2), 'a.bias': Float32Array.of(-0.5) })
    const x = Float32Array.of(-1, -0.25, 0, 0.25, 0.5, 1)
    const expected = Float32Array.from(x, (value) => formulas[activation](2 * value - 0.5))
    expect(largestDifference(model.predictSync({ x })['a']!, expected)).toBeLessThan(2e-7)
  })

  test.each([0.1, 0.5, 0.9])('the probability of dropout %d', (probability) => {
    const width = 1024
    const model = makeModel({
      inputs: { x: { features: width } },
      layers: {
        masked: { type: 'dropout', input: 'x', probability },
        a: { type: 'linear', input: 'masked', size: 1 },
      },
      outputs: { a: { loss: 'meanSquaredError' } },
      seed: 8,
    })
    // The mean of a row of ones.
    const inputs = { x: new Float32Array(width).fill(1) }
    const weight = new Float32Array(width).fill(1 / width)
    model.setParameters({ 'a.weight': weight, 'a.bias': Float32Array.of(0) })
    expect(model.predictSync(inputs)['a']).toEqual(Float32Array.of(1))
    using trainer = new Trainer(model, { optimizer: { kind: 'sgd', learningRate: 0 } })
    const { loss } = trainer.stepSync({ inputs, targets: { a: Float32Array.of(0) } })
    // What is kept counts 1 / (1 - probability).
    const zeroed = 1 - Math.sqrt(loss) * (1 - probability)
    const deviation = Math.sqrt((probability * (1 - probability)) / width)
    expect(Math.abs(zeroed - probability)).toBeLessThan(5 * deviation)
    expect(zeroed).not.toBeCloseTo(probability, 5)
  })
})

describe('a model with every type of layer', () => {
  const { inputs, lengths, targets, batch } = drawEveryLayer(5, 4, 3)
  const predictionsOf = (model: Model): string[] =>
    Object.values(model.predictSync(inputs, { batch, lengths })).map(bitsOf)

  test('is printed as a table', () => {
    const lines = makeModel(everyLayer).summary().split('\n')
    const table = lines.map((line) => line.trim().split(/ {2,}/)).slice(4, -2)
    expect(table).toEqual([
      ['sourceVector', 'embedding', 'source', '[steps, batch, 5]', '30'],
      ['encoder', 'gru', 'sourceVector', '[steps, batch, 8]', String(24 * (5 + 4 + 2 + 8 + 4 + 2))],
      ['encoded', 'select', 'encoder', '[batch, 8]', '0'],
      ['bridge', 'linear', 'encoded', '[batch, 7]', '63'],
      ['joined', 'concat', 'target, side, target', '[steps, batch, 9]', '0'],
      ['decoder', 'lstm', 'joined, bridge', '[steps, batch, 7]', String(28 * (9 + 7 + 2))],
      ['context', 'attention', 'decoder, encoder', '[steps, batch, 8]', String(6 * (7 + 8 + 1))],
      ['masked', 'dropout', 'context', '[steps, batch, 8]', '0'],
      ['wide', 'linear', 'decoder', '[steps, batch, 8]', '64'],
      ['sum', 'add', 'masked, wide', '[steps, batch, 8]', '0'],
      ['norm', 'layerNorm', 'sum', '[steps, batch, 8]', '16'],
      ['again', 'attention', 'norm, norm', '[steps, batch, 8]', '64'],
      ['start', 'linear', 'encoded', '[batch, 10]', '90'],
      ['reader', 'gru', 'again, start', '[steps, batch, 5]', String(15 * (8 + 5 + 2 + 5 + 5 + 2))],
      ['word', 'linear', 'reader', '[steps, batch, 4]', '24'],
      ['mean', 'select', 'norm', '[batch, 8]', '0'],
      ['level', 'linear', 'mean', '[batch, 2]', '18'],
    ])
  })

  test('is saved and loaded with its options and bits', async () => {
    const file = temporary('every.safetensors')
    const model = makeModel(everyLayer)
    await model.save(file)
    using loaded = await Model.load(file)
    expect(loaded.options).toEqual(model.options)
    expect(Object.keys(loaded.getParameters())).toEqual(Object.keys(model.getParameters()))
    expect(predictionsOf(loaded)).toEqual(predictionsOf(model))
  })

  test('is what its own resolved options describe', () => {
    const model = makeModel(everyLayer)
    const { layers, ...others } = model.options
    expect(predictionsOf(makeModel({ ...others, layers: { ...layers } }))).toEqual(
      predictionsOf(model),
    )
  })

  test('learns, through masks that inference does not have', async () => {
    const model = makeModel(everyLayer)
    using trainer = new Trainer(model, { optimizer: { kind: 'adam', learningRate: 0.02 } })
    const given = { inputs, lengths, targets, batch }
    const before = (await trainer.evaluate(given)).loss
    expect(trainer.stepSync(given).loss).not.toBe(before)
    for (let step = 0; step < 60; step++) await trainer.step(given)
    expect((await trainer.evaluate(given)).loss).toBeLessThan(before / 2)
  })
})

test('a file from before linear layers had activations loads, and has none', async () => {
  const file = temporary('old.safetensors')
  const model = makeModel({
    inputs: { x: { features: 2 } },
    layers: { head: { type: 'linear', input: 'x', size: 3 } },
    outputs: { head: { loss: 'meanSquaredError' } },
  })
  await model.save(file)
  const bytes = readFileSync(file)
  const end = 8 + Number(bytes.readBigUInt64LE(0))
  const header = bytes.toString('utf8', 8, end)
  const old = header.replace(',\\"activation\\":\\"none\\"', '').padEnd(header.length)
  expect(old).not.toBe(header)
  writeFileSync(file, Buffer.concat([bytes.subarray(0, 8), Buffer.from(old), bytes.subarray(end)]))
  using loaded = await Model.load(file)
  expect(loaded.options).toEqual(model.options)
  const x = Float32Array.of(1, 2)
  expect(loaded.predictSync({ x })).toEqual(model.predictSync({ x }))
})
