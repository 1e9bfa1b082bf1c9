import type { GruErrorCode } from '../lib'
import { expectGruError } from './support/errors'
import { input, makeGru, parameterBits } from './support/gru'
import { shared } from './support/memory'

describe('parameters', () => {
  test('have the names and sizes of PyTorch', () => {
    const gru = makeGru({ numLayers: 2, bidirectional: true })
    const sizes = Object.entries(gru.getParameters()).map(([name, { length }]) => [name, length])
    const layer = (suffix: string, inputs: number) => [
      [`weight_ih_${suffix}`, 3 * 4 * inputs],
      [`weight_hh_${suffix}`, 3 * 4 * 4],
      [`bias_ih_${suffix}`, 3 * 4],
      [`bias_hh_${suffix}`, 3 * 4],
    ]
    const expected = [
      ...layer('l0', 3),
      ...layer('l0_reverse', 3),
      ...layer('l1', 8),
      ...layer('l1_reverse', 8),
    ]
    expect(sizes).toEqual(expected)
    expect(gru.parameterCount).toBe(expected.reduce((sum, [, count]) => sum + Number(count), 0))
  })

  test('without bias are the matrices alone', () => {
    const names = Object.keys(makeGru({ bias: false }).getParameters())
    expect(names).toEqual(['weight_ih_l0', 'weight_hh_l0'])
  })

  test('begin between -1/sqrt(H) and 1/sqrt(H)', () => {
    const values = Object.values(makeGru({ hiddenSize: 64 }).getParameters()).flatMap((array) => [
      ...array,
    ])
    expect(Math.max(...values)).toBeGreaterThan(0.12)
    expect(Math.max(...values)).toBeLessThanOrEqual(0.125)
    expect(Math.min(...values)).toBeLessThan(-0.12)
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-0.125)
  })

  test('are copied out and in', () => {
    const gru = makeGru()
    const before = gru.getParameters()
    const bits = parameterBits(gru)
    before['bias_ih_l0']!.fill(9)
    expect(parameterBits(gru)).toEqual(bits)
    gru.setParameters(before)
    before['bias_ih_l0']!.fill(1)
    expect(gru.getParameters()['bias_ih_l0']).toEqual(new Float32Array(12).fill(9))
  })

  test('that are not named keep their values', () => {
    const gru = makeGru()
    const before = gru.getParameters()
    gru.setParameters({ weight_hh_l0: new Float32Array(48) })
    expect(gru.getParameters()).toEqual({ ...before, weight_hh_l0: new Float32Array(48) })
  })

  test('decide the output, from the next call on', () => {
    const gru = makeGru()
    gru.forwardSync(input, { batch: 2 })
    const zeros = Object.entries(gru.getParameters()).map(([name, { length }]) => [
      name,
      new Float32Array(length),
    ])
    gru.setParameters(Object.fromEntries(zeros) as Record<string, Float32Array>)
    // All zero: n = 0 and z = 1/2, so the state is halved at each step.
    const { state } = gru.forwardSync(input, {
      batch: 2,
      initialState: new Float32Array(8).fill(1),
    })
    expect(state).toEqual(new Float32Array(8).fill(2 ** -5))
  })

  test.each<[unknown, GruErrorCode, RegExp]>([
    [null, 'ERR_GRU_TYPE', /^parameters: expected a plain object, got null$/],
    [{ weight_ih_l1: new Float32Array(36) }, 'ERR_GRU_VALUE', /^parameters: .*"weight_ih_l1"/],
    [
      { weight_ih_l0: new Float32Array(35) },
      'ERR_GRU_SHAPE',
      /^parameters\['weight_ih_l0'\]: expected 12\*3 = 36 values, got 35 values$/,
    ],
    [
      { weight_ih_l0: new Float64Array(36) },
      'ERR_GRU_TYPE',
      /^parameters\['weight_ih_l0'\]: expected a Float32Array/,
    ],
    [{ weight_ih_l0: undefined }, 'ERR_GRU_TYPE', /got undefined$/],
    [{ weight_ih_l0: shared(Float32Array, 36) }, 'ERR_GRU_TYPE', /SharedArrayBuffer$/],
    [
      { bias_ih_l0: new Float32Array(12), bias_hh_l0: new Float32Array(1) },
      'ERR_GRU_SHAPE',
      /bias_hh_l0/,
    ],
  ])('refuse %p as a whole', (bad, code, message) => {
    const gru = makeGru()
    const before = parameterBits(gru)
    expectGruError(
      () => {
        gru.setParameters(bad as Record<string, Float32Array>)
      },
      code,
      message,
    )
    expect(parameterBits(gru)).toEqual(before)
  })
})
