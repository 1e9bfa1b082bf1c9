import { libraryProcess } from './support/library-process'
import { temporaryFolder } from './support/temporary-folder'

const run = libraryProcess(temporaryFolder()('library'))

/**
 * Functions that make an object and use it little, so that it takes about 3 MiB. Then nothing refers to it. The model's own
 * memory grows once.
 */
const KINDS = `
  const makeModel = () => new gru.SequenceModel({
    input: { features: 64 }, gru: { hiddenSize: 320 }, output: { size: 64, loss: 'meanSquaredError' }, seed: 1,
  })
  const makeTrainer = (model) => new gru.Trainer(model, { optimizer: { kind: 'adam' } })
  const step = new Float32Array(64)
  const model = makeModel()
  const small = new gru.SequenceModel({
    input: { features: 1 }, gru: { hiddenSize: 16 }, output: { size: 1, loss: 'meanSquaredError' }, seed: 1,
  })
  const trainer = makeTrainer(small)
  const layer = new gru.GRU({ inputSize: 1, hiddenSize: 16, seed: 1 })
  const many = new Float32Array(8192)
  const batch = 64
  const state = new Float32Array(320 * 2500)
  const kinds = {
    layer: () => new gru.LSTM({ inputSize: 64, hiddenSize: 256, seed: 1 }).forwardSync(step),
    model: () => makeModel().predictSync(step),
    trainer: () => makeTrainer(model),
    both: () => makeTrainer(makeModel()),
    pass: () => layer.forwardTrainingSync(many, { batch }),
    trainingPass: () => trainer.forwardSync({ input: many, batch }),
    session: () => model.session({ batch: 2500 }).setStateSync(state),
  }
`

/** What a script prints as JSON. The process must end by itself, with its finalizers. */
function printed(script: string): unknown {
  const { status, output } = run(`${KINDS}
    const main = async () => {${script}}
    main().then((result) => console.log(JSON.stringify(result)))`)
  expect([status, output]).toEqual([0, expect.stringMatching(/^\S+\n$/)])
  return JSON.parse(output)
}

/** In MiB, for each kind, how much more was in use than before. */
const MEASURE = `
  const measure = async (names, wait) => {
    const peaks = []
    for (const name of names) {
      kinds[name]()
      const before = process.memoryUsage.rss()
      let peak = 0
      for (let i = 0; i < 220; i++) {
        kinds[name]()
        if (wait !== undefined) await wait()
        if (i % 10 === 9) peak = Math.max(peak, process.memoryUsage.rss() - before)
      }
      peaks.push(peak / 2 ** 20)
    }
    return peaks
  }
`

describe('objects that are dropped without dispose are freed while a loop makes others', () => {
  test.each([
    ['that never awaits', 'Object.keys(kinds)'],
    ['that awaits microtasks alone', "['both', 'pass'], () => null"],
    [
      'that lets the event loop turn',
      "['model', 'trainingPass'], () => new Promise((resolve) => setImmediate(resolve))",
    ],
  ])('%s', (_, given) => {
    const peaks = printed(`${MEASURE} return measure(${given})`) as number[]
    // All of them together have some 600 MiB of each kind.
    for (const peak of peaks) expect(peak).toBeLessThan(300)
  })
})

test('objects that are in use stay, whatever is made beside them', () => {
  const same = printed(`
    const used = Array.from({ length: 20 }, () => makeModel())
    const sessions = used.map((one) => one.session())
    const x = step.fill(0.5)
    const expected = sessions.map((one) => [...one.stepSync(x)].join())
    for (let i = 0; i < 100; i++) kinds.both()
    await new Promise((resolve) => setTimeout(resolve))
    for (const one of sessions) one.reset()
    return sessions.every((one, i) => [...one.stepSync(x)].join() === expected[i])`)
  expect(same).toBe(true)
})
