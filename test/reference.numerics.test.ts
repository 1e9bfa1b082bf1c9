import * as fc from 'fast-check'
import type {
  LstmReferenceResult,
  NativeGruOptions,
  NativeRecurrentOptions,
  ReferenceResult,
} from '../binding'
import { native } from '../lib/native'
import { requireChosenEngine } from './support/engine-choice'
import { createLayer, forms, type Layer, type LayerGradients } from './support/layers'
import {
  beyond,
  integers,
  largestDifference,
  largestMagnitude,
  randomSource,
  swapAxes,
  uniform,
} from './support/numbers'
import { seed } from './support/random'

requireChosenEngine()

// The bounds of the golden cases. They hold for any size, because inputs are scaled so that the inputs of activations
// stay of order 1, as initial values do for the recurrent part. The rounding of a sum grows with its magnitude.
const FORWARD = 2e-6
const GRADIENT = 1e-5
// A gradient of few values may be a sum that cancels almost completely. It still has the rounding of its terms, which
// are as large as the case's other gradients. So no error is measured relative to less than this share of the largest
// gradient.
const CANCELLED = 0.1

/** The options of a layer, with its cell. */
type CellOptions =
  | ({ readonly cell: 'gru' } & NativeGruOptions)
  | ({ readonly cell: 'lstm' } & NativeRecurrentOptions)

interface Case {
  readonly options: CellOptions
  readonly seed: number
  readonly steps: number
  readonly batch: number
  readonly ragged: boolean
  /** Whether all states before the first step are given. */
  readonly initialState: boolean
  /** The results that the loss depends on: the output, the final states, or all. */
  readonly given: 'output' | 'state' | 'both'
  /** Training passes before the one that is compared: each draws other dropout masks. */
  readonly earlierPasses: number
}

// 1, odd ones, and both sides of the widths of vectors and tiles.
const hiddenSizes = [1, 2, 3, 5, 7, 8, 13, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 130]
const batchSizes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 17, 33]

const anyStack = {
  inputSize: fc.constantFrom(1, 2, 3, 5, 8, 15, 16, 17, 33, 64, 67),
  hiddenSize: fc.constantFrom(...hiddenSizes),
  numLayers: fc.constantFrom(1, 1, 2, 3),
  bias: fc.boolean(),
  batchFirst: fc.boolean(),
  dropout: fc.constantFrom(0, 0, 0.3, 0.75),
  bidirectional: fc.boolean(),
}
const anyOptions = {
  gru: fc.record({
    cell: fc.constant('gru' as const),
    ...anyStack,
    resetAfter: fc.boolean(),
    updateGate: fc.constantFrom('retain' as const, 'replace' as const),
  }),
  lstm: fc.record({ cell: fc.constant('lstm' as const), ...anyStack }),
}

const anyCase = (cell: 'gru' | 'lstm'): fc.Arbitrary<Case> =>
  fc.record({
    options: anyOptions[cell],
    seed: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    steps: fc.integer({ min: 1, max: 9 }),
    batch: fc.constantFrom(...batchSizes),
    ragged: fc.boolean(),
    initialState: fc.boolean(),
    given: fc.constantFrom('output' as const, 'state' as const, 'both' as const),
    earlierPasses: fc.constantFrom(0, 0, 2),
  })

/** A case's numbers, time-major. */
function draw({ options, seed: dataSeed, steps, batch, ragged, initialState, given }: Case) {
  const { inputSize, hiddenSize, numLayers, bidirectional } = options
  const random = randomSource(dataSeed)
  const outputSize = (bidirectional ? 2 : 1) * hiddenSize
  const states = numLayers * batch * outputSize
  const inputScale = Math.min(1, Math.sqrt(hiddenSize / inputSize))
  const dOutput = uniform(random, steps * batch * outputSize)
  const dState = uniform(random, states)
  const lstm = options.cell === 'lstm'
  const dCell = uniform(random, lstm ? states : 0)
  if (given === 'state') dOutput.fill(0)
  if (given === 'output') for (const array of [dState, dCell]) array.fill(0)
  return {
    input: uniform(random, steps * batch * inputSize, inputScale),
    lengths: ragged ? integers(random, batch, steps + 1) : undefined,
    initial: {
      initialState: initialState ? uniform(random, states) : undefined,
      ...(lstm && { initialCell: initialState ? uniform(random, states) : undefined }),
    },
    dOutput,
    dState,
    dCell,
    given: {
      output: given === 'state' ? undefined : dOutput,
      state: given === 'output' ? undefined : dState,
      ...(lstm && { cell: given === 'output' ? undefined : dCell }),
    },
  }
}

type Drawn = ReturnType<typeof draw>

type Result = ReferenceResult & Partial<LstmReferenceResult>

function reference(
  layer: Layer,
  { options: { cell, ...options }, steps, batch, earlierPasses }: Case,
  drawn: Drawn,
  dropout: number,
): Result {
  const parameters = Float64Array.from(
    Object.values(layer.getParameters()).flatMap((values) => Array.from(values)),
  )
  const optional = (values: Float32Array | undefined) =>
    values === undefined ? null : Float64Array.from(values)
  const call = {
    steps,
    batch,
    lengths: drawn.lengths ?? null,
    input: Float64Array.from(drawn.input),
    initialState: optional(drawn.initial.initialState),
    dOutput: Float64Array.from(drawn.dOutput),
    dState: Float64Array.from(drawn.dState),
    seed: layer.options.seed,
    pass: earlierPasses,
  }
  if (cell === 'gru') {
    return native().referenceGru({ ...(options as NativeGruOptions), dropout }, parameters, call)
  }
  return native().referenceLstm({ ...options, dropout }, parameters, {
    ...call,
    initialCell: optional(drawn.initial.initialCell),
    dCell: Float64Array.from(drawn.dCell),
  })
}

