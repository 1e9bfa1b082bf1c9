import type { NativeGraphOptions, NativeLayerOptions } from '../../binding'
import { addon, gruOptions, lstmOptions } from '../support/addon'

const { hiddenSize, numLayers, bias, dropout, bidirectional } = lstmOptions
const stack = { hiddenSize, numLayers, bias, dropout, bidirectional }
const { resetAfter, updateGate } = gruOptions

/** The error that a description is refused with. */
function refusalOf(layer: object): { readonly code: string; readonly message: string } {
  try {
    addon.describeGraph(graphOf(layer))
  } catch (error) {
    return error as { code: string; message: string }
  }
  throw new Error('expected a refusal')
}

/** A graph of one layer that reads features, tokens, or a row for each sequence. */
const graphOf = (layer: object): NativeGraphOptions => {
  const layers = [{ name: 'rows', type: 'select', inputs: ['x'], step: 'last' }, layer]
  const input = (name: string, tokens: boolean) => ({
    ...{ name, argument: name, lengths: 'lengths', size: hiddenSize, tokens },
  })
  const output = (name: string) => ({
    ...{
      layer: name,
      loss: { kind: 'meanSquaredError' as const, ignoreMissing: false },
      weight: 1,
    },
    ...{ argument: 'output', target: 'target', output: 'output' },
  })
  const isTokens = (layer as { type: string }).type === 'embedding'
  return {
    inputs: [input('x', false), ...(isTokens ? [input('k', true)] : [])],
    layers: layers as NativeLayerOptions[],
    outputs: [output('layer'), output('rows')],
    batchFirst: false,
  }
}

/** A right layer of each type, and options of it that are wrong. */
const types: [right: { inputs: string[] } & Record<string, unknown>, wrong: object][] = [
  [{ type: 'embedding', inputs: ['k'], size: 2 }, { size: 0 }],
  [
    { type: 'gru', inputs: ['x', 'rows'], ...stack, resetAfter, updateGate },
    { hiddenSize: 0, numLayers: '1', bias: 1, dropout: 1, resetAfter: undefined, updateGate: 'x' },
  ],
  [
    { type: 'lstm', inputs: ['x', 'rows'], ...stack },
    { hiddenSize: -1, numLayers: 0.5, bias: null, dropout: NaN, bidirectional: 0 },
  ],
  [
    { type: 'linear', inputs: ['x'], size: 2, activation: 'relu' },
    { size: 2 ** 31, activation: 'gelu' },
  ],
  [{ type: 'dropout', inputs: ['x'], probability: 0.5 }, { probability: 1 }],
  [{ type: 'layerNorm', inputs: ['x'] }, {}],
  [{ type: 'concat', inputs: ['x', 'x'] }, {}],
  [{ type: 'add', inputs: ['x', 'x', 'x'] }, {}],
  [{ type: 'select', inputs: ['x'], step: 'mean' }, { step: 'first' }],
  [
    { type: 'attention', inputs: ['x', 'x'], score: 'additive', size: 2 },
    { score: 'dot', size: undefined },
  ],
  [{ type: 'attention', inputs: ['rows', 'x'], score: 'scaledDotProduct' }, { score: undefined }],
]

describe.each(types)('a layer %j', (right, wrong) => {
  const layer = { name: 'layer', ...right }

  test('is described', () => {
    const described = addon.describeGraph(graphOf(layer)).layers
    const { type, inputs } = right
    expect(described.find(({ name }) => name === 'layer')).toMatchObject({ type, inputs })
  })

  test('reads as many inputs as its type does', () => {
    const { inputs } = right
    const several = right['type'] === 'concat' || right['type'] === 'add'
    for (const read of [[], ['x'], ['x', 'x'], ['x', 'x', 'x']]) {
      if (read.length === inputs.length || (several && read.length > 1)) continue
      const optional = right['type'] === 'gru' || right['type'] === 'lstm'
      if (optional && read.length === 1) continue
      expect(refusalOf({ ...layer, inputs: read }).message).toMatch(
        /^layers\.layer: expected [12] .*inputs?, got [0-3]$/,
      )
    }
  })

  test('has every option checked', () => {
    for (const [key, value] of Object.entries({ ...wrong, inputs: [5] })) {
      const error = refusalOf({ ...layer, [key]: value })
      expect(error.message).toMatch(new RegExp(`^layers\\.layer\\.${key}.*: expected .*, got `))
      expect(['ERR_GRU_TYPE', 'ERR_GRU_VALUE']).toContain(error.code)
    }
  })
})
