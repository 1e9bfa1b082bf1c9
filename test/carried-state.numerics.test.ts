import * as path from 'node:path'
import { Model, type ModelOptions, type ModelTrainingBatch, setThreads, Trainer } from '../lib'
import { requireChosenEngine } from './support/engine-choice'
import { beyond, bitsOf, largestDifference, randomSource } from './support/numbers'
import { seed } from './support/random'
import { readWhole } from './support/safetensors'
import { temporaryFolder } from './support/temporary-folder'

requireChosenEngine()

// As of golden.numerics.test.ts.
const FORWARD = 2e-6
const TRAINING = 1e-5

const inFolder = temporaryFolder()

interface Case {
  readonly graph: Pick<ModelOptions, 'inputs' | 'layers'>
  readonly batch: number
  readonly hyper: { readonly learningRate: number; readonly momentum: number }
  readonly clipNorm: number
  readonly chunks: readonly (readonly [number, number])[]
  readonly losses: number[]
  readonly gradNorms: number[]
}

async function readCarried() {
  const file = path.join(__dirname, 'golden-graph', 'graph_carried.safetensors')
  const { metadata, tensors } = await readWhole(file)
  const { graph, ...golden } = JSON.parse(metadata['case']!) as Case
  const begun = (prefix: string): [string, Float32Array][] =>
    [...tensors]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, { data }]) => [name.slice(prefix.length), data as Float32Array])
  const model = (): Model => {
    const { inputs, layers } = graph
    const made = new Model({ inputs, layers, outputs: { head: { loss: 'crossEntropy' } } })
    made.setParameters(Object.fromEntries(begun('init.')))
    return made
  }
  const tokens = (name: string): Int32Array =>
    Int32Array.from(tensors.get(name)!.data as Float32Array)
  return { golden, model, begun, x: tokens('input.x'), head: tokens('target.head') }
}

/** The carried states of a trainer's one batch, as a file of it has them. */
async function carriedStates(trainer: Trainer<Model>): Promise<Record<string, Float32Array>> {
  const file = inFolder('trainer.safetensors')
  await trainer.save(file)
  const prefix = 'gru-native.carried.0.'
  const { tensors } = await readWhole(file)
  return Object.fromEntries(
    [...tensors]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, { data }]) => [name.slice(prefix.length), data as Float32Array]),
  )
}

test('the predictions of the first chunk', async () => {
  const { golden, model, begun, x } = await readCarried()
  const { batch, chunks } = golden
  using untrained = model()
  const predicted = untrained.predictSync({ x: x.slice(0, chunks[0]![1] * batch) }, { batch })
  const [[name, expected]] = begun('output.') as [[string, Float32Array]]
  expect(Object.keys(predicted)).toEqual([name])
  expect(largestDifference(predicted[name]!, expected)).toBeLessThan(FORWARD)
})

test('training that carries its states from chunk to chunk', async () => {
  const { golden, model, begun, x, head } = await readCarried()
  const { batch, chunks, clipNorm, hyper } = golden
  const expected = new Map(begun('final.'))
  const finalStates = new Map(begun('state.'))
  const bits = []
  for (const threads of [1, 2, 3]) {
    setThreads(threads)
    using trained = model()
    using trainer = new Trainer(trained, { optimizer: { kind: 'sgd', ...hyper }, clipNorm })
    const errors: Record<string, number> = {}
    for (const [update, loss] of golden.losses.entries()) {
      const chunk = update % chunks.length
      const [from, to] = chunks[chunk]!
      if (chunk === 0) trainer.resetState()
      const result = await trainer.step(
        {
          inputs: { x: x.slice(from * batch, to * batch) },
          targets: { head: head.slice(from * batch, to * batch) },
          batch,
        },
        { carryState: true },
      )
      const gradNorm = golden.gradNorms[update]!
      errors[`loss ${update}`] = Math.abs(result.loss - loss) / Math.abs(loss)
      errors[`gradNorm ${update}`] = Math.abs(result.gradNorm - gradNorm) / gradNorm
    }
    const parameters = Object.entries(trained.getParameters())
    for (const [name, values] of parameters) {
      errors[name] = largestDifference(values, expected.get(name)!)
    }
    const { 'memory.state': state, ...others } = await carriedStates(trainer)
    expect(others).toEqual({})
    errors['state'] = largestDifference(state!, finalStates.get('memory')!)
    expect(beyond(TRAINING, errors)).toEqual({})
    bits.push(parameters.map(([, values]) => bitsOf(values)))
  }
  expect(bits[1]).toEqual(bits[0])
  expect(bits[2]).toEqual(bits[0])
})

