import * as path from 'node:path'
import { Model, type ModelOptions, setThreads, Trainer } from '../lib'
import { requireChosenEngine } from './support/engine-choice'
import { beyond, bitsOf, largestDifference } from './support/numbers'
import { readWhole } from './support/safetensors'

requireChosenEngine()

// As of golden.numerics.test.ts.
const TRAINING = 1e-5

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

test('training that carries its states from chunk to chunk', async () => {
  const { golden, model, begun, x, head } = await readCarried()
  const { batch, chunks, clipNorm, hyper } = golden
  const expected = new Map(begun('final.'))
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
    expect(beyond(TRAINING, errors)).toEqual({})
    bits.push(parameters.map(([, values]) => bitsOf(values)))
  }
  expect(bits[1]).toEqual(bits[0])
  expect(bits[2]).toEqual(bits[0])
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
