import { LSTM } from '../lib'
import { cells, parameterBits } from './support/cells'
import { expectGruRejection } from './support/errors'
import { input } from './support/gru'
import { bitsOf } from './support/numbers'
import { adam, batch, bits, make as makeTrained } from './support/trainer'

const bitsByName = (parameters: Record<string, Float32Array>): Record<string, string> =>
  Object.fromEntries(Object.entries(parameters).map(([name, values]) => [name, bitsOf(values)]))

describe.each(cells)('$name', ({ make, gates }) => {
  const call = { batch: 2 }

  test('reads copies of the values that getParameters gives', async () => {
    const layer = make()
    // The initial values are drawn by the call itself.
    const twin = make()
    const read = await layer.readParameters()
    expect(bitsByName(read)).toEqual(bitsByName(twin.getParameters()))
    read['bias_ih_l0']!.fill(9)
    expect(parameterBits(layer)).toEqual(parameterBits(twin))
  })

  test('writes between two calls, exactly in their order', async () => {
    const [layer, before, after] = [make(), make(), make({ seed: 77 })]
    const others = after.getParameters()
    const first = layer.forward(input, call)
    const written = layer.writeParameters(others)
    for (const values of Object.values(others)) values.fill(NaN)
    const [second, read] = [layer.forward(input, call), layer.readParameters()]
    await written
    expect(bitsOf((await first).output)).toBe(bitsOf(before.forwardSync(input, call).output))
    expect(bitsOf((await second).output)).toBe(bitsOf(after.forwardSync(input, call).output))
    expect(bitsByName(await read)).toEqual(bitsByName(after.getParameters()))
  })

  test('keeps the tensors that are not named, also those that were not drawn yet', async () => {
    const [layer, twin] = [make(), make()]
    const bias = new Float32Array(gates * 4).fill(3)
    await layer.writeParameters({ bias_hh_l0: bias })
    const expected = { ...twin.getParameters(), bias_hh_l0: bias }
    expect(bitsByName(await layer.readParameters())).toEqual(bitsByName(expected))
    await layer.writeParameters({})
    expect(bitsByName(layer.getParameters())).toEqual(bitsByName(expected))
  })

  test.each<[string, unknown, string, RegExp]>([
    ['no object', 3, 'ERR_GRU_TYPE', /^parameters: /],
    ['an unknown name', { weight: new Float32Array(1) }, 'ERR_GRU_VALUE', /weight/],
    ['a wrong length', { bias_hh_l0: new Float32Array(1) }, 'ERR_GRU_SHAPE', /bias_hh_l0/],
    ['a wrong type', { bias_hh_l0: [1] }, 'ERR_GRU_TYPE', /bias_hh_l0/],
  ])('refuses %s and changes nothing', async (_, given, code, message) => {
    const layer = make()
    const before = parameterBits(layer)
    const write = layer.writeParameters(given as Record<string, Float32Array>)
    await expectGruRejection(write, code as 'ERR_GRU_TYPE', message)
    expect(parameterBits(layer)).toEqual(before)
  })

  test('rejects after dispose', async () => {
    const layer = make()
    layer.dispose()
    await expectGruRejection(layer.readParameters(), 'ERR_GRU_DISPOSED', /./)
    await expectGruRejection(layer.writeParameters({}), 'ERR_GRU_DISPOSED', /./)
  })
})

test('a pending call of a layer is named after its cell', () => {
  using layer = new LSTM({ inputSize: 2, hiddenSize: 3 })
  const pending = layer.readParameters()
  expect(() => layer.getParameters()).toThrow('got pending lstm.readParameters; await it, or call')
  return pending
})

describe('a model', () => {
  test('reads and writes at its turn between predictions and training steps', async () => {
    const [{ model, trainer }, twin] = [makeTrained(), makeTrained()]
    const head = { 'head.bias': Float32Array.of(5) }
    const call = { batch: 3 }
    const [, read, , earlier, , later] = await Promise.all([
      ...([trainer.step(batch), model.readParameters(), trainer.step(batch)] as const),
      ...([model.predict(batch.input, call), model.writeParameters(head)] as const),
      model.predict(batch.input, call),
    ])
    twin.trainer.stepSync(batch)
    expect(bitsByName(read)).toEqual(bitsByName(twin.model.getParameters()))
    twin.trainer.stepSync(batch)
    expect(bitsOf(earlier)).toBe(bitsOf(twin.model.predictSync(batch.input, call)))
    twin.model.setParameters(head)
    expect(bitsOf(later)).toBe(bitsOf(twin.model.predictSync(batch.input, call)))
    expect(bits(model)).toEqual(bits(twin.model))
  })

  test('finishes what was asked before dispose', async () => {
    const { model } = makeTrained()
    const expected = bitsByName(model.getParameters())
    const read = model.readParameters()
    model.dispose()
    expect(bitsByName(await read)).toEqual(expected)
    await expectGruRejection(model.readParameters(), 'ERR_GRU_DISPOSED', /^model: /)
    await expectGruRejection(model.toBytes(), 'ERR_GRU_DISPOSED', /^model: /)
  })
})

describe('the average of a trainer', () => {
  test('is read at its turn', async () => {
    const options = { ...adam, average: { decay: 0.5 } }
    const [{ trainer }, twin] = [makeTrained(undefined, options), makeTrained(undefined, options)]
    const [, read] = await Promise.all([
      trainer.step(batch),
      trainer.readAverage(),
      trainer.step(batch),
    ])
    twin.trainer.stepSync(batch)
    expect(bitsByName(read)).toEqual(bitsByName(twin.trainer.getAverage()))
  })

  test('that there is not is refused', async () => {
    const { trainer } = makeTrained()
    await expectGruRejection(trainer.readAverage(), 'ERR_GRU_VALUE', /without it$/)
    trainer.dispose()
    await expectGruRejection(trainer.readAverage(), 'ERR_GRU_DISPOSED', /^trainer: /)
  })
})
