import { cells, parameterBits } from './support/cells'
import { expectGruError, expectGruRejection } from './support/errors'
import { input } from './support/gru'

describe.each(cells)('$name', ({ make }) => {
  describe('calls at once', () => {
    test('of one layer are run one after another, with the parameters of their time', async () => {
      const layer = make()
      const expected = layer.forwardSync(input, { batch: 2 })
      const results = await Promise.all([1, 2, 3, 4].map(() => layer.forward(input, { batch: 2 })))
      for (const result of results) expect(result).toEqual(expected)
    })

    test('of a layer and Sync are refused while a promise is pending', async () => {
      const layer = make()
      const before = parameterBits(layer)
      const promise = layer.forward(input, { batch: 2 })
      expectGruError(() => layer.forwardSync(input, { batch: 2 }), 'ERR_GRU_BUSY', /./)
      expectGruError(() => layer.forwardTrainingSync(input, { batch: 2 }), 'ERR_GRU_BUSY', /./)
      expectGruError(() => layer.getParameters(), 'ERR_GRU_BUSY', /./)
      expectGruError(
        () => {
          layer.setParameters({})
        },
        'ERR_GRU_BUSY',
        /./,
      )
      await promise
      expect(parameterBits(layer)).toEqual(before)
    })
  })

  describe('an array lost while its promise is pending', () => {
    test('is an error, and the layer goes on', async () => {
      const layer = make()
      const output = new Float32Array(40)
      const promise = layer.forward(input, { batch: 2, output })
      structuredClone(output, { transfer: [output.buffer] })
      await expectGruRejection(promise, 'ERR_GRU_TYPE', /^output: .*detached/)
      expect((await layer.forward(input, { batch: 2 })).output).toHaveLength(40)
    })
  })
})
