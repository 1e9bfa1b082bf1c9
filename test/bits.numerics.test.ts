import { Model, SequenceModel, type SequenceModelOptions, setThreads, Trainer } from '../lib'
import { requireChosenEngine } from './support/engine-choice'
import {
  createLayer,
  forms,
  type Layer,
  type LayerGradients,
  type LayerOptions,
  type LayerResult,
} from './support/layers'
import { drawEveryLayer, everyLayer, sequenceOfBatch, widened } from './support/models'
import { bitsOf, integers, randomSource, sequenceOf, uniform, withMissing } from './support/numbers'
import { seed } from './support/random'

requireChosenEngine()

/** Large enough that every thread gets a part of the work, with sizes that have no small divisors. */
const layers: LayerOptions[] = [
  { cell: 'gru', inputSize: 64, hiddenSize: 256, seed: 1 },
  {
    ...{ cell: 'gru', inputSize: 33, hiddenSize: 130, numLayers: 2, bidirectional: true },
    ...{ dropout: 0.25, seed: 2 },
  },
  { cell: 'gru', inputSize: 40, hiddenSize: 97, resetAfter: false, batchFirst: true, seed: 3 },
  { cell: 'gru', inputSize: 3, hiddenSize: 7, bias: false, updateGate: 'replace', seed: 4 },
  { cell: 'lstm', inputSize: 64, hiddenSize: 200, seed: 5 },
  {
    ...{ cell: 'lstm', inputSize: 33, hiddenSize: 97, numLayers: 2, bidirectional: true },
    ...{ dropout: 0.25, batchFirst: true, bias: false, seed: 6 },
  },
]

interface Drawn {
  readonly batch: number
  readonly steps: number
  readonly lengths: Int32Array | undefined
  readonly input: Float32Array
  readonly initial: { readonly initialState: Float32Array; readonly initialCell?: Float32Array }
}

function draw(options: LayerOptions, steps: number, batch: number, ragged: boolean): Drawn {
  const random = randomSource(seed)
  const { inputSize, hiddenSize, numLayers = 1, bidirectional = false } = options
  const states = numLayers * (bidirectional ? 2 : 1) * batch * hiddenSize
  return {
    batch,
    steps,
    lengths: ragged ? integers(random, batch, steps + 1) : undefined,
    input: uniform(random, steps * batch * inputSize),
    initial: {
      initialState: uniform(random, states),
      ...(options.cell === 'lstm' && { initialCell: uniform(random, states) }),
    },
  }
}

function bitsOfGradients({ parameters, ...others }: LayerGradients): string[] {
  return [...Object.values(others), ...Object.values(parameters)].map(bitsOf)
}

/** All results of a layer for a batch, as bits. Each call makes a new layer, so that its passes count from 0. */
async function bitsOfLayer(
  options: LayerOptions,
  { input, batch, lengths, initial }: Drawn,
  form: (typeof forms)[number],
): Promise<string[]> {
  using layer = createLayer(options)
  const call = { batch, lengths, ...initial }
  const inference = await form.forward(layer, input, call)
  const random = randomSource(seed + 1)
  const given = {
    output: uniform(random, inference.output.length),
    state: uniform(random, inference.state.length),
    ...(inference.cell && { cell: uniform(random, inference.cell.length) }),
  }
  const { gradients, ...trained } = await form.roundTrip(layer, input, given, call)
  const results = [inference, trained].flatMap((one) => Object.values(one) as Float32Array[])
  return [...results.map(bitsOf), ...bitsOfGradients(gradients)]
}

describe.each(layers)('the layer %j', (options) => {
  test.each([
    ['dense', 9, 24, false],
    ['ragged', 9, 24, true],
    ['one sequence', 13, 1, false],
    ['an odd batch', 5, 7, true],
  ])('gives the same bits for any threads, form and run: %s', async (_, steps, batch, ragged) => {
    const drawn = draw(options, steps, batch, ragged)
    setThreads(1)
    const expected = await bitsOfLayer(options, drawn, forms[0]!)
    for (const threads of [1, 2, 3]) {
      setThreads(threads)
      for (const form of forms) expect(await bitsOfLayer(options, drawn, form)).toEqual(expected)
    }
  })

  test.each([false, true])('treats a sequence alone as in a batch, ragged: %p', (ragged) => {
    using layer = createLayer(options)
    for (const batch of [2, 5, 24]) {
      const drawn = draw(options, 6, batch, ragged)
      const { lengths, initial } = drawn
      const together = layer.forwardSync(drawn.input, { batch, lengths, ...initial })
      for (let index = 0; index < batch; index++) expectSameAlone(layer, drawn, together, index)
    }
  })
})

function expectSameAlone(
  layer: Layer,
  { steps, batch, lengths, input, initial }: Drawn,
  together: LayerResult,
  index: number,
): void {
  const length = lengths === undefined ? steps : lengths[index]!
  const { batchFirst, numLayers, bidirectional } = layer.options
  const shape = { steps, batch, batchFirst }
  const stateOf = (states: Float32Array): Float32Array =>
    sequenceOf(states, { steps: numLayers * (bidirectional ? 2 : 1), batch }, index)
  const initialState = stateOf(initial.initialState)
  const initialCell = initial.initialCell && stateOf(initial.initialCell)
  const expected = statesAsBits({
    state: stateOf(together.state),
    cell: together.cell && stateOf(together.cell),
  })
  if (length === 0) {
    expect(statesAsBits({ state: initialState, cell: initialCell })).toEqual(expected)
    return
  }
  const call = { initialState, ...(initialCell && { initialCell }) }
  const alone: LayerResult = layer.forwardSync(sequenceOf(input, shape, index, length), call)
  expect(bitsOf(alone.output)).toBe(bitsOf(sequenceOf(together.output, shape, index, length)))
  expect(statesAsBits(alone)).toEqual(expected)
}

