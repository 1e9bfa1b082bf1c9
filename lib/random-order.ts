/**
 * Random orders from a seed. They are the same on every machine.
 *
 * @module
 */

const WARM_UP = 16

/** Whole numbers of 32 random bits: sfc32 (Chris Doty-Humphrey, PractRand), which uses only 32-bit integers. */
function randomBits(seed: number, stream: number): () => number {
  let a = seed | 0
  let b = Math.floor(seed / 2 ** 32) | 0
  let c = stream | 0
  let counter = 1
  const next = (): number => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  for (let i = 0; i < WARM_UP; i++) next()
  return next
}

/**
 * A whole number from 0 to `bound - 1`, all equally likely: numbers past the last full multiple of `bound` are drawn
 * again.
 */
function uniform(bits: () => number, bound: number): number {
  const limit = 2 ** 32 - (2 ** 32 % bound)
  let value = bits()
  while (value >= limit) value = bits()
  return value % bound
}

/**
 * The numbers from 0 to `count - 1` in a random order (Fisher and Yates).
 *
 * @param count - at most 2^32
 * @param seed - an integer from 0 to 2^53 - 1
 * @param stream - the number of the epoch; it separates orders of the same seed
 */
export function randomOrder(count: number, seed: number, stream: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index)
  const bits = randomBits(seed, stream)
  for (let last = count - 1; last > 0; last--) {
    const other = uniform(bits, last + 1)
    const moved = order[last]!
    order[last] = order[other]!
    order[other] = moved
  }
  return order
}
