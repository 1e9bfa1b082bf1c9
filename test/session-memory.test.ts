import { libraryProcess } from './support/library-process'
import { temporaryFolder } from './support/temporary-folder'

const run = libraryProcess(temporaryFolder()('library'))

/** Definitions for the scripts: models, `collect()`, and the bytes that a process has in memory. */
const definitions = `
  require('node:v8').setFlagsFromString('--expose-gc')
  const collect = require('node:vm').runInNewContext('gc')
  const rss = () => process.memoryUsage.rss()
  const makeModel = (hiddenSize) => new gru.SequenceModel({
    input: { features: 2 }, gru: { hiddenSize }, output: { size: 2, loss: 'meanSquaredError' }, seed: 1,
  })
  const makeTranslator = () => new gru.Seq2Seq({
    source: { tokens: 3, embeddingSize: 2 }, target: { tokens: 3, embeddingSize: 2, begin: 0, end: 1 },
    encoder: { hiddenSize: 2 }, decoder: { hiddenSize: 2 }, attention: { score: 'additive', size: 2 },
  })
  const makeGraph = () => new gru.Model({
    inputs: { x: { features: 2 }, y: { tokens: 3 } },
    layers: {
      vector: { type: 'embedding', input: 'y', size: 2 },
      both: { type: 'concat', inputs: ['x', 'vector'] },
      memory: { type: 'gru', input: 'both', hiddenSize: 4 },
      last: { type: 'select', input: 'memory' },
    },
    outputs: { memory: { loss: 'meanSquaredError' }, last: { loss: 'meanSquaredError' } },
  })
`

/** What a script prints as JSON. */
function printed(script: string): unknown {
  const program = `${definitions}
    const main = async () => {${script}}
    main().then((result) => console.log(JSON.stringify(result)))`
  const { status, output } = run(program)
  expect([status, output]).toEqual([0, expect.stringMatching(/^\S+\n$/)])
  return JSON.parse(output)
}

/** So few that no collection happens within a loop, which would hide what was made. */
const STEPS = 10_000

describe('a step on the calling thread with arrays for all predictions makes no object', () => {
  test.each([
    [
      'a SequenceModel',
      `const session = makeModel(4).session()
       const [input, output] = [new Float32Array(2), new Float32Array(2)]
       const step = () => session.stepSync(input, output)`,
    ],
    [
      'a Model',
      `const session = makeGraph().session()
       const inputs = { x: new Float32Array(2), y: new Int32Array(1) }
       const outputs = { memory: new Float32Array(4), last: new Float32Array(4) }
       const step = () => session.stepSync(inputs, outputs)`,
    ],
    [
      'a Seq2Seq',
      `const session = makeTranslator().sessionSync(Int32Array.of(1, 2, 0))
       const [tokens, logits] = [new Int32Array(1), new Float32Array(3)]
       const step = () => session.stepSync(tokens, logits)`,
    ],
  ])('of %s', (_, made) => {
    const grown = printed(`
      ${made}
      let kept
      const control = () => { step(); kept = { step } }
      const growth = (call) => {
        collect()
        const before = process.memoryUsage().heapUsed
        for (let i = 0; i < ${STEPS}; i++) call()
        return (process.memoryUsage().heapUsed - before) / ${STEPS}
      }
      // Now and then code is compiled within a loop.
      const least = (call) => Math.min(...Array.from({ length: 12 }, () => growth(call)))
      return [least(step), least(control), kept !== undefined]`)
    const [steps, control] = grown as [number, number]
    // In bytes for each step. The smallest object has 12.
    expect(steps).toBeLessThan(2)
    expect(control).toBeGreaterThan(10)
  })
})

describe('sessions of one model', () => {
  test('need their states and less than 1 KiB each', () => {
    const [hidden, count] = [256, 10_000]
    const each = printed(`
      const model = makeModel(${hidden})
      const input = new Float32Array(2)
      const output = new Float32Array(2)
      const open = () => {
        const session = model.session()
        session.stepSync(input, output)
        return session
      }
      // The heap itself grows with the first ones.
      const first = Array.from({ length: ${count} }, open)
      collect()
      const before = rss()
      const second = Array.from({ length: ${count} }, open)
      collect()
      return (rss() - before) / Math.min(first.length, second.length)`) as number
    // The measure sees the states at least.
    expect(each).toBeGreaterThan(4 * hidden * 0.9)
    expect(each).toBeLessThan(4 * hidden + 1024)
  })

  test('keep no array of a step that has ended, or that failed', () => {
    const kept = printed(`
      const session = makeModel(4).session()
      const used = []
      const array = (length) => {
        const made = new Float32Array(length)
        used.push(new WeakRef(made))
        return made
      }
      const step = () => session.stepSync(array(2), array(2))
      const fail = () => {
        try { session.stepSync(array(2), array(3)) } catch { return }
        throw new Error('did not fail')
      }
      const counts = []
      for (const call of [step, fail]) {
        call()
        // A WeakRef holds its target until the turn of the event loop ends.
        await new Promise((resolve) => setTimeout(resolve))
        collect()
        counts.push(used.splice(0).filter((reference) => reference.deref() !== undefined).length)
      }
      return counts`)
    expect(kept).toEqual([0, 0])
  })

  test('that nobody uses any more are collected without dispose', () => {
    // All together have 410 MB of states.
    const grown = printed(`
      const model = makeModel(8)
      const batch = 128
      const input = new Float32Array(2 * batch)
      const output = new Float32Array(2 * batch)
      const round = async () => {
        for (let i = 0; i < 1000; i++) model.session({ batch }).stepSync(input, output)
        collect()
        // Finalizers run between turns of the event loop.
        await new Promise((resolve) => setTimeout(resolve))
      }
      for (let i = 0; i < 5; i++) await round()
      const before = rss()
      for (let i = 0; i < 95; i++) await round()
      return (rss() - before) / 2 ** 20`)
    expect(grown).toBeLessThan(40)
  })
})
