import type { GruErrorCode } from '../lib'
import { cells, parameterBits } from './support/cells'
import { expectGruError } from './support/errors'
import { input } from './support/gru'
import { shared } from './support/memory'

describe.each(cells)('$name', ({ make, gates, hasCell }) => {
  describe('parameters', () => {
    test('have the names and sizes of PyTorch', () => {
      const layer = make({ numLayers: 2, bidirectional: true })
      const sizes = Object.entries(layer.getParameters()).map(([name, { length }]) => [
        name,
        length,
      ])
      const tensorsOf = (suffix: string, inputs: number) => [
        [`weight_ih_${suffix}`, gates * 4 * inputs],
        [`weight_hh_${suffix}`, gates * 4 * 4],
        [`bias_ih_${suffix}`, gates * 4],
        [`bias_hh_${suffix}`, gates * 4],
      ]
      const expected = [
        ...tensorsOf('l0', 3),
        ...tensorsOf('l0_reverse', 3),
        ...tensorsOf('l1', 8),
        ...tensorsOf('l1_reverse', 8),
      ]
      expect(sizes).toEqual(expected)
      expect(layer.parameterCount).toBe(expected.reduce((sum, [, count]) => sum + Number(count), 0))
    })

    test('without bias are the matrices alone', () => {
      const names = Object.keys(make({ bias: false }).getParameters())
      expect(names).toEqual(['weight_ih_l0', 'weight_hh_l0'])
    })

    test('begin between -1/sqrt(H) and 1/sqrt(H)', () => {
      const values = Object.values(make({ hiddenSize: 64 }).getParameters()).flatMap((array) => [
        ...array,
      ])
      expect(Math.max(...values)).toBeGreaterThan(0.12)
      expect(Math.max(...values)).toBeLessThanOrEqual(0.125)
      expect(Math.min(...values)).toBeLessThan(-0.12)
      expect(Math.min(...values)).toBeGreaterThanOrEqual(-0.125)
    })

    test('are copied out and in', () => {
      const layer = make()
      const before = layer.getParameters()
      const bits = parameterBits(layer)
      before['bias_ih_l0']!.fill(9)
      expect(parameterBits(layer)).toEqual(bits)
      layer.setParameters(before)
      before['bias_ih_l0']!.fill(1)
      expect(layer.getParameters()['bias_ih_l0']).toEqual(new Float32Array(gates * 4).fill(9))
    })

    test('that are not named keep their values', () => {
      const layer = make()
      const before = layer.getParameters()
      layer.setParameters({ weight_hh_l0: new Float32Array(gates * 16) })
      expect(layer.getParameters()).toEqual({
        ...before,
        weight_hh_l0: new Float32Array(gates * 16),
      })
    })

    test('decide the output, from the next call on', () => {
      const layer = make()
      layer.forwardSync(input, { batch: 2 })
      const zeros = Object.entries(layer.getParameters()).map(([name, { length }]) => [
        name,
        new Float32Array(length),
      ])
      layer.setParameters(Object.fromEntries(zeros) as Record<string, Float32Array>)
      // All parameters are zero: a GRU's n is 0 and its z 1/2, an LSTM's g is 0 and its f 1/2. So the state is halved
      // at each step.
      const ones = new Float32Array(8).fill(1)
      const given = hasCell ? { initialCell: ones } : { initialState: ones }
      const result = layer.forwardSync(input, { batch: 2, ...given })
      const remembered = 'cell' in result ? result.cell : result.state
      expect(remembered).toEqual(new Float32Array(8).fill(2 ** -5))
    })

    test.each<[unknown, GruErrorCode, RegExp]>([
      [null, 'ERR_GRU_TYPE', /^parameters: expected a plain object, got null$/],
      [
        { weight_ih_l1: new Float32Array(gates * 12) },
        'ERR_GRU_VALUE',
        /^parameters: .*"weight_ih_l1"/,
      ],
      [
        { weight_ih_l0: new Float32Array(35) },
        'ERR_GRU_SHAPE',
        new RegExp(
          `^parameters\\['weight_ih_l0'\\]: expected ${gates * 4}\\*3 = ${gates * 12} values, got 35 values$`,
        ),
      ],
      [
        { weight_ih_l0: new Float64Array(gates * 12) },
        'ERR_GRU_TYPE',
        /^parameters\['weight_ih_l0'\]: expected a Float32Array/,
      ],
      [{ weight_ih_l0: undefined }, 'ERR_GRU_TYPE', /got undefined$/],
      [{ weight_ih_l0: shared(Float32Array, gates * 12) }, 'ERR_GRU_TYPE', /SharedArrayBuffer$/],
      [
        { bias_ih_l0: new Float32Array(gates * 4), bias_hh_l0: new Float32Array(1) },
        'ERR_GRU_SHAPE',
        /bias_hh_l0/,
      ],
    ])('refuse %p as a whole', (bad, code, message) => {
      const layer = make()
      const before = parameterBits(layer)
      expectGruError(
        () => {
          layer.setParameters(bad as Record<string, Float32Array>)
        },
        code,
        message,
      )
      expect(parameterBits(layer)).toEqual(before)
    })
  })
})
