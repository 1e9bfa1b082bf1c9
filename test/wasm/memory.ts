import { GRU } from '../../lib'
import { expectGruError, expectGruRejection } from '../support/errors'
import { bitsOf } from '../support/numbers'

// A WebAssembly has at most 4 GiB of memory, and one tensor at most 1 GiB of it.

const input = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i))

/** The bits of a small layer's output. */
function small(): string {
  using layer = new GRU({ inputSize: 3, hiddenSize: 4, seed: 1 })
  return bitsOf(layer.forwardSync(input).output)
}

const expected = small()

test.each([
  ['2 GiB', 2 ** 29],
  ['3 GiB', 3 * 2 ** 28],
  ['4 GiB', 2 ** 30],
  ['4 GiB and 4 bytes', 2 ** 30 + 1],
])('an array of %s gives an error, and the next call works', async (_, count) => {
  using layer = new GRU({ inputSize: 1, hiddenSize: 1 })
  const huge = new Float32Array(count)
  const options = { batch: 1 }
  expectGruError(() => layer.forwardSync(huge, options), 'ERR_GRU_MEMORY', /memory/)
  await expectGruRejection(layer.forward(huge, options), 'ERR_GRU_MEMORY', /memory/)
  expect(small()).toBe(expected)
})

test('layers that fill the memory work to the last one, and give it back', () => {
  // Their weights have 243 MB. A call packs them again.
  const make = () => new GRU({ inputSize: 1, hiddenSize: 4500, seed: 1 })
  const call = (layer: GRU) => bitsOf(layer.forwardSync(Float32Array.of(1)).output)
  const first = make()
  const output = call(first)
  for (let round = 0; round < 2; round++) {
    const layers: GRU[] = []
    const fill = () => {
      for (;;) {
        layers.push(make())
        expect(call(layers.at(-1)!)).toBe(output)
      }
    }
    expectGruError(fill, 'ERR_GRU_MEMORY', /bytes|floats|memory/)
    expect(layers.length).toBeGreaterThan(5)
    expect(small()).toBe(expected)
    for (const layer of layers) layer.dispose()
  }
  expect(call(first)).toBe(output)
  first.dispose()
})
