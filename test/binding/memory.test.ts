import { runProcess } from '../support/addon'

/**
 * Definitions for scripts that ask V8 how much external memory was reported to it. V8 prints this when it collects
 * garbage; there is no other way to learn it.
 */
const ASK_V8 = `
  const { setFlagsFromString } = require('node:v8')
  setFlagsFromString('--expose-gc')
  setFlagsFromString('--trace-gc-verbose')
  const collect = require('node:vm').runInNewContext('gc')
  const ask = (name) => {
    setFlagsFromString('--trace-gc')
    console.log('at ' + name)
    collect()
    setFlagsFromString('--no-trace-gc')
  }
  const hidden = 256
  const gru = { ...gruOptions, inputSize: 64, hiddenSize: hidden }
  const [steps, batch] = [32, 4]
  const input = new Float32Array(steps * batch * 64)
  const target = new Float32Array(batch)
  const arguments_ = [steps, batch, null, input]
  const modelCall = [batch, [{ steps, lengths: null, values: input }], [target]]
  const createModel = () =>
    new addon.NativeModel(chain({ tokens: 0, gru, outputSize: 1, loss: 'meanSquaredError', every: 'last' }), 1, device)
`

/** Parameters of that layer, and of the model, in KiB. */
const LAYER = (3 * 256 * (64 + 256) + 6 * 256) / 256
const MODEL = LAYER + (256 + 1) / 256
/** What backward needs of a pass through it: output and reserve of each row. */
const PASS = (32 * 4 * 5 * 256) / 256

/** Runs the script and returns the KiB that were reported to V8 at each `ask`, minus those at the first. */
async function told(script: string): Promise<Record<string, number>> {
  const { code, output } = await runProcess(ASK_V8 + script)
  expect({ code, output }).toEqual({ code: 0, output: expect.any(String) as string })
  const found = [...output.matchAll(/^at (\w+)$[^]*?External memory reported: *(-?\d+) KB$/gm)]
  const first = Number(found[0]?.[2])
  return Object.fromEntries(found.map(([, name, size]) => [name!, Number(size) - first]))
}

/** V8 prints whole KiB. */
function expectNear(got: number | undefined, expected: number): void {
  expect(Math.abs(got! - expected)).toBeLessThanOrEqual(1)
}

describe('V8 is told', () => {
  test('of what a model and its trainer hold, as it grows and shrinks', async () => {
    const sizes = await told(`
      ask('start')
      const model = createModel()
      ask('model')
      const plain = new addon.NativeTrainer(model, { ...trainerOptions, kind: 'sgd' })
      ask('sgd')
      plain.dispose()
      ask('without')
      const trainer = new addon.NativeTrainer(model, trainerOptions)
      ask('adam')
      trainer.stepSync(...stepCall(...modelCall))
      ask('stepped')
      const main = async () => {
        await trainer.step(...stepCall(...modelCall), null)
        ask('again')
        trainer.dispose()
        ask('trained')
        model.dispose()
        ask('disposed')
      }
      main()
    `)
    expectNear(sizes['model'], MODEL)
    // SGD: the gradients, and no moment. Adam: its two moments as well.
    expectNear(sizes['sgd'], 2 * MODEL)
    expectNear(sizes['without'], MODEL)
    expectNear(sizes['adam'], 4 * MODEL)
    // The activations, and the packed weights.
    expect(sizes['stepped']).toBeGreaterThan(4 * MODEL + PASS + LAYER)
    expect(sizes['again']).toBe(sizes['stepped'])
    expect(sizes['trained']).toBeLessThanOrEqual(sizes['again']! - 3 * MODEL - PASS + 1)
    expect(sizes['trained']).toBeGreaterThan(MODEL)
    expectNear(sizes['disposed'], 0)
  })

  test('of what a layer and its passes hold', async () => {
    const sizes = await told(`
      const output = new Float32Array(steps * batch * hidden)
      const state = new Float32Array(batch * hidden)
      const lengths = [input.length, state.length, 3 * hidden * (64 + hidden) + 6 * hidden]
      const gradients = lengths.map((length) => new Float32Array(length))
      const main = async () => {
        ask('start')
        const layer = new addon.NativeGru(gru, 1, device)
        ask('layer')
        const pass = layer.forwardTrainingSync(...arguments_, null, output, state)
        ask('one')
        const other = await layer.forwardTraining(...arguments_, null, output, state, null)
        ask('two')
        pass.dispose()
        ask('less')
        await other.backward(output, null, ...gradients, null)
        const last = layer.forwardTrainingSync(...arguments_, null, output, state)
        layer.dispose()
        ask('disposed')
        last.dispose()
      }
      main()
    `)
    expectNear(sizes['layer'], LAYER)
    expect(sizes['one']).toBeGreaterThan(LAYER + PASS)
    expect(sizes['two']).toBeGreaterThanOrEqual(sizes['one']! + PASS)
    expectNear(sizes['less'], sizes['one']!)
    expectNear(sizes['disposed'], 0)
  })
})