function statesAsBits(states: { state: Float32Array; cell?: Float32Array | undefined }): string[] {
  return [states.state, ...(states.cell ? [states.cell] : [])].map(bitsOf)
}

const architectures: SequenceModelOptions[] = [
  {
    input: { features: 19 },
    gru: { hiddenSize: 130, bidirectional: true },
    output: { size: 5, loss: 'meanSquaredError', every: 'last' },
    seed: 5,
  },
  {
    input: { tokens: 65, embeddingSize: 33 },
    gru: { hiddenSize: 96, numLayers: 2, dropout: 0.3 },
    output: { size: 65, loss: 'crossEntropy', every: 'step' },
    seed: 6,
  },
  // So many values that the loss is a sum over several parts.
  {
    input: { features: 19 },
    gru: { hiddenSize: 33 },
    output: { size: 240, loss: { kind: 'huber', ignoreMissing: true }, every: 'step' },
    seed: 7,
  },
]

function drawBatch({ input, output }: SequenceModelOptions, steps: number, batch: number) {
  const random = randomSource(seed + 2)
  const rows = output.every === 'last' ? batch : steps * batch
  // No sequence is empty, so that each can be predicted alone.
  const lengths = integers(random, batch, steps).map((length) => length + 1)
  return {
    batch,
    lengths,
    input:
      'tokens' in input
        ? integers(random, steps * batch, input.tokens)
        : uniform(random, steps * batch * input.features),
    target:
      output.loss === 'crossEntropy'
        ? integers(random, rows, output.size)
        : targetOf(output, uniform(random, rows * output.size)),
  }
}

function targetOf({ loss }: SequenceModelOptions['output'], values: Float32Array): Float32Array {
  return typeof loss === 'object' ? withMissing(randomSource(seed + 3), values) : values
}

/** The results of training a new model for some steps, as bits. */
async function bitsOfTraining(options: SequenceModelOptions, sync: boolean): Promise<unknown> {
  using model = new SequenceModel(options)
  using trainer = new Trainer(model, { optimizer: { kind: 'adamw' }, clipNorm: 0.1 })
  const results: unknown[] = []
  for (const size of [24, 24, 7]) {
    const batch = drawBatch(options, 9, size)
    results.push(sync ? trainer.stepSync(batch) : await trainer.step(batch))
  }
  return { results, parameters: Object.values(model.getParameters()).map(bitsOf) }
}

describe.each(architectures)('the model %j', (options) => {
  test('is trained to the same bits for any threads, form and run', async () => {
    setThreads(1)
    const expected = await bitsOfTraining(options, true)
    for (const threads of [1, 2, 3]) {
      setThreads(threads)
      expect(await bitsOfTraining(options, true)).toEqual(expected)
      expect(await bitsOfTraining(options, false)).toEqual(expected)
    }
  })

  test('predicts the same alone as in a batch', async () => {
    using model = new SequenceModel(options)
    const steps = 6
    for (const batch of [2, 24]) {
      const { input, lengths } = drawBatch(options, steps, batch)
      const together = await model.predict(input, { batch, lengths })
      for (let index = 0; index < batch; index++) {
        const length = lengths[index]!
        const alone = model.predictSync(sequenceOf(input, { steps, batch }, index, length))
        const expected =
          options.output.every === 'last'
            ? together.slice(index * options.output.size, (index + 1) * options.output.size)
            : sequenceOf(together, { steps, batch }, index, length)
        expect(bitsOf(alone)).toBe(bitsOf(expected))
      }
    }
  })
})

// The one is large enough that the engine gives every thread a part of each layer's work.
describe.each([
  ['large', widened(12), 24, 40],
  ['small', everyLayer, 6, 9],
])('a %s model with every type of layer', (_, options, steps, batch) => {
  const drawn = drawEveryLayer(seed + 3, steps, batch)

  /** Some training of a new model, and what it then predicts, as bits. */
  const bitsOfModel = async (sync: boolean): Promise<unknown> => {
    using model = new Model(options)
    using trainer = new Trainer(model, { optimizer: { kind: 'adamw' }, clipNorm: 0.1 })
    const results: unknown[] = []
    for (let step = 0; step < 3; step++) {
      results.push(sync ? trainer.stepSync(drawn) : await trainer.step(drawn))
    }
    const { inputs, lengths } = drawn
    const predictions = model.predictSync(inputs, { batch, lengths })
    return [results, ...[model.getParameters(), predictions].flatMap(bitsOfAll)]
  }

  test('gives the same bits for any threads, form and run', async () => {
    setThreads(1)
    const expected = await bitsOfModel(true)
    for (const threads of [1, 2, 3]) {
      setThreads(threads)
      expect(await bitsOfModel(true)).toEqual(expected)
      expect(await bitsOfModel(false)).toEqual(expected)
    }
  })

  test('predicts the same alone as in a batch', async () => {
    using model = new Model(options)
    const { inputs, lengths } = drawn
    const together = await model.predict(inputs, { batch, lengths })
    for (let index = 0; index < batch; index++) {
      const one = sequenceOfBatch(drawn, steps, index)
      const alone = bitsOfAll(model.predictSync(one))
      const shape = { steps, batch }
      const word = sequenceOf(together['word']!, shape, index, lengths.target[index])
      const level = sequenceOf(together['level']!, { steps: 1, batch }, index)
      expect(alone).toEqual([word, level].map(bitsOf))
    }
  })
})

function bitsOfAll(arrays: Readonly<Record<string, Float32Array>>): string[] {
  return Object.values(arrays).map(bitsOf)
}
