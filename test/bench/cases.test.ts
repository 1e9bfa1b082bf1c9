import { withTraining } from '../../bench/builds'
import { CASES, hasCutSteps, modesOf, RECOMPUTE_CASES } from '../../bench/cases'
import type { CellName } from '../../bench/cells'
import { nativeOptions } from '../../bench/reference'
import { drawTensors, parameterSpecs, validRows } from '../../bench/tensors'
import { periodOf, prepareTensors } from '../../bench/truth'
import { boundOf, memoryNeed, workOf } from '../../bench/work'
import { addon, device } from '../support/addon'
import { caseNamed, SMALL, SMALL_LSTM } from '../support/bench'

describe('cases', () => {
  test('have names of their own', () => {
    const all = [...withTraining(CASES), ...RECOMPUTE_CASES]
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
  })

  test('of a GRU have twins of an LSTM, but for the reset gate before the product', () => {
    const namesOf = (cell: CellName): string[] =>
      CASES.filter((given) => given.cell === cell).map(({ name }) => name)
    const twins = namesOf('gru').filter((name) => !name.endsWith('-reset-before'))
    const inFull = [
      ...[16, 32, 64, 128].map((batch) => `lstm-deepbench-b${batch}-t25-h512`),
      ...[16, 32, 64, 128].map((batch) => `lstm-deepbench-b${batch}-t25-h1024`),
      ...[8, 16].map((batch) => `lstm-deepbench-b${batch}-t50-h1536`),
    ]
    expect(namesOf('lstm')).toEqual([...twins.map((name) => `lstm-${name}`), ...inFull])
    expect(CASES.filter(hasCutSteps)).toHaveLength(24)
    for (const name of inFull) expect(hasCutSteps(caseNamed(name))).toBe(false)
    for (const name of twins) {
      const twin = { ...caseNamed(name), name: `lstm-${name}`, cell: 'lstm' }
      expect(caseNamed(twin.name)).toEqual(twin)
    }
  })

  test('are measured in the modes that make sense', () => {
    expect(modesOf(caseNamed('b1-t1-i64-h64'))).toEqual(['forward'])
    expect(modesOf(caseNamed('b1-t100-i128-h256'))).toEqual(['forward', 'gradients'])
    expect(modesOf(caseNamed('train-b32-t64-h256-layers2'))).toEqual(['training'])
  })

  test('are trained too where two builds are compared, but for single steps', () => {
    const names = ['b1-t1-i64-h64', 'b1-t100-i128-h256', 'train-b32-t64-h256-layers2']
    const found = withTraining(names.map(caseNamed))
    expect(found.map((given) => [given.name, ...modesOf(given)])).toEqual([
      ['b1-t1-i64-h64', 'forward'],
      ['b1-t100-i128-h256', 'forward', 'gradients'],
      ['train-b1-t100-i128-h256', 'training'],
      ['train-b32-t64-h256-layers2', 'training'],
    ])
  })

  test.each([
    ['gru', SMALL, addon.NativeGru],
    ['lstm', SMALL_LSTM, addon.NativeLstm],
  ] as const)('lay parameters out as the engine does: %s', (_, small, Layer) => {
    for (const changes of [{}, { numLayers: 2 }, { numLayers: 2, bidirectional: true }]) {
      const given = { ...small, ...changes }
      const layer = new Layer(nativeOptions(given), 1, device)
      expect(parameterSpecs(given)).toEqual(layer.parameterSpecs())
      layer.dispose()
    }
  })

  test('give an LSTM alone cell states', () => {
    const { initialState, initialCell, dCell } = drawTensors(SMALL_LSTM, 2)
    expect([initialState, initialCell, dCell].map(({ length }) => length)).toEqual([24, 24, 24])
    expect(initialCell).not.toEqual(initialState)
    const { initialCell: none, dCell: neither } = drawTensors(SMALL, 2)
    expect([none, neither].map(({ length }) => length)).toEqual([0, 0])
  })

  test('repeat the sequences of a batch with the period, unless they are ragged', () => {
    const { input } = drawTensors(SMALL, 2)
    const row = (step: number, sequence: number): Float32Array =>
      input.subarray((step * 4 + sequence) * 5, (step * 4 + sequence + 1) * 5)
    expect(row(2, 3)).toEqual(row(2, 1))
    expect(row(2, 3)).not.toEqual(row(2, 2))
    expect(row(2, 3)).not.toEqual(row(1, 3))
    expect(periodOf({ ...SMALL, ragged: true })).toBe(4)
    for (const given of CASES) expect(given.batch % periodOf(given)).toBe(0)
  })

  test('draw ragged lengths from 1 to all steps', () => {
    const { lengths } = prepareTensors({ ...SMALL, ragged: true, steps: 50, batch: 64 })
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(1)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(50)
    expect(new Set(lengths).size).toBeGreaterThan(10)
    expect(validRows(Int32Array.of(3, 1, 2))).toBe(6)
  })
})

