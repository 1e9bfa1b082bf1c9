import type { LstmOptions } from '../lib'
import { cells } from './support/cells'
import { input } from './support/gru'
import { bitsOf } from './support/numbers'

describe.each(cells)('$name', ({ make }) => {
  describe('dropout', () => {
    const dropping: Partial<LstmOptions> = { numLayers: 2, dropout: 0.5, hiddenSize: 32 }

    test('acts in training alone', () => {
      const layer = make(dropping)
      const plain = make({ ...dropping, dropout: 0 })
      const expected = plain.forwardSync(input, { batch: 2 }).output
      expect(layer.forwardSync(input, { batch: 2 }).output).toEqual(expected)
      expect(layer.forwardTrainingSync(input, { batch: 2 }).output).not.toEqual(expected)
    })

    test('draws other masks in each pass, the same from the same seed', () => {
      const run = (): string[] => {
        const layer = make(dropping)
        return [1, 2].map(() => bitsOf(layer.forwardTrainingSync(input, { batch: 2 }).output))
      }
      const [first, second] = run()
      expect(first).not.toBe(second)
      expect(run()).toEqual([first, second])
    })

    test('draws the same masks with batchFirst', () => {
      const timeMajor = make(dropping).forwardTrainingSync(input.subarray(0, 15))
      const batchFirst = make({ ...dropping, batchFirst: true })
      expect(batchFirst.forwardTrainingSync(input.subarray(0, 15)).output).toEqual(timeMajor.output)
    })
  })
})
