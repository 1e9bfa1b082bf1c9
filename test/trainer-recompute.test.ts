/**
 * The option recomputeActivations: less memory for the same bits. The amount of memory is measured by the native tests.
 */
import * as fc from 'fast-check'
import { Model, type ModelOptions, Trainer, type TrainerOptions } from '../lib'
import { drawEveryLayer, everyLayer, widened } from './support/models'
import { bitsOf, integers, randomSource, uniform } from './support/numbers'
import { seed } from './support/random'
import { batch, bits, make } from './support/trainer'

const adam: TrainerOptions = { optimizer: { kind: 'adam', learningRate: 0.01 }, clipNorm: 0.5 }
const recomputing: TrainerOptions = { ...adam, recomputeActivations: true }

/** A model's trainer that keeps all activations, and one of an equal model that computes them again. */
function pairOf(options: ModelOptions) {
  const made = [adam, recomputing].map((trainerOptions) => {
    const model = new Model(options)
    return { model, trainer: new Trainer(model, trainerOptions) }
  })
  const [keeping, again] = made as [(typeof made)[0], (typeof made)[0]]
  const dispose = (): void => {
    for (const { model, trainer } of made) {
      trainer.dispose()
      model.dispose()
    }
  }
  return { keeping, again, [Symbol.dispose]: dispose }
}

const bitsOfModel = (model: Model): string[] => Object.values(model.getParameters()).map(bitsOf)

const anySize = { steps: fc.integer({ min: 1, max: 9 }), size: fc.integer({ min: 1, max: 6 }) }

test('a model of every type of layer is trained to the same bits', async () => {
  const anyCase = fc.record({ ...anySize, times: fc.constantFrom(1, 2, 5), data: fc.nat() })
  await fc.assert(
    fc.asyncProperty(anyCase, async ({ steps, size, times, data }) => {
      const options = times === 1 ? everyLayer : widened(times)
      using pair = pairOf({ ...options, seed: data })
      const { keeping, again } = pair
      for (let update = 0; update < 3; update++) {
        const batches = [data, data + 1].map((own) => drawEveryLayer(own, steps, size))
        const expected = keeping.trainer.stepSync(batches)
        expect(await again.trainer.step(batches)).toEqual(expected)
        const one = drawEveryLayer(data + 2 + update, steps, size)
        expect(again.trainer.stepSync(one)).toEqual(await keeping.trainer.step(one))
        expect(await again.trainer.evaluate(one)).toEqual(await keeping.trainer.evaluate(one))
      }
      expect(bitsOfModel(again.model)).toEqual(bitsOfModel(keeping.model))
    }),
    { seed, numRuns: 12 },
  )
})

const anyStack = fc.record({
  type: fc.constantFrom('gru', 'lstm'),
  hiddenSize: fc.integer({ min: 1, max: 40 }),
  numLayers: fc.integer({ min: 1, max: 3 }),
  bidirectional: fc.boolean(),
  dropout: fc.constantFrom(0, 0.3),
})

/** A random stack before a head; a layer's dropout needs a second layer. */
function stackModel(stack: {
  readonly type: 'gru' | 'lstm'
  readonly hiddenSize: number
  readonly numLayers: number
  readonly bidirectional: boolean
  readonly dropout: number
}): ModelOptions {
  const dropout = stack.numLayers > 1 ? stack.dropout : 0
  return {
    inputs: { x: { features: 3 } },
    layers: {
      memory: { ...stack, dropout, input: 'x' },
      head: { type: 'linear', input: 'memory', size: 2 },
    },
    outputs: { head: { loss: 'meanSquaredError' } },
    seed: 3,
  }
}

function stackBatch(data: number, steps: number, size: number) {
  const random = randomSource(data)
  const lengths = integers(random, size, steps + 1)
  lengths[0] = steps
  return {
    inputs: { x: uniform(random, steps * size * 3) },
    targets: { head: uniform(random, steps * size * 2) },
    lengths: { x: lengths },
    batch: size,
  }
}

