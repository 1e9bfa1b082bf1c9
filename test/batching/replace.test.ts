import { type BatchableModel, type ModelOptions, Model, SequenceModel } from '../../lib'
import {
  alone,
  bitsOfOutput,
  keep,
  makeBatcher,
  named,
  nextTurn,
  plain,
  recordBatches,
  stepAlone,
} from '../support/batching'
import { expectGruRejection } from '../support/errors'
import { randomSource, uniform } from '../support/numbers'

const random = randomSource(11)

test.each([plain, named])(
  'replace under load fails no request of $name',
  async ({ create, draw }) => {
    const input = draw(random, 3, 2)
    const models = Array.from({ length: 21 }, (_, seed) => create(seed + 1))
    const expected = models.map((model) => alone(model, input).join())
    expect(new Set(expected).size).toBe(21)
    const batcher = makeBatcher(models[0]!, { maxBatch: 4 })
    let replaced = 0
    let isDone = false
    let answered = 0
    const caller = async (): Promise<void> => {
      while (!isDone) {
        const current = replaced
        expect(bitsOfOutput(await batcher.predict(input)).join()).toBe(expected[current])
        answered++
      }
    }
    const callers = Array.from({ length: 10 }, caller)
    for (const model of models.slice(1)) {
      await nextTurn()
      const done = batcher.replace(model)
      replaced++
      await done
      // Nothing needs the one before.
      models[replaced - 1]!.dispose()
    }
    await nextTurn()
    isDone = true
    await Promise.all(callers)
    expect(answered).toBeGreaterThanOrEqual(21)
    expect(batcher.statistics).toMatchObject({ completed: answered, failed: 0, refused: 0 })
  },
)

test('requests that wait get the old model, later ones the new one', async () => {
  const batches = recordBatches()
  const [old, next] = [1, 2].map((seed) => plain.create(seed))
  const batcher = makeBatcher(old!)
  const input = plain.draw(random, 3, 3)
  const before = batcher.predict(input)
  const replaced = batcher.replace(next!)
  const after = batcher.predict(input)
  expect(bitsOfOutput(await before)).toEqual(alone(old!, input))
  await replaced
  expect(bitsOfOutput(await after)).toEqual(alone(next!, input))
  // Two models cannot share a batch.
  expect(batches.map(({ requests }) => requests)).toEqual([1, 1])
})

test('sessions of the old model go on, beside those of the new one', async () => {
  const [old, next] = [1, 2].map((seed) => plain.create(seed))
  const batcher = makeBatcher(old!)
  const [session, other, reference] = [old, next, old].map((model) => keep(model!.session()))
  await expectGruRejection(
    batcher.step(other!, plain.drawStep(random, 1)),
    'ERR_GRU_VALUE',
    /^session: /,
  )
  await batcher.replace(next!)
  for (let step = 0; step < 4; step++) {
    const input = plain.drawStep(random, 1)
    const [answer] = await Promise.all([batcher.step(session!, input), batcher.step(other!, input)])
    expect(bitsOfOutput(answer)).toEqual(stepAlone(reference!, input))
  }
  // A session goes on with the new model from the old one's state.
  const moved = keep(next!.session())
  moved.setStateSync(session!.getStateSync())
  const input = plain.drawStep(random, 1)
  const expected = stepAlone(keep(moved.forkSync()), input)
  expect(bitsOfOutput(await batcher.step(moved, input))).toEqual(expected)
})

test('replace does not wait for steps that were requested after it', async () => {
  const [old, next] = [1, 2].map((seed) => plain.create(seed))
  const batcher = makeBatcher(old!)
  const session = keep(old!.session())
  const input = plain.drawStep(random, 1)
  let isLoaded = true
  const steps = [batcher.step(session, input)]
  const load = async (): Promise<void> => {
    // There is never a moment without a step that waits.
    for (let i = 0; i < 500 && isLoaded; i++) {
      steps.push(batcher.step(session, input))
      await steps[i]
    }
  }
  const loaded = load()
  await batcher.replace(next!)
  isLoaded = false
  await loaded
  expect(steps.length).toBeLessThan(400)
  await Promise.all(steps)
})