/** Arranges time-major values in the layout that the layer expects. */
function arrange({ options, steps, batch }: Case, values: Float32Array): Float32Array {
  return options.batchFirst ? swapAxes(values, steps, batch) : values
}

function timeMajor({ options, steps, batch }: Case, values: Float32Array): Float32Array {
  return options.batchFirst ? swapAxes(values, batch, steps) : values
}

/** The errors of a case that exceed their bounds. */
async function failures(
  drawnCase: Case,
  form: (typeof forms)[number],
): Promise<Record<string, number>> {
  const { options, batch, earlierPasses } = drawnCase
  const drawn = draw(drawnCase)
  using layer = createLayer({ ...options, seed: drawnCase.seed })
  const call = { batch, lengths: drawn.lengths, ...drawn.initial }
  const input = arrange(drawnCase, drawn.input)
  for (let pass = 0; pass < earlierPasses; pass++) layer.forwardTrainingSync(input, call).dispose()
  const { output, ...states } = drawn.given
  const given = { output: output && arrange(drawnCase, output), ...states }

  const inference = await form.forward(layer, input, call)
  const trained = await form.roundTrip(layer, input, given, call)
  const expectedInference = reference(layer, drawnCase, drawn, 0)
  const expected = reference(layer, drawnCase, drawn, options.dropout)

  const forwardErrors = {
    output: largestDifference(timeMajor(drawnCase, inference.output), expectedInference.output),
    state: largestDifference(inference.state, expectedInference.state),
    cell: cellError(inference.cell, expectedInference.cell),
    'output in training': largestDifference(timeMajor(drawnCase, trained.output), expected.output),
    'state in training': largestDifference(trained.state, expected.state),
    'cell in training': cellError(trained.cell, expected.cell),
  }
  const errors = gradientErrors(layer, drawnCase, trained.gradients, expected)
  return { ...beyond(FORWARD, forwardErrors), ...beyond(GRADIENT, errors) }
}

/** The error of the cell states relative to their largest value, since they may exceed 1. A GRU has none: 0. */
function cellError(actual: Float32Array | undefined, expected: Float64Array | undefined): number {
  if (actual === undefined && expected === undefined) return 0
  return largestDifference(actual!, expected!) / Math.max(1, largestMagnitude(expected!))
}

function gradientErrors(
  layer: Layer,
  drawnCase: Case,
  { input, initialState, initialCell, parameters }: LayerGradients,
  expected: Result,
): Record<string, number> {
  const actual: [string, Float32Array][] = [
    ['input', timeMajor(drawnCase, input)],
    ['initialState', initialState],
    ...(initialCell === undefined ? [] : [['initialCell', initialCell] as [string, Float32Array]]),
    ...Object.entries(parameters),
  ]
  const truth = expectedGradients(Object.entries(layer.getParameters()), expected)
  const largest = Math.max(...truth.map(largestMagnitude))
  const errors = actual.map(([name, values], index) => {
    const scale = Math.max(largestMagnitude(truth[index]!), CANCELLED * largest)
    // If no step is valid, all gradients must be 0.
    return [name, largestDifference(values, truth[index]!) / (scale === 0 ? 1 : scale)]
  })
  return Object.fromEntries(errors) as Record<string, number>
}

function expectedGradients(
  parameters: [string, Float32Array][],
  { dInput, dInitialState, dInitialCell, dParameters }: Result,
): Float64Array[] {
  let offset = 0
  const tensors = parameters.map(([, { length }]) =>
    dParameters.subarray(offset, (offset += length)),
  )
  return [dInput, dInitialState, ...(dInitialCell === undefined ? [] : [dInitialCell]), ...tensors]
}

describe.each(forms)('in the $name form', (form) => {
  test.each(['gru', 'lstm'] as const)('any %s agrees with the reference', async (cell) => {
    await fc.assert(
      fc.asyncProperty(anyCase(cell), async (drawnCase) => {
        expect(await failures(drawnCase, form)).toEqual({})
      }),
      { seed, numRuns: 40 },
    )
  })
})

// Above the 4e6 operations from which gradients' products go to BLAS, where there is one: even that of
// the candidate's recurrent weights, 2 H H steps batch, which is formed by itself.
const everyCell = [
  { cell: 'gru', resetAfter: true, updateGate: 'retain' },
  { cell: 'gru', resetAfter: false, updateGate: 'retain' },
  { cell: 'lstm' },
] as const

test.each(
  everyCell.flatMap((cell) => [false, true].map((bidirectional) => ({ ...cell, bidirectional }))),
)('agrees with the reference where products are large: %j', async (choice) => {
  const options: CellOptions = {
    ...{ inputSize: 40, hiddenSize: 64, numLayers: 1, bias: true, batchFirst: false, dropout: 0 },
    ...choice,
  }
  const sizes = { seed, steps: 40, batch: 16, ragged: false, earlierPasses: 0 }
  const large: Case = { options, ...sizes, initialState: true, given: 'both' }
  for (const form of forms) expect(await failures(large, form)).toEqual({})
})

test.each(hiddenSizes)(
  'agrees with the reference at the tile edge of H = %d',
  async (hiddenSize) => {
    for (const batch of [1, 3, 9]) {
      for (const cell of everyCell) {
        const options: CellOptions = {
          ...{ inputSize: 5, hiddenSize, numLayers: 2, bias: true, batchFirst: false, dropout: 0 },
          ...{ bidirectional: false, ...cell },
        }
        const sizes = { seed: seed + batch, steps: 3, batch, ragged: true, earlierPasses: 0 }
        const edge: Case = { options, ...sizes, initialState: true, given: 'both' }
        expect(await failures(edge, forms[0]!)).toEqual({})
      }
    }
  },
)
