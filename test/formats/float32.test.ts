import * as fc from 'fast-check'
import { convertToFloat32 } from '../../lib/formats/float32'
import { seed } from '../support/random'

/** All bit patterns of 16 bits. */
const patterns = Uint16Array.from({ length: 2 ** 16 }, (_, i) => i)
const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** The value of a pattern of 16 bits according to IEEE 754, in double. */
function meaningOf(pattern: number, exponentBits: number): number {
  const mantissaBits = 15 - exponentBits
  const sign = pattern >> 15 === 1 ? -1 : 1
  const exponent = (pattern >> mantissaBits) & (2 ** exponentBits - 1)
  const fraction = (pattern & (2 ** mantissaBits - 1)) / 2 ** mantissaBits
  const bias = 2 ** (exponentBits - 1) - 1
  if (exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Infinity : NaN
  return exponent === 0
    ? sign * fraction * 2 ** (1 - bias)
    : sign * (1 + fraction) * 2 ** (exponent - bias)
}

describe.each([
  ['F16', 5],
  ['BF16', 8],
] as const)('%s', (kind, exponentBits) => {
  const converted = new Float32Array(patterns.length)
  const overflow = convertToFloat32(kind, bytesOf(patterns), converted)

  test('is exact for every pattern: subnormal numbers, zeros of both signs, infinities, NaN', () => {
    const expected = Float64Array.from(patterns, (pattern) => meaningOf(pattern, exponentBits))
    const wrong = patterns.filter((pattern) => !Object.is(converted[pattern], expected[pattern]))
    expect([...wrong]).toEqual([])
    expect(overflow).toBe(-1)
  })

  test("keeps a NaN's sign and payload", () => {
    const bits = new Uint32Array(converted.buffer)
    const mantissaBits = 15 - exponentBits
    const nans = patterns.filter((pattern) => Number.isNaN(meaningOf(pattern, exponentBits)))
    expect(nans.length).toBe(2 * (2 ** mantissaBits - 1))
    for (const nan of nans) {
      expect(bits[nan]! >>> 31).toBe(nan >> 15)
      expect(bits[nan]! & 0x7fffff).toBe((nan & (2 ** mantissaBits - 1)) << (23 - mantissaBits))
    }
  })
})

test('is converted from and into the midst of memory', () => {
  const source = Uint16Array.of(0, 0, 0x3c00, 0)
  const target = new Float32Array(3)
  convertToFloat32('F16', bytesOf(source.subarray(2, 3)), target.subarray(1, 2))
  expect([...target]).toEqual([0, 1, 0])
})

describe('F64', () => {
  const LARGEST = (2 - 2 ** -23) * 2 ** 127
  const SMALLEST = 2 ** -149
  /** The first double that is rounded to 2^128 and not to the largest float32, since ties go to even. */
  const BEYOND = (2 - 2 ** -24) * 2 ** 127

  function convert(values: readonly number[]): { values: number[]; overflow: number } {
    const target = new Float32Array(values.length)
    const overflow = convertToFloat32('F64', bytesOf(Float64Array.from(values)), target)
    return { values: [...target], overflow }
  }

  test.each([
    ['zeros', [0, -0], [0, -0]],
    ['infinities and NaN', [Infinity, -Infinity, NaN], [Infinity, -Infinity, NaN]],
    ['ties to even', [1 + 2 ** -24, 1 + 3 * 2 ** -24], [1, 1 + 2 ** -22]],
    ['beside a tie', [1 + 2 ** -24 + 2 ** -52, 1 + 2 ** -24 - 2 ** -52], [1 + 2 ** -23, 1]],
    ['subnormal numbers', [1.5 * SMALLEST, -2.6 * SMALLEST], [2 * SMALLEST, -3 * SMALLEST]],
    ['what is too small', [SMALLEST / 2, -SMALLEST / 4], [0, -0]],
    ['the ends', [LARGEST, -LARGEST, BEYOND * (1 - 2 ** -53)], [LARGEST, -LARGEST, LARGEST]],
  ])('%s are rounded to the nearest float32', (_, values, expected) => {
    expect(convert(values)).toEqual({ values: expected, overflow: -1 })
  })

  test('any number is as near as its neighbours among float32, or nearer', () => {
    fc.assert(
      fc.property(fc.double({ min: -LARGEST, max: LARGEST, noNaN: true }), (value) => {
        const [near = NaN] = convert([value]).values
        const distance = (other: number): number => Math.abs(other - value)
        const bits = new Uint32Array(Float32Array.of(near).buffer)[0]!
        const neighbours = new Float32Array(Uint32Array.of(bits - 1, bits + 1).buffer)
        const nearest = Math.min(...[...neighbours].filter(Number.isFinite).map(distance))
        expect(distance(near)).toBeLessThanOrEqual(nearest)
      }),
      { seed },
    )
  })

  test('the first finite number beyond float32 is told, and infinities are not', () => {
    expect(convert([1, Infinity, NaN, BEYOND, -1e300]).overflow).toBe(3)
    expect(convert([-1e39]).overflow).toBe(0)
  })
})
