import { type BatchMessage, Trainer, SequenceModel } from '../../lib'
import {
  alone,
  between,
  bitsOfOutput,
  keep,
  makeBatcher,
  recordBatches,
  stepAlone,
  subjects,
} from '../support/batching'
import { randomSource, uniform } from '../support/numbers'
import { seed } from '../support/random'

describe.each(subjects)('$name', ({ create, draw, drawStep }) => {
  test('gives sequences of random lengths the bits that each has alone, in one call', async () => {
    const random = randomSource(seed)
    const model = create(3)
    const batches = recordBatches()
    const batcher = makeBatcher(model)
    const steps: number[] = []
    const inputs = Array.from({ length: 30 }, () => {
      const pair = [between(random, 1, 12), between(random, 1, 12)] as const
      steps.push(...(model instanceof SequenceModel ? [pair[0]] : pair))
      return draw(random, ...pair)
    })
    const expected = inputs.map((input) => alone(model, input))
    const answers = await Promise.all(inputs.map((input) => batcher.predict(input)))
    expect(answers.map(bitsOfOutput)).toEqual(expected)
    expect(batches).toEqual([
      {
        ...{ kind: 'predict', requests: 30, sequences: 30, steps: Math.max(...steps) },
        ...{ waitingTime: expect.any(Number), computingTime: expect.any(Number) },
      } satisfies Record<keyof Omit<BatchMessage, 'error'>, unknown>,
    ])
  })

  test('gives steps of sessions the bits that each has alone, in one call for all', async () => {
    const random = randomSource(seed + 1)
    const model = create(4)
    const batcher = makeBatcher(model)
    const pairs = [1, 3, 1, 2, 5].map((batch) => [
      keep(model.session({ batch })),
      keep(model.session({ batch })),
    ])
    const batches = recordBatches()
    for (let step = 0; step < 6; step++) {
      // Not all sessions take every step.
      const chosen = pairs.filter(() => step === 0 || random() < 0.7)
      const inputs = chosen.map(([session]) => drawStep(random, session!.batch))
      const expected = chosen.map(([, session], i) => stepAlone(session!, inputs[i]!))
      const before = batches.length
      const answers = await Promise.all(
        chosen.map(([session], i) => batcher.step(session!, inputs[i]!)),
      )
      expect(answers.map(bitsOfOutput)).toEqual(expected)
      expect(batches.length - before).toBe(Math.min(chosen.length, 1))
    }
    for (const [session, other] of pairs) {
      expect(session!.getStateSync()).toEqual(other!.getStateSync())
    }
    expect(batches[0]).toMatchObject({ kind: 'step', requests: 5, sequences: 12, steps: 1 })
  })
})

test('the input is copied before the promise is returned', async () => {
  const [plain, , , named] = subjects
  for (const { create, draw, drawStep } of [plain!, named!]) {
    const random = randomSource(5)
    const model = create(1)
    const batcher = makeBatcher(model)
    const session = keep(model.session())
    const input = draw(random, 3, 4)
    const step = drawStep(random, 1)
    const expected = [alone(model, input), stepAlone(keep(model.session()), step)]
    const answers = [batcher.predict(input), batcher.step(session, step)]
    for (const given of [input, step]) {
      for (const array of ArrayBuffer.isView(given) ? [given] : Object.values(given)) array.fill(1)
    }
    expect((await Promise.all(answers)).map(bitsOfOutput)).toEqual(expected)
  }
})

test('predictions between the steps of a trainer are those of the newest parameters', async () => {
  const model = keep(
    new SequenceModel({
      ...{ input: { features: 2 }, gru: { hiddenSize: 4 }, seed: 2 },
      output: { size: 1, loss: 'meanSquaredError', every: 'last' },
    }),
  )
  const trainer = keep(new Trainer(model, { optimizer: { kind: 'sgd', learningRate: 0.5 } }))
  const batcher = makeBatcher(model)
  const random = randomSource(seed + 2)
  const input = uniform(random, 2 * 5)
  const seen = new Set<string>()
  for (let step = 0; step < 5; step++) {
    await trainer.step({ input, target: Float32Array.of(2) })
    const [one, two] = await Promise.all([batcher.predict(input), batcher.predict(input)])
    const expected = alone(model, input)
    expect([one, two].map(bitsOfOutput)).toEqual([expected, expected])
    seen.add(expected.join())
  }
  expect(seen.size).toBe(5)
})
