/**
 * Creates objects of the kind that the first argument names and drops them, as often as the third one says, all in one
 * turn of the event loop.
 */
import type * as Library from 'gru-native'
import type { GrowthMeasurement, ObjectKind } from '../growth'
import { library } from './library'

const HIDDEN_SIZE = 256
const INPUT_SIZE = 64
const STEPS = 16

const createLayer = (): Library.GRU =>
  new library.GRU({ inputSize: INPUT_SIZE, hiddenSize: HIDDEN_SIZE, seed: 1 })

const createModel = (): Library.SequenceModel =>
  new library.SequenceModel({
    input: { features: INPUT_SIZE },
    gru: { hiddenSize: HIDDEN_SIZE },
    output: { size: 8, loss: 'meanSquaredError', every: 'step' },
    seed: 1,
  })

const input = new Float32Array(STEPS * INPUT_SIZE).fill(0.5)
const target = new Float32Array(STEPS * 8)

/** What is shared by all passes and sessions is created once. */
const CREATE: Readonly<Record<ObjectKind, () => () => unknown>> = {
  layers: () => () => createLayer().forwardSync(input),
  passes: () => {
    const layer = createLayer()
    return () => layer.forwardTrainingSync(input)
  },
  models: () => () => createModel().predictSync(input),
  trainers: () => () =>
    new library.Trainer(createModel(), { optimizer: { kind: 'adam' } }).stepSync({ input, target }),
  sessions: () => {
    const model = createModel()
    const step = input.subarray(0, INPUT_SIZE)
    return () => model.session().stepSync(step)
  },
}

function measure(objects: ObjectKind, count: number): GrowthMeasurement {
  const create = CREATE[objects]()
  create()
  const before = process.memoryUsage.rss()
  const start = performance.now()
  for (let i = 0; i < count; i++) create()
  const seconds = (performance.now() - start) / 1000
  const growth = process.resourceUsage().maxRSS * 1024 - before
  return { objects, count, before, growth, seconds }
}

console.log(JSON.stringify(measure(process.argv[2] as ObjectKind, Number(process.argv[4]))))
