import * as path from 'node:path'
import { addonPath, runProcess } from '../support/addon'
import { consumerProject } from '../support/consumer-project'
import { temporaryFolder } from '../support/temporary-folder'

const runner = path.join(__dirname, '../../node_modules/jest/bin/jest.js')
const project = consumerProject(temporaryFolder()('project'))

const calls = `
  const options = {
    input: { features: 2 },
    gru: { hiddenSize: 8 },
    output: { size: 1, loss: 'meanSquaredError' },
    seed: 5,
  }
  const batch = { input: new Float32Array(2 * 64 * 4).fill(0.5), target: new Float32Array(64 * 4), batch: 4 }
  /** Results of calls of every kind, all of them pending at the same time. */
  exports.start = async function ({ Batcher, SequenceModel, Trainer }) {
    const model = new SequenceModel(options)
    const trainer = new Trainer(new SequenceModel(options), { optimizer: { kind: 'adam' } })
    const session = model.session()
    const batcher = new Batcher(model, { maxDelay: 2 })
    const results = await Promise.all([
      model.predict(batch.input, { batch: 4 }),
      batcher.predict(batch.input.slice(2)),
      batcher.step(session, batch.input.slice(0, 2)),
      trainer.step(batch).then(({ loss }) => loss),
      trainer.step(batch).then(({ loss }) => loss),
    ])
    await batcher.close()
    return results
  }
  exports.options = options
  exports.batch = batch`

describe("jest in a user's project", () => {
  test('may load the package twice, and sees nothing open at the end', async () => {
    const settings = { testEnvironment: 'node', testTimeout: 60_000, transform: {} }
    project.write('package.json', JSON.stringify({ name: 'project', jest: settings }))
    project.write('calls.js', calls)
    project.write(
      'reset.test.js',
      `
      const { batch, options, start } = require('./calls')
      test('after a reset of the registry', async () => {
        const first = require('gru-native')
        jest.resetModules()
        const second = require('gru-native')
        expect(second.GRU).not.toBe(first.GRU)
        const [a, b, c] = await Promise.all([start(first), start(second), start(first)])
        expect([b, c]).toEqual([a, a])
        const model = new first.SequenceModel(options)
        const train = () => new second.Trainer(model, { optimizer: { kind: 'sgd' } })
        expect(train).toThrow(/of another copy of gru-native \\(.* is loaded twice\\)/)
        expect(train).toThrow(second.GruError)
        expect(() => model.predictSync([])).toThrow(first.GruError)
      })
      test('in isolation', async () => {
        let isolated
        jest.isolateModules(() => { isolated = require('gru-native') })
        expect(await start(isolated)).toEqual(await start(require('gru-native')))
      })`,
    )
    project.write(
      'again.test.js',
      `test('in a second file', () => require('./calls').start(require('gru-native')))`,
    )
    const { status, output } = await project.run(
      `"${process.execPath}" "${runner}" --rootDir . --detectOpenHandles`,
    )
    expect(output).toContain('Tests:       3 passed, 3 total')
    expect(output).not.toContain('open handle')
    expect(status).toBe(0)
  })
})

test('a tool that looks for open handles finds one while a promise is pending, and none after', async () => {
  const { output } = await runProcess(`
    const { createHook } = require('node:async_hooks')
    const resources = []
    createHook({
      init: (id, type, trigger, resource) => type === 'gru-native' && resources.push(resource),
    }).enable()
    // Another copy of the file is another addon, whose handle the hook sees being made.
    const copy = require('node:path').join(require('node:os').tmpdir(), 'gru-native-' + process.pid + '.node')
    require('node:fs').copyFileSync(${JSON.stringify(addonPath)}, copy)
    const other = require(copy).initialize((code, message) => new TestError(code, message))
    require('node:fs').rmSync(copy)
    const open = () => resources.map((resource) => resource.hasRef())
    const gru = new other.NativeGru(gruOptions, 7, device)
    const input = new Float32Array(600 * 100 * 3)
    const output = new Float32Array(600 * 100 * 4)
    const told = [open()]
    const call = gru.forward(600, 100, null, input, null, output, new Float32Array(100 * 4), null)
    told.push(open())
    call.then(() => {
      told.push(open())
      console.log(JSON.stringify(told))
    })
  `)
  expect(output).toBe('[[false],[true],[false]]\n')
})
