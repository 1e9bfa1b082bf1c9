import { expectGruError, expectGruRejection } from './support/errors'
import { input, makeGru } from './support/gru'

describe('dispose', () => {
  test('may be called again, and ends everything else', async () => {
    const gru = makeGru()
    gru.dispose()
    gru.dispose()
    gru[Symbol.dispose]()
    expectGruError(() => gru.forwardSync(input, { batch: 2 }), 'ERR_GRU_DISPOSED', /./)
    expectGruError(() => gru.forwardTrainingSync(input), 'ERR_GRU_DISPOSED', /./)
    expectGruError(() => gru.getParameters(), 'ERR_GRU_DISPOSED', /./)
    expectGruError(
      () => {
        gru.setParameters({})
      },
      'ERR_GRU_DISPOSED',
      /./,
    )
    await expectGruRejection(gru.forward(input), 'ERR_GRU_DISPOSED', /./)
    await expectGruRejection(gru.forwardTraining(input), 'ERR_GRU_DISPOSED', /./)
    expect(gru.options.hiddenSize).toBe(4)
  })

  test('lets pending calls finish', async () => {
    const gru = makeGru()
    const expected = gru.forwardSync(input, { batch: 2 })
    const promise = gru.forward(input, { batch: 2 })
    gru.dispose()
    expect(await promise).toEqual(expected)
  })
})
