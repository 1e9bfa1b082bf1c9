import { expectGruError, expectGruRejection } from './support/errors'
import { input, makeGru, parameterBits } from './support/gru'

describe('calls at once', () => {
  test('of one layer are run one after another, with the parameters of their time', async () => {
    const gru = makeGru()
    const expected = gru.forwardSync(input, { batch: 2 })
    const results = await Promise.all([1, 2, 3, 4].map(() => gru.forward(input, { batch: 2 })))
    for (const result of results) expect(result).toEqual(expected)
  })

  test('of a layer and Sync are refused while a promise is pending', async () => {
    const gru = makeGru()
    const before = parameterBits(gru)
    const promise = gru.forward(input, { batch: 2 })
    expectGruError(() => gru.forwardSync(input, { batch: 2 }), 'ERR_GRU_BUSY', /./)
    expectGruError(() => gru.forwardTrainingSync(input, { batch: 2 }), 'ERR_GRU_BUSY', /./)
    expectGruError(() => gru.getParameters(), 'ERR_GRU_BUSY', /./)
    expectGruError(
      () => {
        gru.setParameters({})
      },
      'ERR_GRU_BUSY',
      /./,
    )
    await promise
    expect(parameterBits(gru)).toEqual(before)
  })
})

describe('an array lost while its promise is pending', () => {
  test('is an error, and the layer goes on', async () => {
    const gru = makeGru()
    const output = new Float32Array(40)
    const promise = gru.forward(input, { batch: 2, output })
    structuredClone(output, { transfer: [output.buffer] })
    await expectGruRejection(promise, 'ERR_GRU_TYPE', /^output: .*detached/)
    expect((await gru.forward(input, { batch: 2 })).output).toHaveLength(40)
  })
})
