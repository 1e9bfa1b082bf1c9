import { addon, codeOf, createGru, createModel, device, gruOptions, wave } from '../support/addon'
import { BEYOND_MEMORY } from '../support/limits'

const gru = createGru()
const specs = gru.parameterSpecs()
const count = gru.parameterCount
const offsets = specs.map(({ offset }) => offset)

/** A parameter's value is its place in the flat vector. */
const places = Float32Array.from({ length: count }, (_, i) => i)

describe('readParameters', () => {
  test('puts each tensor at its place, and zeros in between', async () => {
    gru.writeParametersSync(places)
    const reversed = specs.map(({ offset, count: size }) => count + 2 - offset - size)
    const read = await gru.readParameters('test', count + 3, reversed)
    const expected = new Float32Array(count + 3)
    for (const [i, { offset, count: size }] of specs.entries()) {
      expected.set(places.subarray(offset, offset + size), reversed[i])
    }
    expect(read).toEqual(expected)
  })

  test.each<[string, unknown[], string]>([
    ['no name', [undefined, count, offsets], 'ERR_GRU_TYPE'],
    ['no count', ['test', undefined, offsets], 'ERR_GRU_TYPE'],
    ['a count that is none', ['test', -1, offsets], 'ERR_GRU_VALUE'],
    ['too little room for a tensor', ['test', 1, offsets.map(() => 0)], 'ERR_GRU_VALUE'],
    ['too little room after a place', ['test', count - 1, offsets], 'ERR_GRU_VALUE'],
    ['a place that is none', ['test', count, [-1, ...offsets.slice(1)]], 'ERR_GRU_VALUE'],
    ['a place too few', ['test', count, offsets.slice(1)], 'ERR_GRU_VALUE'],
    ['a place too many', ['test', count, [...offsets, 0]], 'ERR_GRU_VALUE'],
    ['no places', ['test', count, undefined], 'ERR_GRU_TYPE'],
    ['more memory than there is', ['test', 2 ** 47, offsets], BEYOND_MEMORY],
  ])('refuses %s', async (_, given, code) => {
    const read = gru.readParameters.bind(gru) as (...given: unknown[]) => Promise<Float32Array>
    expect(await codeOf(() => read(...given))).toBe(code)
  })

  test('is not affected by a getter that disposes of the layer', async () => {
    const layer = createGru()
    const positions = [...offsets]
    Object.defineProperty(positions, 0, {
      get: () => {
        layer.dispose()
        return 0
      },
    })
    expect(await codeOf(() => layer.readParameters('test', count, positions))).toBe(
      'ERR_GRU_DISPOSED',
    )
  })
})

describe('writeParameters', () => {
  const none = specs.map(() => null)

  test('takes tensors or null', async () => {
    gru.writeParametersSync(places)
    const { offset, count: size } = specs[1]!
    await gru.writeParameters('test', [null, new Float32Array(size).fill(-1), ...none.slice(2)])
    const expected = places.map((value, i) => (i >= offset && i < offset + size ? -1 : value))
    expect(await gru.readParameters('test', count, offsets)).toEqual(expected)
  })

  test.each<[string, unknown[], string]>([
    ['no name', [undefined, none], 'ERR_GRU_TYPE'],
    ['no list', ['test', undefined], 'ERR_GRU_TYPE'],
    ['a tensor too few', ['test', none.slice(1)], 'ERR_GRU_VALUE'],
    ['a tensor too many', ['test', [...none, null]], 'ERR_GRU_VALUE'],
    [
      'a tensor of a wrong length',
      ['test', [new Float32Array(1), ...none.slice(1)]],
      'ERR_GRU_SHAPE',
    ],
    ['a tensor of another type', ['test', [new Int32Array(1), ...none.slice(1)]], 'ERR_GRU_TYPE'],
  ])('refuses %s and changes nothing', async (_, given, code) => {
    gru.writeParametersSync(places)
    const write = gru.writeParameters.bind(gru) as (...given: unknown[]) => Promise<void>
    expect(await codeOf(() => write(...given))).toBe(code)
    expect(await gru.readParameters('test', count, offsets)).toEqual(places)
  })
})

describe('fillParameters', () => {
  test('fills a model in parts, which may change when the call has returned', async () => {
    const model = createModel()
    const values = wave(model.parameterCount)
    const filled: Promise<void>[] = []
    for (let begin = 0; begin < values.length; begin += 7) {
      const part = values.slice(begin, begin + 7)
      filled.push(model.fillParameters('test', begin, part))
      part.fill(NaN)
    }
    await Promise.all(filled)
    const read = new Float32Array(values.length)
    model.readParametersSync(read)
    expect(read).toEqual(values)
  })

  test.each<[string, (count: number) => unknown[], string]>([
    ['no name', () => [undefined, 0, new Float32Array(1)], 'ERR_GRU_TYPE'],
    ['no offset', () => ['test', undefined, new Float32Array(1)], 'ERR_GRU_TYPE'],
    ['an offset past the end', (all) => ['test', all + 1, new Float32Array(0)], 'ERR_GRU_VALUE'],
    ['values past the end', (all) => ['test', all, new Float32Array(1)], 'ERR_GRU_VALUE'],
    ['values of another type', () => ['test', 0, new Float64Array(1)], 'ERR_GRU_TYPE'],
  ])('refuses %s', async (_, given, code) => {
    const model = createModel()
    const fill = model.fillParameters.bind(model) as (...given: unknown[]) => Promise<void>
    expect(await codeOf(() => fill(...given(model.parameterCount)))).toBe(code)
  })
})

test('a model that ends while its parameters are read gives them', async () => {
  const layer = new addon.NativeGru({ ...gruOptions, inputSize: 300, hiddenSize: 300 }, 1, device)
  const all = layer.parameterSpecs()
  const places = all.map(({ offset }) => offset)
  const read = layer.readParameters('test', layer.parameterCount, places)
  layer.dispose()
  const values = await read
  expect(values.some((value) => value !== 0)).toBe(true)
})
