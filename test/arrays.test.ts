import { checkDistinct, newFloat32Array, resultArray } from '../lib/arrays'
import { expectGruError } from './support/errors'

describe('a result', () => {
  test('goes to the array given, where it has the right length', () => {
    const given = new Float32Array(6)
    expect(resultArray('output', given, 'steps*batch', 6)).toBe(given)
    const message = 'output: expected steps*batch = 7 values, got 6 values'
    expectGruError(() => resultArray('output', given, 'steps*batch', 7), 'ERR_GRU_SHAPE', message)
  })

  test('else to a new array of zeros', () => {
    expect(resultArray('output', undefined, 'steps*batch', 3)).toEqual(new Float32Array(3))
  })
})

describe('a new array', () => {
  test('that is longer than any can be is refused before it is asked for', () => {
    const message = /^output: expected steps\*batch = at most \d+ values, got 1152921504606847000$/
    expectGruError(
      () => newFloat32Array('output', 'steps*batch', 2 ** 60),
      'ERR_GRU_VALUE',
      message,
    )
  })

  test('that has no room is an error of the package, with the cause', () => {
    const cause = new RangeError('Array buffer allocation failed')
    const constructor = jest.spyOn(globalThis, 'Float32Array').mockImplementation(() => {
      throw cause
    })
    try {
      const message = 'output: no memory for steps*batch = 12 values'
      expectGruError(() => newFloat32Array('output', 'steps*batch', 12), 'ERR_GRU_MEMORY', message)
      expect(constructor).toHaveBeenCalledWith(12)
    } finally {
      constructor.mockRestore()
    }
  })
})

describe('arrays of one memory', () => {
  const memory = new Float32Array(10)
  const view = (from: number, to: number): Float32Array => memory.subarray(from, to)

  test.each([
    [0, 4, 3, 7],
    [3, 7, 0, 4],
    [0, 10, 4, 5],
    [4, 5, 0, 10],
    [2, 3, 2, 3],
  ])('overlap: [%d, %d) and [%d, %d)', (from, to, otherFrom, otherTo) => {
    const call = (): void => {
      checkDistinct('state', view(from, to), 'output', view(otherFrom, otherTo))
    }
    const message = "state: expected memory apart from output's, got an overlap"
    expectGruError(call, 'ERR_GRU_VALUE', message)
  })

  test.each([
    [0, 4, 4, 7],
    [4, 7, 0, 4],
  ])('lie apart: [%d, %d) and [%d, %d)', (from, to, otherFrom, otherTo) => {
    expect(() => {
      checkDistinct('state', view(from, to), 'output', view(otherFrom, otherTo))
      checkDistinct('state', view(from, to), 'output', null)
      checkDistinct('state', view(from, to), 'output', new Float32Array(10))
    }).not.toThrow()
  })
})
