import {
  alone,
  between,
  bitsOfOutput,
  keep,
  makeBatcher,
  named,
  nextTurn,
  plain,
  recordBatches,
  stepAlone,
  type Subject,
} from '../support/batching'
import { randomSource } from '../support/numbers'
import { seed } from '../support/random'

describe.each<Subject>([plain, named])('$name', ({ create, draw, drawStep }) => {
  test('steps of one session that are given at once are computed in their order', async () => {
    const random = randomSource(seed)
    const model = create(1)
    const batcher = makeBatcher(model)
    const batches = recordBatches()
    const session = keep(model.session({ batch: 2 }))
    const other = keep(model.session({ batch: 2 }))
    const inputs = Array.from({ length: 9 }, () => drawStep(random, 2))
    const expected = inputs.map((input) => stepAlone(other, input))
    const answers = await Promise.all(inputs.map((input) => batcher.step(session, input)))
    expect(answers.map(bitsOfOutput)).toEqual(expected)
    expect(batches.map(({ requests }) => requests)).toEqual(new Array(9).fill(1))
    expect(session.getStateSync()).toEqual(other.getStateSync())
  })

  test('a random mix of steps and predictions has the bits of calls one by one', async () => {
    const random = randomSource(seed + 1)
    const model = create(2)
    const batcher = makeBatcher(model, { maxBatch: 7 })
    const batches = recordBatches()
    const pairs = [1, 2, 9].map((batch) => [
      keep(model.session({ batch })),
      keep(model.session({ batch })),
    ])
    const expected: string[][] = []
    const draws = Array.from({ length: 120 }, () => {
      const pair = pairs[between(random, 0, 5)]
      if (pair === undefined) {
        const input = draw(random, between(random, 1, 5), between(random, 1, 5))
        expected.push(alone(model, input))
        return () => batcher.predict(input)
      }
      const input = drawStep(random, pair[0]!.batch)
      expected.push(stepAlone(pair[1]!, input))
      return () => batcher.step(pair[0]!, input)
    })
    const answers = []
    for (const make of draws) {
      answers.push(make())
      if (random() < 0.1) await nextTurn()
    }
    expect((await Promise.all(answers)).map(bitsOfOutput)).toEqual(expected)
    expect(batches.length).toBeLessThan(120)
    expect(batches.reduce((sum, { requests }) => sum + requests, 0)).toBe(120)
    for (const [session, other] of pairs) {
      expect(session!.getStateSync()).toEqual(other!.getStateSync())
    }
  })
})