test('replace ends when the requests that it waits for are aborted', async () => {
  const [old, next] = [1, 2].map((seed) => plain.create(seed))
  const batcher = makeBatcher(old!, { maxDelay: 2 ** 31 - 1 })
  const controller = new AbortController()
  const request = batcher.predict(plain.draw(random, 1, 1), { signal: controller.signal })
  const replaced = batcher.replace(next!)
  controller.abort('enough')
  await expect(request).rejects.toBe('enough')
  await replaced
})

/** Two inputs, which a layer joins. */
const mixed = {
  inputs: { a: { features: 2 }, b: { features: 2 } },
  layers: {
    both: { type: 'concat', inputs: ['a', 'b'] },
    first: { type: 'linear', input: 'both', size: 1 },
    second: { type: 'linear', input: 'both', size: 1 },
  },
  outputs: { first: { loss: 'meanSquaredError' }, second: { loss: 'meanSquaredError' } },
} as const satisfies ModelOptions

const sequenceModel = {
  ...{ input: { features: 3 }, gru: { hiddenSize: 5 } },
  output: { size: 4, loss: 'meanSquaredError' },
} as const

/** The same, whose inputs no layer joins. */
const apart = {
  ...mixed,
  layers: {
    first: { type: 'linear', input: 'a', size: 1 },
    second: { type: 'linear', input: 'b', size: 1 },
  },
} as const satisfies ModelOptions

test('the order of inputs and outputs makes no difference', async () => {
  const { inputs, layers, outputs } = mixed
  const reversed = <T>(values: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(values).reverse())
  const old = keep(new Model({ ...mixed, seed: 1 }))
  const next = keep(
    new Model({ inputs: reversed(inputs), layers, outputs: reversed(outputs), seed: 2 }),
  )
  const input = { a: uniform(random, 6), b: uniform(random, 6) }
  const batcher = makeBatcher(old)
  const before = batcher.predict(input)
  await batcher.replace(next)
  const after = batcher.predict(input)
  expect(await before).toEqual(old.predictSync(input))
  expect(await after).toEqual(next.predictSync(input))
})

test.each<[string, () => BatchableModel, () => unknown, string]>([
  [
    'another size of the input',
    () => new SequenceModel(sequenceModel),
    () => new SequenceModel({ ...sequenceModel, input: { features: 2 } }),
    'the form of the old one, input (3 features), output (4 for each step of input), got input (2 features), output (4 for each step of input)',
  ],
  [
    'predictions of the whole',
    () => new SequenceModel(sequenceModel),
    () =>
      new SequenceModel({ ...sequenceModel, output: { ...sequenceModel.output, every: 'last' } }),
    'the form of the old one, input (3 features), output (4 for each step of input), got input (3 features), output (4 for each sequence of input)',
  ],
  [
    'another class',
    () => plain.create(1),
    () => named.create(1),
    'the form of the old one, input (3 features), output (4 for each step of input), got inputs.kind (5 tokens), inputs.side (3 features), inputs.weather (2 features with the steps of inputs.side), outputs.level (2 for each step of inputs.kind), outputs.season (3 for each sequence of inputs.side)',
  ],
  [
    'inputs that it joins',
    () => new Model(apart),
    () => new Model(mixed),
    'the form of the old one, inputs.a (2 features), inputs.b (2 features), outputs.first (1 for each step of inputs.a), outputs.second (1 for each step of inputs.b), got inputs.a (2 features), inputs.b (2 features with the steps of inputs.a), outputs.first (1 for each step of inputs.a), outputs.second (1 for each step of inputs.a)',
  ],
  ['no model', () => plain.create(1), () => ({}), 'a SequenceModel or a Model, got an object'],
])('replace refuses a model with %s', async (_, create, createOther, message) => {
  const model = keep(create())
  const other = createOther()
  if (other instanceof Model || other instanceof SequenceModel) keep(other)
  const batcher = makeBatcher(model)
  const code = message.startsWith('the form') ? 'ERR_GRU_VALUE' : 'ERR_GRU_TYPE'
  await expectGruRejection(batcher.replace(other as never), code, `model: expected ${message}`)
  // A model with another number of units fits.
  if (model instanceof SequenceModel) {
    await batcher.replace(keep(new SequenceModel({ ...sequenceModel, gru: { hiddenSize: 9 } })))
  }
})
