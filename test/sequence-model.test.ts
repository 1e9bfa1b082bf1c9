import { GRU, type GruErrorCode, SequenceModel, type SequenceModelOptions } from '../lib'
import { deviceDefaults } from './support/device'
import { expectGruError, expectGruRejection } from './support/errors'
import { MAX_ELEMENTS, MAX_SIDE } from './support/limits'
import { bitsOf, integers, largestDifference, randomSource, uniform } from './support/numbers'

const random = randomSource(3)
const features: SequenceModelOptions = {
  input: { features: 3 },
  gru: { hiddenSize: 5 },
  output: { size: 2, loss: 'meanSquaredError', every: 'last' },
  seed: 1,
}
const words: SequenceModelOptions = {
  input: { tokens: 7, embeddingSize: 4 },
  gru: { hiddenSize: 5, numLayers: 2, bidirectional: true },
  output: { size: 6, loss: 'crossEntropy' },
  seed: 2,
}
/** Four steps of two sequences. */
const series = uniform(random, 4 * 2 * 3)
const text = integers(random, 4 * 2, 7)

const models: SequenceModel[] = []
function makeModel(options: SequenceModelOptions): SequenceModel {
  const model = new SequenceModel(options)
  models.push(model)
  return model
}
afterEach(() => {
  for (const model of models.splice(0)) model.dispose()
})

describe('options', () => {
  test('have defaults', () => {
    expect(makeModel(words).options).toEqual({
      input: { tokens: 7, embeddingSize: 4 },
      gru: {
        ...{ hiddenSize: 5, numLayers: 2, bias: true, batchFirst: false, dropout: 0 },
        ...{ bidirectional: true, resetAfter: true, updateGate: 'retain' },
      },
      output: { size: 6, loss: 'crossEntropy', every: 'step' },
      seed: 2,
      ...deviceDefaults,
    })
    expect(makeModel(words).metadata).toEqual({})
  })

  test.each<[unknown, GruErrorCode, string | RegExp]>([
    [null, 'ERR_GRU_TYPE', 'options: expected a plain object, got null'],
    [{}, 'ERR_GRU_TYPE', 'input: expected a plain object, got undefined'],
    [{ ...words, inputs: 3 }, 'ERR_GRU_VALUE', /^options: .*"inputs"/],
    [{ ...words, input: { tokens: 7 } }, 'ERR_GRU_TYPE', /^input\.embeddingSize: .*got undefined$/],
    [
      { ...words, input: { tokens: 7, embeddingSize: 4, features: 2 } },
      'ERR_GRU_VALUE',
      /^input: .*"features"/,
    ],
    [{ ...words, input: { tokens: 0, embeddingSize: 4 } }, 'ERR_GRU_VALUE', /^input\.tokens: /],
    [{ ...words, input: { features: 1.5 } }, 'ERR_GRU_VALUE', /^input\.features: /],
    [{ ...words, gru: { hiddenSize: 5, inputSize: 4 } }, 'ERR_GRU_VALUE', /^gru: .*"inputSize"/],
    [{ ...words, gru: { hiddenSize: -5 } }, 'ERR_GRU_VALUE', /^gru\.hiddenSize: /],
    [{ ...words, gru: { hiddenSize: 5, dropout: 2 } }, 'ERR_GRU_VALUE', /^gru\.dropout: /],
    [
      { ...words, gru: { hiddenSize: 5, dropout: 0.99999999 } },
      'ERR_GRU_VALUE',
      'gru.dropout: expected a number that is below 1 also as float32, got 0.99999999',
    ],
    [
      { ...words, gru: { hiddenSize: 5, numLayers: 1025 } },
      'ERR_GRU_VALUE',
      'gru.numLayers: expected an integer from 1 to 1024, got 1025',
    ],
    [
      { ...words, gru: { hiddenSize: 16 * MAX_SIDE } },
      'ERR_GRU_VALUE',
      `options: expected sizes with at most ${MAX_ELEMENTS} parameters, got sizes with more, in gru.weight_hh_l0`,
    ],
    [{ ...words, output: { loss: 'crossEntropy' } }, 'ERR_GRU_TYPE', /^output\.size: /],
    [
      { ...words, output: { size: 6, loss: 'mse' } },
      'ERR_GRU_VALUE',
      /^output\.loss: expected one of "crossEntropy", .*, "ctc", got "mse"$/,
    ],
    [
      { ...words, output: { size: 6, loss: 'crossEntropy', every: 'first' } },
      'ERR_GRU_VALUE',
      /^output\.every: /,
    ],
    [{ ...words, seed: 0.5 }, 'ERR_GRU_VALUE', /^seed: /],
    [{ ...words, device: 'cuda' }, 'ERR_GRU_DEVICE', /^device: /],
  ])('refuse what is wrong: %#', (options, code, message) => {
    expectGruError(() => new SequenceModel(options as SequenceModelOptions), code, message)
  })
})

