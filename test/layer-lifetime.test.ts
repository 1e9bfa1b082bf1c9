import { cells } from './support/cells'
import { expectGruError, expectGruRejection } from './support/errors'
import { input } from './support/gru'

describe.each(cells)('$name', ({ make }) => {
  describe('dispose', () => {
    test('may be called again, and ends everything else', async () => {
      const layer = make()
      layer.dispose()
      layer.dispose()
      layer[Symbol.dispose]()
      expectGruError(() => layer.forwardSync(input, { batch: 2 }), 'ERR_GRU_DISPOSED', /./)
      expectGruError(() => layer.forwardTrainingSync(input), 'ERR_GRU_DISPOSED', /./)
      expectGruError(() => layer.getParameters(), 'ERR_GRU_DISPOSED', /./)
      expectGruError(
        () => {
          layer.setParameters({})
        },
        'ERR_GRU_DISPOSED',
        /./,
      )
      await expectGruRejection(layer.forward(input), 'ERR_GRU_DISPOSED', /./)
      await expectGruRejection(layer.forwardTraining(input), 'ERR_GRU_DISPOSED', /./)
      expect(layer.options.hiddenSize).toBe(4)
    })

    test('lets pending calls finish', async () => {
      const layer = make()
      const expected = layer.forwardSync(input, { batch: 2 })
      const promise = layer.forward(input, { batch: 2 })
      layer.dispose()
      expect(await promise).toEqual(expected)
    })
  })
})
