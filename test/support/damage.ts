import * as fc from 'fast-check'

type Damage = (bytes: Buffer) => Buffer

/** A place in bytes, as a fraction of their length. */
const place = fc.integer({ min: 0, max: 2 ** 20 - 1 }).map((part) => part / 2 ** 20)
const at = (bytes: Buffer, fraction: number): number => Math.floor(fraction * bytes.length)

const flip: fc.Arbitrary<Damage> = fc
  .tuple(place, fc.integer({ min: 1, max: 255 }))
  .map(([where, bits]) => (bytes) => {
    const flipped = Buffer.from(bytes)
    if (bytes.length > 0) flipped[at(bytes, where)]! ^= bits
    return flipped
  })

/** A part once more: in place of as many other bytes, or between them. */
const repeat: fc.Arbitrary<Damage> = fc
  .tuple(place, fc.integer({ min: 0, max: 40 }), place, fc.boolean())
  .map(([from, count, to, isInPlace]) => (bytes) => {
    const part = bytes.subarray(at(bytes, from), at(bytes, from) + count)
    const target = at(bytes, to)
    const rest = bytes.subarray(isInPlace ? target + part.length : target)
    return Buffer.concat([bytes.subarray(0, target), part, rest])
  })

const remove: fc.Arbitrary<Damage> = fc
  .tuple(place, fc.integer({ min: 1, max: 40 }))
  .map(([from, count]) => (bytes) => {
    const start = at(bytes, from)
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + count)])
  })

const cut: fc.Arbitrary<Damage> = place.map((end) => (bytes) => bytes.subarray(0, at(bytes, end)))

/** One of these files with some damage: cut, with other bits, with a part twice or without one. */
export function damaged(files: readonly Buffer[]): fc.Arbitrary<Buffer> {
  // Most of the others change the length of a part, which is noticed at once.
  const damage = fc.oneof({ arbitrary: flip, weight: 6 }, repeat, remove, cut)
  const damages = fc.array(damage, { minLength: 1, maxLength: 3 })
  return fc
    .tuple(fc.constantFrom(...files), damages)
    .map(([file, each]) => each.reduce((bytes, change) => change(bytes), file))
}