describe('parameters', () => {
  test("are the embedding's, the stack's and the head's", () => {
    const sizes = Object.entries(makeModel(words).getParameters()).map(([name, { length }]) => [
      name,
      length,
    ])
    expect(sizes.slice(0, 5)).toEqual([
      ['embedding.weight', 28],
      ['gru.weight_ih_l0', 60],
      ['gru.weight_hh_l0', 75],
      ['gru.bias_ih_l0', 15],
      ['gru.bias_hh_l0', 15],
    ])
    expect(sizes.slice(-2)).toEqual([
      ['head.weight', 60],
      ['head.bias', 6],
    ])
    expect(sizes).toHaveLength(1 + 4 * 4 + 2)
  })

  test.each([
    features,
    words,
    { ...words, gru: { hiddenSize: 3, numLayers: 3, bias: false } },
    { ...features, gru: { hiddenSize: 4, bidirectional: true } },
  ])('are as many as the sizes say: %#', (options) => {
    const model = makeModel(options)
    const { input, gru, output } = model.options
    const [table, inputSize] =
      'tokens' in input
        ? [input.tokens * input.embeddingSize, input.embeddingSize]
        : [0, input.features]
    const width = (gru.bidirectional ? 2 : 1) * gru.hiddenSize
    const columns = (inputs: number): number => inputs + gru.hiddenSize + (gru.bias ? 2 : 0)
    const layers = columns(inputSize) + (gru.numLayers - 1) * columns(width)
    const head = output.size * (width + 1)
    expect(model.parameterCount).toBe(table + 3 * width * layers + head)
  })

  test('are set together or not at all', () => {
    const model = makeModel(features)
    const before = Object.values(model.getParameters()).map(bitsOf)
    const bad = { 'head.bias': new Float32Array(2), 'head.weight': new Float32Array(9) }
    const message = "parameters['head.weight']: expected 2*5 = 10 values, got 9 values"
    expectGruError(
      () => {
        model.setParameters(bad)
      },
      'ERR_GRU_SHAPE',
      message,
    )
    expect(Object.values(model.getParameters()).map(bitsOf)).toEqual(before)
    model.setParameters({ 'head.bias': Float32Array.of(8, 9) })
    expect(model.getParameters()['head.bias']).toEqual(Float32Array.of(8, 9))
  })
})

/** The head, computed in double from rows of features. */
function head(rows: Float32Array, width: number, model: SequenceModel): number[] {
  const { 'head.weight': weight, 'head.bias': bias } = model.getParameters()
  const predictions: number[] = []
  for (let row = 0; row < rows.length; row += width) {
    for (let column = 0; column < bias!.length; column++) {
      let sum = bias![column]!
      for (let k = 0; k < width; k++) sum += rows[row + k]! * weight![column * width + k]!
      predictions.push(sum)
    }
  }
  return predictions
}

/** The layer inside a model. */
function layerOf(model: SequenceModel, inputSize: number): GRU {
  const gru = new GRU({ inputSize, ...model.options.gru })
  const own = Object.entries(model.getParameters()).filter(([name]) => name.startsWith('gru.'))
  gru.setParameters(Object.fromEntries(own.map(([name, values]) => [name.slice(4), values])))
  return gru
}

