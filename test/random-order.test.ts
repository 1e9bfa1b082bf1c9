import { randomOrder } from '../lib/random-order'

/**
 * The generator again, in whole numbers of 64 bits: sfc32 as PractRand defines it, with the same seeding as the orders.
 * It gives numbers from 0 to 2^32 - 1.
 */
function* sfc32(seed: bigint, stream: bigint): Generator<bigint, never> {
  const mask = 0xffffffffn
  let [a, b, c, counter] = [seed & mask, (seed >> 32n) & mask, stream & mask, 1n]
  for (let drawn = 0; ; drawn++) {
    const sum = (a + b + counter++) & mask
    a = b ^ (b >> 9n)
    b = (c + (c << 3n)) & mask
    c = ((((c << 21n) | (c >> 11n)) & mask) + sum) & mask
    // The first sixteen numbers only mix the seed.
    if (drawn >= 16) yield sum
  }
}

/** Fisher and Yates. Each number is drawn from the largest range below 2^32 in which all results are equally likely. */
function expectedOrder(count: number, seed: number, stream: number): [number[], number] {
  const bits = sfc32(BigInt(seed), BigInt(stream))
  const order = Array.from({ length: count }, (_, i) => i)
  let rejected = 0
  for (let last = count - 1; last > 0; last--) {
    const bound = BigInt(last + 1)
    const fair = (2n ** 32n / bound) * bound
    let value = bits.next().value
    for (; value >= fair; value = bits.next().value) rejected++
    const other = Number(value % bound)
    ;[order[last], order[other]] = [order[other]!, order[last]!]
  }
  return [order, rejected]
}

describe('a random order', () => {
  test.each([
    [1, 0, 0],
    [2, 5, 1],
    [1000, 2 ** 53 - 1, 3],
  ])('of %d is the one that its seed and stream define', (count, seed, stream) => {
    expect(Array.from(randomOrder(count, seed, stream))).toEqual(
      expectedOrder(count, seed, stream)[0],
    )
  })

  test('draws again what would make some places likelier than others', () => {
    // Of 2^32 numbers only those past the last full multiple of the bound are rejected: about five for an order of this
    // length. Without the rejection the order would differ from there on.
    const [order, rejected] = expectedOrder(300_000, 7, 1)
    expect(rejected).toBeGreaterThan(0)
    const got = randomOrder(300_000, 7, 1)
    expect(got.every((value, i) => value === order[i])).toBe(true)
  })
})
