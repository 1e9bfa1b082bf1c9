import { createHash } from 'node:crypto'

/** Drawing, comparing and rearranging numbers in tests. */
type Numbers = ArrayLike<number>

/** A source of numbers from a seed (mulberry32), only for test data. */
export function randomSource(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Numbers from -scale to scale. */
export function uniform(random: () => number, count: number, scale = 1): Float32Array {
  return Float32Array.from({ length: count }, () => (2 * random() - 1) * scale)
}

/** The values, of which a random third is missing: NaN. */
export function withMissing(random: () => number, values: Float32Array): Float32Array {
  return values.map((value) => (random() < 1 / 3 ? NaN : value))
}

/** Integers from 0 to `bound - 1`. */
export function integers(random: () => number, count: number, bound: number): Int32Array {
  return Int32Array.from({ length: count }, () => Math.floor(random() * bound))
}

export function largestMagnitude(values: Numbers): number {
  let largest = 0
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]!))
  return largest
}

/** The largest difference between two arrays of the same length; NaN if either has a NaN. */
export function largestDifference(a: Numbers, b: Numbers): number {
  if (a.length !== b.length) throw new Error(`lengths differ: ${a.length} and ${b.length}`)
  let largest = 0
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!)
    if (!(difference <= largest)) largest = difference
  }
  return largest
}

/** [a, b, width] as [b, a, width]. */
export function swapAxes<T extends Float32Array | Float64Array | Int32Array>(
  values: T,
  a: number,
  b: number,
): T {
  const swapped = values.slice() as T
  const width = values.length / (a * b)
  for (let i = 0; i < a; i++) {
    for (let j = 0; j < b; j++) {
      const row = values.subarray((i * b + j) * width, (i * b + j + 1) * width)
      swapped.set(row, (j * a + i) * width)
    }
  }
  return swapped
}

/** The first `length` steps of one sequence of a batch [steps, batch, width], or [batch, steps, width] with batchFirst. */
export function sequenceOf<T extends Float32Array | Int32Array>(
  values: T,
  { steps, batch, batchFirst = false }: { steps: number; batch: number; batchFirst?: boolean },
  index: number,
  length = steps,
): T {
  const ordered = batchFirst ? values : swapAxes(values, steps, batch)
  const width = values.length / (steps * batch)
  const first = index * steps * width
  return ordered.slice(first, first + length * width) as T
}

/** A digest of an array's bytes, for comparisons to the bit (in which NaN equals NaN, and -0 is not 0). */
export function bitsOf(values: Float32Array): string {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  return createHash('sha256').update(bytes).digest('hex')
}

/** Those of some named errors that exceed a bound or are NaN: `{}` if there are none. */
export function beyond(
  bound: number,
  errors: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(Object.entries(errors).filter(([, error]) => !(error <= bound)))
}