describe('predictions', () => {
  test('are the head of the last states', async () => {
    const model = makeModel(features)
    using gru = layerOf(model, 3)
    const call = { batch: 2, lengths: [4, 2] }
    const expected = head(gru.forwardSync(series, call).state, 5, model)
    const predictions = await model.predict(series, call)
    expect(largestDifference(predictions, expected)).toBeLessThanOrEqual(2e-6)
    expect(model.predictSync(series, call)).toEqual(predictions)
  })

  test('are the head of every output, of embedded tokens', async () => {
    const model = makeModel(words)
    using gru = layerOf(model, 4)
    const table = model.getParameters()['embedding.weight']!
    const embedded = Float32Array.from(
      Array.from(text).flatMap((token) => [...table.subarray(4 * token, 4 * token + 4)]),
    )
    const expected = head(gru.forwardSync(embedded, { batch: 2 }).output, 10, model)
    const predictions = await model.predict(text, { batch: 2 })
    expect(largestDifference(predictions, expected)).toBeLessThanOrEqual(2e-6)
  })

  test('are 0 where there is no valid step', () => {
    const last = makeModel(features).predictSync(series, { batch: 2, lengths: [0, 4] })
    expect(last.slice(0, 2)).toEqual(new Float32Array(2))
    expect(last.slice(2)).not.toContain(0)
    const every = makeModel(words).predictSync(text, { batch: 2, lengths: [4, 3] })
    expect(every.slice(-6)).toEqual(new Float32Array(6))
    expect(every.slice(0, -6)).not.toContain(0)
  })

  test("go into an array of the caller's", async () => {
    const model = makeModel(features)
    const output = new Float32Array(4)
    expect(model.predictSync(series, { batch: 2, output })).toBe(output)
    const expected = output.slice()
    output.fill(0)
    expect(await model.predict(series, { batch: 2, output })).toBe(output)
    expect(output).toEqual(expected)
  })

  test.each<[SequenceModelOptions, unknown, object, GruErrorCode, string]>([
    [features, text, {}, 'ERR_GRU_TYPE', 'input: expected a Float32Array, got an Int32Array of 8'],
    [words, series, {}, 'ERR_GRU_TYPE', 'input: expected an Int32Array, got a Float32Array of 24'],
    [
      features,
      series,
      { batch: 3 },
      'ERR_GRU_SHAPE',
      'input: expected steps*batch*features = a multiple of 9, got 24 values',
    ],
    [
      words,
      text,
      { batch: 3 },
      'ERR_GRU_SHAPE',
      'input: expected steps*batch = a multiple of 3, got 8 values',
    ],
    [
      words,
      Int32Array.of(0, 7),
      {},
      'ERR_GRU_VALUE',
      'input[1]: expected an integer from 0 to 6, got 7',
    ],
    [
      words,
      Int32Array.of(-1),
      {},
      'ERR_GRU_VALUE',
      'input[0]: expected an integer from 0 to 6, got -1',
    ],
    [
      features,
      series,
      { batch: 2, output: new Float32Array(3) },
      'ERR_GRU_SHAPE',
      'output: expected batch*size = 4 values, got 3 values',
    ],
    [
      words,
      text,
      { output: new Float32Array(8) },
      'ERR_GRU_SHAPE',
      'output: expected steps*batch*size = 48 values, got 8 values',
    ],
    [
      features,
      series,
      { lengths: [9] },
      'ERR_GRU_VALUE',
      'lengths[0]: expected an integer from 0 to 8, got 9',
    ],
  ])('of a wrong input are refused: %#', async (options, input, call, code, message) => {
    const model = makeModel(options)
    expectGruError(() => model.predictSync(input as Float32Array, call), code, message)
    await expectGruRejection(model.predict(input as Float32Array, call), code, message)
  })

  test('end with a signal', async () => {
    const model = makeModel(features)
    const signal = AbortSignal.abort('no')
    await expect(model.predict(series, { batch: 2, signal })).rejects.toBe('no')
  })
})

test('a disposed model can do nothing any more', async () => {
  const model = makeModel(features)
  model.dispose()
  model[Symbol.dispose]()
  expectGruError(() => model.predictSync(series), 'ERR_GRU_DISPOSED', /./)
  expectGruError(() => model.getParameters(), 'ERR_GRU_DISPOSED', /./)
  await expectGruRejection(model.predict(series), 'ERR_GRU_DISPOSED', /./)
  await expectGruRejection(model.save('/nonexistent/model'), 'ERR_GRU_DISPOSED', /./)
})
