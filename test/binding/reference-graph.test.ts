import type { GraphReferenceCall } from '../../binding'
import { addon, BATCH, chain, classes, STEPS, tokens, wave } from '../support/addon'

const options = chain()
const count = addon
  .describeGraph(options)
  .parameters.reduce((sum, parameter) => sum + parameter.count, 0)
const parameters = Float64Array.from(wave(count), (value) => value / 2)

const call: GraphReferenceCall = {
  batch: BATCH,
  inputs: [{ steps: STEPS, lengths: Int32Array.of(4, STEPS), values: tokens }],
  targets: [classes],
  dropout: null,
}

test('the gradients of the reference of a graph are those of its loss', () => {
  const { loss, outputs, dOutputs, dParameters } = addon.referenceGraph(options, parameters, call)
  expect([outputs.length, dOutputs.length]).toEqual([1, 1])
  expect(outputs[0]).toHaveLength(STEPS * BATCH * 5)
  expect(dOutputs[0]).toHaveLength(STEPS * BATCH * 5)
  expect(dParameters).toHaveLength(count)
  const lossAt = (place: number, change: number): number => {
    const moved = parameters.slice()
    moved[place]! += change
    return addon.referenceGraph(options, moved, call).loss
  }
  expect(lossAt(0, 0)).toBe(loss)
  for (let place = 0; place < count; place += 7) {
    const slope = (lossAt(place, 1e-5) - lossAt(place, -1e-5)) / 2e-5
    expect(dParameters[place]).toBeCloseTo(slope, 8)
  }
})

test('layers may stand in any order', () => {
  const { layers, ...rest } = options
  const backwards = { ...rest, layers: layers.slice().reverse() }
  expect(addon.referenceGraph(backwards, parameters, call)).toEqual(
    addon.referenceGraph(options, parameters, call),
  )
})

test('dropout follows from seed and pass, and is not there in inference', () => {
  const dropping = chain({ gru: { ...gruOf(options), dropout: 0.5, numLayers: 2 } })
  const more = addon.describeGraph(dropping).parameters
  const all = Float64Array.from(wave(more.at(-1)!.offset + more.at(-1)!.count))
  const lossOf = (dropout: GraphReferenceCall['dropout']): number =>
    addon.referenceGraph(dropping, all, { ...call, dropout }).loss
  const losses = [null, { seed: 1, pass: 0 }, { seed: 1, pass: 1 }, { seed: 2, pass: 0 }].map(
    lossOf,
  )
  expect(new Set(losses).size).toBe(4)
  expect(lossOf({ seed: 1, pass: 1 })).toBe(losses[2])
})

function gruOf(description: typeof options) {
  const layer = description.layers.find(({ type }) => type === 'gru')!
  if (layer.type !== 'gru') throw new Error('expected a gru')
  const { hiddenSize, numLayers, bias, dropout, bidirectional, resetAfter, updateGate } = layer
  const stack = { hiddenSize, numLayers, bias, dropout, bidirectional, resetAfter, updateGate }
  return { ...stack, inputSize: 3, batchFirst: false }
}

const [input] = call.inputs
const withInput = (changes: object): GraphReferenceCall => ({
  ...call,
  inputs: [{ ...input!, ...changes }],
})

test.each<[GraphReferenceCall, RegExp]>([
  [null as never, /^call: expected an object, got null$/],
  [{ ...call, batch: 0 }, /^batch: expected an integer from 1 to/],
  [{ ...call, inputs: [] }, /^inputs: expected an Array of 1, got an Array of 0$/],
  [{ ...call, targets: [] }, /^targets: expected an Array of 1, got an Array of 0$/],
  [{ ...call, targets: [new Int32Array(3)] }, /^target: expected rows = 12 values, got 3 values$/],
  [{ ...call, targets: [new Float64Array(12)] }, /^target: expected an Int32Array, got/],
  [{ ...call, targets: [classes.map(() => 5)] }, /^target: expected classes from 0 to less than 5/],
  [{ ...call, dropout: { seed: 1, pass: -1 } }, /^dropout\.pass: expected an integer from 0/],
  [{ ...call, dropout: 5 as never }, /^dropout: expected an object, got 5$/],
  [withInput({ steps: 0 }), /^steps: expected an integer from 1 to/],
  [
    withInput({ steps: 5, lengths: null }),
    /^input: expected steps\*batch = 10 values, got 12 values$/,
  ],
  [withInput({ lengths: Int32Array.of(1) }), /^lengths: expected batch = 2 values, got 1 value/],
  [withInput({ lengths: Int32Array.of(1, 7) }), /^lengths: expected integers from 0 to steps = 6/],
  [withInput({ values: new Float64Array(12) }), /^input: expected an Int32Array, got/],
  [withInput({ values: tokens.map(() => 5) }), /^tokens: expected integers from 0 to less than 5/],
])('refuses %#', (wrong, message) => {
  expect(() => addon.referenceGraph(options, parameters, wrong)).toThrow(message)
})

test('refuses another number of parameters', () => {
  const few = () => addon.referenceGraph(options, parameters.subarray(1), call)
  expect(few).toThrow(/^parameters: expected .*, got \d+ values$/)
})

test('refuses inputs that are joined and have other steps', () => {
  const named = (name: string) => ({
    ...{ name, argument: name, lengths: `lengths.${name}`, tokens: false, size: 1 },
  })
  const joined = {
    inputs: [named('a'), named('b')],
    layers: [{ name: 'both', type: 'concat' as const, inputs: ['a', 'b'] }],
    outputs: [
      {
        ...{
          layer: 'both',
          loss: { kind: 'meanSquaredError' as const, ignoreMissing: false },
          weight: 1,
        },
        ...{ argument: 'output', target: 'target', output: 'output' },
      },
    ],
    batchFirst: false,
  }
  const of = (steps: number) => ({ steps, lengths: null, values: new Float64Array(steps) })
  const given = { batch: 1, inputs: [of(2), of(3)], targets: [new Float64Array(4)], dropout: null }
  expect(() => addon.referenceGraph(joined, new Float64Array(0), given)).toThrow(
    /^b: expected the steps and lengths of a, with which it is joined, got others$/,
  )
  const right = { ...given, inputs: [of(2), of(2)] }
  expect(addon.referenceGraph(joined, new Float64Array(0), right).loss).toBe(0)
})
