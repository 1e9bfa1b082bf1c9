import type { GruOptions } from '../lib'
import { input, makeGru } from './support/gru'
import { bitsOf } from './support/numbers'

describe('dropout', () => {
  const dropping: Partial<GruOptions> = { numLayers: 2, dropout: 0.5, hiddenSize: 32 }

  test('acts in training alone', () => {
    const gru = makeGru(dropping)
    const plain = makeGru({ ...dropping, dropout: 0 })
    const expected = plain.forwardSync(input, { batch: 2 }).output
    expect(gru.forwardSync(input, { batch: 2 }).output).toEqual(expected)
    expect(gru.forwardTrainingSync(input, { batch: 2 }).output).not.toEqual(expected)
  })

  test('draws other masks in each pass, the same from the same seed', () => {
    const run = (): string[] => {
      const gru = makeGru(dropping)
      return [1, 2].map(() => bitsOf(gru.forwardTrainingSync(input, { batch: 2 }).output))
    }
    const [first, second] = run()
    expect(first).not.toBe(second)
    expect(run()).toEqual([first, second])
  })

  test('draws the same masks with batchFirst', () => {
    const timeMajor = makeGru(dropping).forwardTrainingSync(input.subarray(0, 15))
    const batchFirst = makeGru({ ...dropping, batchFirst: true })
    expect(batchFirst.forwardTrainingSync(input.subarray(0, 15)).output).toEqual(timeMajor.output)
  })
})