test('V8 is told of all bytes that memory() tells', async () => {
  const sizes = await told(`
    const output = new Float32Array(steps * batch * hidden)
    const state = new Float32Array(batch * hidden)
    const lengths = Int32Array.from({ length: batch }, (_, i) => steps - i)
    const states = new Float32Array(64 * hidden)
    const predictions = [new Float32Array(batch)]
    ask('start')
    const layer = new addon.NativeGru(gru, 1, device)
    const pass = layer.forwardTrainingSync(steps, batch, lengths, input, null, output, state)
    const model = createModel()
    const trainer = new addon.NativeTrainer(model, trainerOptions)
    trainer.stepSync(...stepCall(...modelCall))
    const open = new addon.NativeTrainingPass(trainer, { batch, inputs: modelCall[1] })
    open.forwardSync(predictions)
    const session = new addon.NativeSession(model, 64)
    session.writeStatesSync(states)
    const total = layer.memory().total + model.memory().total
    ask('told_' + Math.round(total / 1024))
    ask('passes_' + Math.round((pass.memory().total + open.memory().total) / 1024))
    layer.trimSync()
    trainer.trimSync()
    model.trimSync()
    ask('trimmed_' + Math.round((layer.memory().total + model.memory().total) / 1024))
  `)
  const found = Object.entries(sizes).map(([name, size]) => [...name.split('_'), size] as const)
  const [, full, , trimmed] = found
  for (const [, tells, size] of [full!, trimmed!]) expectNear(size as number, Number(tells))
  expect(full![2]).toBeGreaterThan(6 * MODEL + 2 * PASS)
  // What is left: the parameters, gradients and moments, and the passes.
  const [, , [, passes]] = found as [unknown, unknown, [string, string]]
  expect(trimmed![2]).toBeLessThan(5 * MODEL + 64 + Number(passes) + 4)
})

test('a pass that comes when its layer was disposed of holds nothing', async () => {
  const sizes = await told(`
    const output = new Float32Array(steps * batch * hidden)
    const state = new Float32Array(batch * hidden)
    ask('start')
    const layer = new addon.NativeGru(gru, 1, device)
    const pending = layer.forwardTraining(...arguments_, null, output, state, null)
    layer.dispose()
    pending.then((pass) => {
      ask('settled')
      pass.dispose()
    })
  `)
  expectNear(sizes['settled'], 0)
})

test('V8 is told of what a training pass holds, until it is used up or disposed of', async () => {
  const sizes = await told(`
    const model = createModel()
    const trainer = new addon.NativeTrainer(model, trainerOptions)
    const [, inputs] = modelCall
    const predictions = [new Float32Array(batch)]
    const forward = () => {
      const pass = new addon.NativeTrainingPass(trainer, { batch, inputs })
      pass.forwardSync(predictions)
      return pass
    }
    // What the device and the trainer keep is there from the first time on.
    for (let i = 0; i < 2; i++) forward().backwardSync(predictions)
    trainer.discardSync()
    ask('start')
    const passes = [forward(), forward()]
    ask('two')
    passes[0].backwardSync(predictions)
    ask('used')
    passes[1].dispose()
    ask('disposed')
    const kept = forward()
    model.dispose()
    ask('gone')
  `)
  expect(sizes['two']).toBeGreaterThan(2 * PASS)
  expectNear(sizes['used'], sizes['two']! / 2)
  expectNear(sizes['disposed'], 0)
  expect(sizes['gone']).toBeLessThan(-3 * MODEL)
})

describe('dispose of a model', () => {
  test('frees all of it at once, though its trainers live', async () => {
    const sizes = await told(`
      ask('start')
      const model = createModel()
      const trainers = [1, 2].map(() => new addon.NativeTrainer(model, trainerOptions))
      for (const trainer of trainers) trainer.stepSync(...stepCall(...modelCall))
      model.dispose()
      ask('disposed')
      for (const trainer of trainers) trainer.dispose()
      ask('end')
    `)
    expectNear(sizes['disposed'], 0)
    expectNear(sizes['end'], 0)
  })

  test('frees it when the pending calls have ended', async () => {
    const sizes = await told(`
      ask('start')
      const model = createModel()
      const trainer = new addon.NativeTrainer(model, trainerOptions)
      const pending = [1, 2, 3].map(() => trainer.step(...stepCall(...modelCall), null))
      model.dispose()
      ask('pending')
      const late = trainer.step(...stepCall(...modelCall), null).catch(({ code }) => code)
      Promise.all([...pending, late]).then(([, , { loss }, code]) => {
        if (loss > 0 && code === 'ERR_GRU_DISPOSED') ask('settled')
      })
    `)
    expect(sizes['pending']).toBeGreaterThan(3 * MODEL)
    expectNear(sizes['settled'], 0)
  })

  test('gives the memory back to the system, time after time', async () => {
    const { output } = await runProcess(`
      const gru = { ...gruOptions, hiddenSize: 1024 }
      const trainers = []
      const create = () => {
        const model = new addon.NativeModel(chain({ gru }), 1, device)
        trainers.push(new addon.NativeTrainer(model, trainerOptions))
        model.readParametersSync(new Float32Array(model.parameterCount))
        model.dispose()
      }
      create()
      const before = process.resourceUsage().maxRSS
      for (let i = 0; i < 30; i++) create()
      const grown = (process.resourceUsage().maxRSS - before) / 1024
      console.log(grown < 300 ? 'given back' : 'grown by ' + grown + ' MiB')
    `)
    expect(output).toBe('given back\n')
  })
})