test('random stacks are trained to the same bits, with states that are carried', async () => {
  const anyCase = fc.record({ ...anySize, stack: anyStack, data: fc.nat() })
  await fc.assert(
    fc.asyncProperty(anyCase, async ({ steps, size, stack, data }) => {
      using pair = pairOf(stackModel(stack))
      const { keeping, again } = pair
      const carryState = !stack.bidirectional
      for (let update = 0; update < 4; update++) {
        const one = stackBatch(data + update, steps, size)
        const expected = keeping.trainer.stepSync(one, { carryState })
        expect(await again.trainer.step(one, { carryState })).toEqual(expected)
      }
      expect(bitsOfModel(again.model)).toEqual(bitsOfModel(keeping.model))
    }),
    { seed, numRuns: 30 },
  )
})

/** An update by two passes that are open at the same time, with the gradients of half their squared errors. */
async function updateByPasses(
  { model, trainer }: { readonly model: Model; readonly trainer: Trainer<Model> },
  batches: readonly ReturnType<typeof stackBatch>[],
) {
  const passes = batches.map(({ inputs, lengths, batch: size }) =>
    trainer.forwardSync({ inputs, lengths, batch: size }),
  )
  const evaluated = await trainer.evaluate(batches[0]!)
  for (const [i, pass] of passes.entries()) {
    const { head } = batches[i]!.targets
    await pass.backward({ head: pass.predictions['head']!.map((y, at) => y - head[at]!) })
  }
  return { evaluated, updated: trainer.updateSync(), parameters: bitsOfModel(model) }
}

test('passes that are open at the same time have the same bits', async () => {
  const anyCase = fc.record({ ...anySize, stack: anyStack, data: fc.nat() })
  await fc.assert(
    fc.asyncProperty(anyCase, async ({ steps, size, stack, data }) => {
      using pair = pairOf(stackModel(stack))
      const batches = [data, data + 1].map((own) => stackBatch(own, steps, size))
      const expected = await updateByPasses(pair.keeping, batches)
      expect(await updateByPasses(pair.again, batches)).toEqual(expected)
    }),
    { seed, numRuns: 20 },
  )
})

test('steps after one that was aborted have the same bits', async () => {
  const stack = { hiddenSize: 48, numLayers: 3, dropout: 0.2, bidirectional: true }
  using pair = pairOf(stackModel({ type: 'gru', ...stack }))
  const { keeping, again } = pair
  const one = stackBatch(5, 60, 32)
  for (let round = 0; round < 5; round++) {
    const signal = AbortSignal.timeout(3 * round)
    const outcome = await again.trainer.step({ ...one, signal }).catch((error: unknown) => error)
    // The signal may come too late.
    const isAborted = outcome === signal.reason
    expect(isAborted ? undefined : outcome).toEqual(
      isAborted ? undefined : keeping.trainer.stepSync(one),
    )
    expect(bitsOfModel(again.model)).toEqual(bitsOfModel(keeping.model))
    expect(again.trainer.stepSync(one)).toEqual(keeping.trainer.stepSync(one))
  }
  expect(bitsOfModel(again.model)).toEqual(bitsOfModel(keeping.model))
})

test('a SequenceModel may use it, and a trainer tells it', () => {
  const options = {
    input: { features: 2 },
    gru: { hiddenSize: 8, numLayers: 2, dropout: 0.4 },
    output: { size: 1, loss: 'meanSquaredError', every: 'last' },
    seed: 1,
  } as const
  const [keeping, again] = [make(options, adam), make(options, recomputing)]
  expect(keeping.trainer.options.recomputeActivations).toBe(false)
  expect(again.trainer.options.recomputeActivations).toBe(true)
  for (let update = 0; update < 3; update++) {
    expect(again.trainer.stepSync(batch)).toEqual(keeping.trainer.stepSync(batch))
  }
  expect(bits(again.model)).toEqual(bits(keeping.model))
})