describe('work and bounds', () => {
  const layer = { ...SMALL, batch: 8, steps: 10, inputSize: 16, hiddenSize: 32 }

  test('count 6H(I + H) operations a row forward, and three times that with gradients', () => {
    const forward = 6 * 32 * (16 + 32) * 80
    expect(workOf(layer, 'forward', 80).flops).toBe(forward)
    expect(workOf(layer, 'gradients', 80).flops).toBe(3 * forward)
    expect(workOf({ ...layer, bidirectional: true }, 'forward', 80).flops).toBe(2 * forward)
    expect(workOf({ ...layer, ragged: true }, 'forward', 40).flops).toBe(forward / 2)
  })

  test('count 12H^2 bytes of recurrent weights a step', () => {
    const recurrent = 12 * 32 * 32
    const input = 12 * 32 * 16
    const { readBytes, weightBytes } = workOf(layer, 'forward', 80)
    expect(readBytes).toBe(10 * recurrent + input)
    expect(weightBytes).toBe(recurrent)
    expect(workOf({ ...layer, steps: 1 }, 'forward', 8).weightBytes).toBe(recurrent + input)
  })

  test('an LSTM has four gates where a GRU has three', () => {
    const [gru, lstm] = (['gru', 'lstm'] as const).map((cell) =>
      workOf({ ...layer, cell, vocabulary: 0 }, 'gradients', 80),
    )
    for (const part of ['flops', 'readBytes', 'weightBytes'] as const) {
      expect(3 * lstm![part]).toBe(4 * gru![part])
    }
  })

  test('the later time binds', () => {
    const work = { flops: 100, readBytes: 100, weightBytes: 1 }
    expect(boundOf(work, { flops: 10, readBytes: 50 })).toEqual({ kind: 'FMA', seconds: 10 })
    expect(boundOf(work, { flops: 50, readBytes: 20 })).toEqual({ kind: 'read', seconds: 5 })
  })

  test('memory keeps 5H + I floats a step, sequence, layer and direction', () => {
    const need = memoryNeed(layer, 1000)
    expect(need.kept).toBe(4 * 80 * (5 * 32 + 16))
    expect(need.parameters).toBe(4000)
    const { parameters, gradients, inputs, outputs, kept } = need
    expect(need.sum).toBe(parameters + gradients + inputs + outputs + kept)
    const bidirectional = memoryNeed({ ...layer, bidirectional: true }, 1000)
    expect(bidirectional.kept).toBe(2 * need.kept)
    const lstm = memoryNeed({ ...layer, cell: 'lstm' }, 1000)
    expect(lstm.kept).toBe(4 * 80 * (6 * 32 + 16))
    // An LSTM also has a cell state for each state: the initial and the final one, and their
    // gradients.
    const state = 4 * 8 * 32
    expect(lstm.inputs - need.inputs).toBe(2 * state)
    expect(lstm.outputs - need.outputs).toBe(state)
    expect(lstm.gradients - need.gradients).toBe(state)
  })
})