test('fit in chunks', async () => {
  const { golden, model, begun, x, head } = await readCarried()
  const { batch, clipNorm, hyper, losses, gradNorms } = golden
  using trained = model()
  using trainer = new Trainer(trained, { optimizer: { kind: 'sgd', ...hyper }, clipNorm })
  const data = [{ inputs: { x }, targets: { head }, batch }]
  const errors: Record<string, number> = {}
  let updates = 0
  for await (const { update, loss, gradNorm } of trainer.fit(data, { epochs: 2, chunkSteps: 5 })) {
    const [expectedLoss, expectedNorm] = [losses[update - 1]!, gradNorms[update - 1]!]
    errors[`loss ${update}`] = Math.abs(loss - expectedLoss) / Math.abs(expectedLoss)
    errors[`gradNorm ${update}`] = Math.abs(gradNorm - expectedNorm) / expectedNorm
    updates = update
  }
  expect(updates).toBe(losses.length)
  const parameters = trained.getParameters()
  for (const [name, values] of begun('final.')) {
    errors[name] = largestDifference(values, parameters[name]!)
  }
  expect(beyond(TRAINING, errors)).toEqual({})
})

test('chunks are predicted, and evaluated, as the whole sequence is', async () => {
  const { golden, model, x, head } = await readCarried()
  const { batch, chunks } = golden
  using one = model()
  using trainer = new Trainer(one, { optimizer: { kind: 'sgd', learningRate: 1 } })
  const whole = one.predictSync({ x }, { batch })
  const states = one.zeroStates(batch)
  const parts: number[] = []
  let loss = 0
  for (const [from, to] of chunks) {
    const inputs = { x: x.slice(from * batch, to * batch) }
    const targets = { head: head.slice(from * batch, to * batch) }
    const options = { batch, initialStates: states, states }
    parts.push(...(await one.predict(inputs, options))['head']!)
    const evaluated = await trainer.evaluate({ inputs, targets, batch }, { carryState: true })
    loss += (evaluated.loss * (to - from)) / 20
  }
  expect(bitsOf(Float32Array.from(parts))).toBe(bitsOf(whole['head']!))
  const evaluated = await trainer.evaluate({ inputs: { x }, targets: { head }, batch })
  expect(Math.abs(loss - evaluated.loss)).toBeLessThan(1e-6)
})

test('a batch of a list whose output has no row lets its states go on', () => {
  const random = randomSource(seed)
  const values = (count: number): Float32Array =>
    Float32Array.from({ length: count }, () => random() - 0.5)
  const makeModel = (): Model =>
    new Model({
      inputs: { source: { features: 2 }, target: { features: 2 } },
      layers: {
        encoder: { type: 'gru', input: 'source', hiddenSize: 4 },
        decoder: { type: 'gru', input: 'target', hiddenSize: 4 },
        context: { type: 'attention', query: 'decoder', memory: 'encoder' },
        head: { type: 'linear', input: 'context', size: 1 },
      },
      outputs: { head: { loss: 'meanSquaredError' } },
      seed: 4,
    })
  const [steps, batch] = [3, 2]
  // One sequence of the first batch has no target: in a list it is a batch without any row of the output.
  const lengths = [
    [3, 0].map((target) => ({ source: 3, target })),
    [3, 3].map((target) => ({ source: 3, target })),
  ]
  const merged = lengths.map((each) => ({
    inputs: { source: values(steps * batch * 2), target: values(steps * batch * 2) },
    targets: { head: values(steps * batch) },
    batch,
    lengths: {
      source: each.map(({ source }) => source),
      target: each.map(({ target }) => target),
    },
  }))
  const parts = merged.map((whole) =>
    [0, 1].map((sequence) => {
      const cut = (array: Float32Array, width: number): Float32Array =>
        array.filter((_, i) => Math.floor(i / width) % batch === sequence)
      return {
        inputs: { source: cut(whole.inputs.source, 2), target: cut(whole.inputs.target, 2) },
        targets: { head: cut(whole.targets.head, 1) },
        batch: 1,
        lengths: {
          source: [whole.lengths.source[sequence]!],
          target: [whole.lengths.target[sequence]!],
        },
      }
    }),
  )
  const lossesOf = (batches: readonly (ModelTrainingBatch | ModelTrainingBatch[])[]): number[] => {
    using model = makeModel()
    using trainer = new Trainer(model, { optimizer: { kind: 'sgd', learningRate: 0 } })
    return batches.map((one) => trainer.stepSync(one, { carryState: true }).loss)
  }
  const [together, apart] = [lossesOf(merged), lossesOf(parts)]
  for (const [step, loss] of together.entries()) expect(apart[step]).toBeCloseTo(loss, 6)
})
