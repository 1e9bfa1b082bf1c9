import { addonPath } from '../support/addon'
import { consumerProject } from '../support/consumer-project'
import { temporaryFolder } from '../support/temporary-folder'

// The build for browsers, run by Node with a browser's conditions. The checkout's native part takes the place of the
// WebAssembly, which only the release builds.

const project = consumerProject(temporaryFolder()('project'))
const wasm = 'node_modules/@gru-native/wasm32'
project.write(`${wasm}/package.json`, '{ "exports": { "browser": "./web.mjs" } }')
project.write(
  `${wasm}/web.mjs`,
  `import { createRequire } from 'node:module'
  export const { initialize } = createRequire(import.meta.url)(${JSON.stringify(addonPath)})`,
)

/** What a program prints as JSON, with options of Node. */
async function printed(program: string, options = ''): Promise<unknown> {
  project.write('program.mjs', `import * as library from 'gru-native'\n${program}\nprocess.exit()`)
  const { status, output } = await project.run(`"${process.execPath}" ${options} program.mjs`)
  if (status !== 0) throw new Error(output.slice(-2000))
  return JSON.parse(output) as unknown
}

/** The same by the build for browsers. */
const printedInWeb = (program: string): Promise<unknown> => printed(program, '--conditions=browser')

test('gives the same values as the build for Node, from the same exports', async () => {
  const program = `
    const { Batcher, Dataset, GRU, SequenceModel, Trainer } = library
    const { output } = await new GRU({ inputSize: 2, hiddenSize: 3, seed: 1 }).forward(Float32Array.of(1, -2, 3, 4))
    const options = { input: { tokens: 7, embeddingSize: 4 }, gru: { hiddenSize: 5 }, output: { size: 7, loss: 'crossEntropy' }, seed: 2 }
    const trainer = new Trainer(new SequenceModel(options), { optimizer: { kind: 'adam' } })
    const input = Int32Array.from({ length: 12 }, (_, i) => (i * i) % 7)
    const data = new Dataset([{ input, target: input.map((token) => (token + 1) % 7) }])
    const losses = []
    for await (const { loss } of trainer.fit(data, { epochs: 4, seed: 3 })) losses.push(loss)
    const bytes = await trainer.model.toBytes({ metadata: { name: 'größe' } })
    const again = await SequenceModel.load(bytes)
    const predicted = await new Batcher(again, { maxDelay: 1 }).predict(input)
    const table = await library.Table.from([{ day: '2026-01-01', units: 1 }, { day: '2026-01-02', units: 2 }])
    const messages = [() => again.predictSync([1]), () => again.step(), () => { again.options = 1 }]
      .map((call) => { try { call() } catch (error) { return [error instanceof library.GruError, error.message] } })
    console.log(JSON.stringify({
      exports: Object.keys(library).filter((name) => !['default', 'module.exports'].includes(name)),
      values: [...output, ...losses, ...bytes, ...predicted],
      table: table.summary(), messages, metadata: again.metadata,
    }))`
  const web = await printedInWeb(program)
  expect(web).toEqual(await printed(program))
  expect((web as { values: number[] }).values.length).toBeGreaterThan(100)
})

test('says which functions need Node, and refuses paths', async () => {
  const outcomes = await printedInWeb(`
    const { Forecaster, Model, Seq2Seq, SequenceModel, Table, Trainer } = library
    const model = new SequenceModel({ input: { tokens: 7, embeddingSize: 4 }, gru: { hiddenSize: 5 }, output: { size: 7, loss: 'crossEntropy' } })
    const trainer = new Trainer(model, { optimizer: { kind: 'sgd' } })
    const input = new Int32Array(3)
    const fit = (options) => trainer.fit([{ input, target: input, batch: 1 }], { epochs: 1, ...options }).next()
    const calls = [
      () => model.save('a'), () => trainer.save('a'), () => Trainer.latest('a'), () => Table.read('a.csv'),
      () => Model.prototype.save('a'), () => Seq2Seq.prototype.save('a'), () => Forecaster.prototype.save('a'),
      () => Forecaster.load('a'), () => library.openRecords([]),
      () => SequenceModel.load('a.safetensors'), () => Trainer.load('a'),
      () => fit({ checkpoint: { path: 'folder' } }), () => fit({ records: [{ kind: 'csv', path: 'a.csv' }] }),
      () => fit({ records: [{ kind: 'tensorBoard', path: 'runs' }] }),
    ]
    const outcomes = []
    for (const call of calls) {
      outcomes.push(await Promise.resolve(call()).then(String, ({ code, message }) => code + ' ' + message))
    }
    console.log(JSON.stringify(outcomes))`)
  const functions = [
    ...['SequenceModel.save', 'Trainer.save', 'Trainer.latest', 'Table.read', 'Model.save'],
    ...['Seq2Seq.save', 'Forecaster.save', 'Forecaster.load', 'openRecords'],
  ]
  const paths = ['a.safetensors', 'a', 'folder', 'a.csv', 'runs']
  expect(outcomes).toEqual([
    ...functions.map((name): unknown =>
      expect.stringMatching(`^ERR_GRU_FORMAT ${name} needs Node, since it uses files: `),
    ),
    ...paths.map((place) => {
      const expected = 'expected the bytes of a file, or Node: here are no files'
      return `ERR_GRU_FORMAT ${place}: ${expected}, got the path "${place}"`
    }),
  ])
})
