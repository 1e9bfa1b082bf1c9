/**
 * Converts floating-point numbers of other widths to float32, from their bytes in files (little-endian, like the
 * machines that this package runs on).
 *
 * @module
 */

/** Fills `target` from as many elements. Their bytes begin at a multiple of their width. */
type Convert = (source: Uint8Array, target: Float32Array) => void

const CONVERSIONS = {
  F16: convertF16,
  BF16: convertBF16,
  F64: convertF64,
} as const satisfies Record<string, Convert>

/** The kinds of numbers that {@link convertToFloat32} converts. */
export type ConvertibleKind = keyof typeof CONVERSIONS

export function isConvertible(kind: string): kind is ConvertibleKind {
  return Object.hasOwn(CONVERSIONS, kind)
}

/**
 * Fills `target` with numbers of another kind. IEEE half precision (F16) and bfloat16 (BF16) are exact: each of their
 * numbers, including subnormal numbers and infinities, is a float32, and a NaN keeps its payload. Doubles (F64) are
 * rounded to the nearest float32, ties to even.
 *
 * @param source - as many elements as `target` has; begins at a multiple of their width
 * @returns the index of the first number that is finite in `source` but not in `target`, or -1
 */
export function convertToFloat32(
  kind: ConvertibleKind,
  source: Uint8Array,
  target: Float32Array,
): number {
  CONVERSIONS[kind](source, target)
  return kind === 'F64' ? firstOverflow(doublesIn(source), target) : -1
}

function shortsIn({ buffer, byteOffset, byteLength }: Uint8Array): Uint16Array {
  return new Uint16Array(buffer, byteOffset, byteLength / Uint16Array.BYTES_PER_ELEMENT)
}

function doublesIn({ buffer, byteOffset, byteLength }: Uint8Array): Float64Array {
  return new Float64Array(buffer, byteOffset, byteLength / Float64Array.BYTES_PER_ELEMENT)
}

function bitsIn({ buffer, byteOffset, length }: Float32Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length)
}

// Float32 has 8 bits of exponent with a bias of 127 and 23 of mantissa, F16 has 5, 15 and 10.
const MANTISSA_SHIFT = 23 - 10
const BIAS_DIFFERENCE = 127 - 15
const SMALLEST_F16 = 2 ** -24

function convertF16(source: Uint8Array, target: Float32Array): void {
  const halves = shortsIn(source)
  const bits = bitsIn(target)
  for (let i = 0; i < target.length; i++) {
    const half = halves[i] as number
    const exponent = (half >> 10) & 0x1f
    const mantissa = half & 0x3ff
    if (exponent === 0) {
      target[i] = (half >= 0x8000 ? -SMALLEST_F16 : SMALLEST_F16) * mantissa
    } else {
      const widened = exponent === 0x1f ? 0xff : exponent + BIAS_DIFFERENCE
      bits[i] = ((half & 0x8000) << 16) | (widened << 23) | (mantissa << MANTISSA_SHIFT)
    }
  }
}

/** A bfloat16 is the upper half of a float32. */
function convertBF16(source: Uint8Array, target: Float32Array): void {
  const halves = shortsIn(source)
  const bits = bitsIn(target)
  for (let i = 0; i < target.length; i++) bits[i] = (halves[i] as number) << 16
}

function convertF64(source: Uint8Array, target: Float32Array): void {
  target.set(doublesIn(source))
}

function firstOverflow(source: Float64Array, target: Float32Array): number {
  return target.findIndex((value, i) => !Number.isFinite(value) && Number.isFinite(source[i]))
}
