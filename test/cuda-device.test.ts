import {
  GRU,
  type GruOptions,
  SequenceModel,
  type SequenceModelOptions,
  Trainer,
  type TrainerOptions,
} from '../lib'
import { expectGruError } from './support/errors'
import { type LibraryExit, libraryProcess } from './support/library-process'
import { forms } from './support/layers'
import { bitsOf, integers, largestDifference, randomSource, uniform } from './support/numbers'
import { temporaryFolder } from './support/temporary-folder'

// The CUDA device, executed on the processor: see docs/cuda.md. The numerical tests run on it too.
const DEVICE = 'cuda-emulated'

const inFolder = temporaryFolder()
const run = libraryProcess(inFolder('lib'))
const random = randomSource(11)

const stack: GruOptions = { inputSize: 3, hiddenSize: 5, numLayers: 2, seed: 7 }
const batch = 3
const input = uniform(random, 4 * batch * 3)
const given = { output: uniform(random, 4 * batch * 5), state: uniform(random, 2 * batch * 5) }

const words: SequenceModelOptions = {
  input: { tokens: 7, embeddingSize: 4 },
  gru: { hiddenSize: 5, numLayers: 2, dropout: 0.5 },
  output: { size: 7, loss: 'crossEntropy' },
  seed: 3,
}
const tokens = integers(random, 6 * batch, 7)
const target = integers(random, 6 * batch, 7)
const training: TrainerOptions = { optimizer: { kind: 'adam' }, clipNorm: 0.5 }

/** The losses of some steps, and the parameters after them. */
async function train(device: string): Promise<{ losses: number[]; bits: string[] }> {
  using model = new SequenceModel({ ...words, device })
  using trainer = new Trainer(model, training)
  const losses: number[] = []
  for (let step = 0; step < 4; step++) {
    losses.push((await trainer.step({ input: tokens, target, batch })).loss)
  }
  return { losses, bits: Object.values(model.getParameters()).map(bitsOf) }
}

describe('a device', () => {
  test('is named by what is on it', () => {
    using first = new GRU({ ...stack, device: DEVICE })
    using second = new SequenceModel({ ...words, device: `${DEVICE}:1` })
    expect([first.device, first.options.device]).toEqual([`${DEVICE}:0`, DEVICE])
    expect(second.device).toBe(`${DEVICE}:1`)
  })

  test('has a number that is there', () => {
    const message = /^device: expected one that can be used, got 'cuda-emulated:9': .*cuda:9/
    expectGruError(() => new GRU({ ...stack, device: `${DEVICE}:9` }), 'ERR_GRU_DEVICE', message)
  })

  test.each(['tf32', 'bfloat16'] as const)('multiplies in %s, roughly', async (precision) => {
    // Large enough for products that cuBLAS would compute.
    const options = { ...stack, inputSize: 64, hiddenSize: 32 }
    const values = uniform(random, 8 * 16 * 64)
    using exact = new GRU({ ...options, device: 'cpu' })
    using rough = new GRU({ ...options, device: DEVICE, precision })
    const { output } = await rough.forward(values, { batch: 16 })
    const difference = largestDifference(
      output,
      (await exact.forward(values, { batch: 16 })).output,
    )
    expect(rough.options.precision).toBe(precision)
    expect(difference).toBeGreaterThan(1e-5)
    expect(difference).toBeLessThan(2e-2)
  })
})

describe('training', () => {
  test('draws the same numbers as the CPU, and learns the same', async () => {
    const [cpu, gpu] = [await train('cpu'), await train(DEVICE)]
    expect(largestDifference(gpu.losses, cpu.losses)).toBeLessThan(1e-5)
    expect(gpu.losses[3]).toBeLessThan(gpu.losses[0]!)
  })

  test('gives the same bits on another device, and beside another model', async () => {
    const alone = await train(DEVICE)
    const [one, other] = await Promise.all([train(`${DEVICE}:0`), train(`${DEVICE}:1`)])
    expect(one).toEqual(alone)
    expect(other).toEqual(alone)
  })

  test('goes on elsewhere from a file', async () => {
    using model = new SequenceModel({ ...words, device: DEVICE })
    using trainer = new Trainer(model, training)
    await trainer.step({ input: tokens, target, batch })
    const file = inFolder('model.safetensors')
    await model.save(file)
    using onCpu = await SequenceModel.load(file, { device: 'cpu' })
    using back = await SequenceModel.load(file, { device: `${DEVICE}:1` })
    const bits = (each: SequenceModel): string[] => Object.values(each.getParameters()).map(bitsOf)
    expect(bits(onCpu)).toEqual(bits(model))
    expect(bits(back)).toEqual(bits(model))
    expect(back.device).toBe(`${DEVICE}:1`)
    const predicted = await onCpu.predict(tokens, { batch })
    expect(largestDifference(await back.predict(tokens, { batch }), predicted)).toBeLessThan(2e-6)
  })
})

test('parameters are replaced in part, and a pass keeps what it needs', async () => {
  for (const form of forms) {
    using cpu = new GRU({ ...stack, device: 'cpu' })
    using gpu = new GRU({ ...stack, device: DEVICE })
    const bias = { bias_hh_l1: uniform(random, 15) }
    cpu.setParameters(bias)
    gpu.setParameters(bias)
    expect(gpu.getParameters()).toEqual(cpu.getParameters())
    const expected = await form.roundTrip(cpu, input, given, { batch })
    const found = await form.roundTrip(gpu, input, given, { batch })
    expect(largestDifference(found.gradients.input, expected.gradients.input)).toBeLessThan(1e-5)
  }
})

/** Runs a script in its own process. Returns what it prints as JSON. */
function tell(script: string, environment: NodeJS.ProcessEnv = {}): unknown {
  const exit = run(`(async () => { ${PRELUDE} ${script} })()`, environment)
  if (exit.status !== 0) throw new Error(exit.output)
  return JSON.parse(exit.output)
}

const PRELUDE = `
  const print = (value) => console.log(JSON.stringify(value))
  const outcome = async (call) => {
    try { return await call() } catch ({ code, message }) { return { code, message } }
  }
  const device = '${DEVICE}'
  const stack = { inputSize: 3, hiddenSize: 5, seed: 7 }
  const words = ${JSON.stringify(words)}
  const input = new Float32Array(24).map((_, i) => Math.sin(i))
  const tokens = new Int32Array(18).map((_, i) => i % 7)
  const batch = { input: tokens, target: tokens, batch: 3 }
`

describe('the tier', () => {
  const forward = `
    const on = (device) => new gru.GRU({ ...stack, device }).forwardSync(input, { batch: 2 }).output
    const [found, expected] = [on(device), on('cpu')]
    print(Math.max(...found.map((value, i) => Math.abs(value - expected[i]))))`

  test.each(['resident', 'persistent', 'stepwise'])('%s can be chosen', (tier) => {
    expect(tell(forward, { GRU_NATIVE_CUDA_TIER: tier })).toBeLessThan(2e-6)
  })

  // Only the persistent tier has barriers between blocks, and only the stepwise tier launches
  // kernels in every step.
  test.each([
    ['resident', [false, false]],
    ['persistent', [true, false]],
    ['stepwise', [false, true]],
  ])('%s is the one that runs', (tier, expected) => {
    const script = `
      const run = () => new gru.GRU({ ...stack, device }).forwardSync(new Float32Array(600), { batch: 2 })
      print('code' in (await outcome(run)))`
    const fails = (call: string): unknown =>
      tell(script, {
        GRU_NATIVE_CUDA_TIER: tier,
        GRU_CUDA_EMULATED_FAULT: `${call}:cudaErrorInvalidValue`,
      })
    expect(['cudaLaunchCooperativeKernel:1', 'cudaLaunchKernel:100'].map(fails)).toEqual(expected)
  })

  test('of another name is refused', () => {
    const environment = { GRU_NATIVE_CUDA_TIER: 'fast' }
    expect(
      tell('print(await outcome(() => new gru.GRU({ ...stack, device })))', environment),
    ).toEqual({
      code: 'ERR_GRU_VALUE',
      message: expect.stringMatching(/^GRU_NATIVE_CUDA_TIER: expected .*, got 'fast'$/) as unknown,
    })
  })

  test('that a layer does not fit is refused', () => {
    const script = `
      const large = { ...stack, hiddenSize: 512, device }
      print(await outcome(() => { new gru.GRU(large).forwardSync(input, { batch: 2 }) }))`
    expect(tell(script, { GRU_NATIVE_CUDA_TIER: 'resident' })).toEqual({
      code: 'ERR_GRU_DEVICE',
      message: expect.stringMatching(/512/) as unknown,
    })
  })
})

describe('a failure of the runtime', () => {
  const STEP = `
    const train = async (device) => {
      using = new gru.SequenceModel({ ...words, device })
      const trainer = new gru.Trainer(using, { optimizer: { kind: 'adam' } })
      return (await trainer.step(batch)).loss
    }
    let using`

  test.each([
    ['memory', 'cudaMallocAsync', 'cudaErrorMemoryAllocation', 'ERR_GRU_MEMORY'],
    ['a stream', 'cudaStreamCreateWithFlags', 'cudaErrorInvalidValue', 'ERR_GRU_DEVICE'],
    ['a launch', 'cudaLaunchKernel', 'cudaErrorLaunchOutOfResources', 'ERR_GRU_DEVICE'],
  ])('of %s is told, and the next attempt succeeds', (_, call, error, code) => {
    const script = `${STEP}
      print([await outcome(() => train(device)), await outcome(() => train(device)), await train('cpu')])`
    const environment = { GRU_CUDA_EMULATED_FAULT: `${call}:1:${error}` }
    const [failed, again, cpu] = tell(script, environment) as [unknown, number, number]
    expect(failed).toEqual({
      code,
      message: expect.stringMatching(new RegExp(`${call}.*${error}`)) as unknown,
    })
    expect(again).toBeCloseTo(cpu, 5)
  })

  test('that loses the device is told by every later call, and the CPU works', () => {
    const script = `${STEP}
      const failures = [await outcome(() => train(device)), await outcome(() => train(device))]
      print([...failures, await train('cpu')])`
    const environment = {
      GRU_CUDA_EMULATED_FAULT: 'cudaStreamSynchronize:1:cudaErrorIllegalAddress',
    }
    const [failed, again, cpu] = tell(script, environment) as [
      { code: string; message: string },
      { code: string; message: string },
      number,
    ]
    expect(failed.code).toBe('ERR_GRU_DEVICE')
    expect(failed.message).toMatch(/^lost cuda:0: cudaErrorIllegalAddress .*restart/)
    expect(again.code).toBe('ERR_GRU_DEVICE')
    expect(again.message).toContain(failed.message)
    expect(cpu).toBeGreaterThan(0)
  })

  test('for want of memory names a remedy', () => {
    const script = `print(await outcome(() => new gru.GRU({ ...stack, hiddenSize: 600, device })))`
    expect(tell(script, { GRU_CUDA_EMULATED_MEMORY: '1000000' })).toEqual({
      code: 'ERR_GRU_MEMORY',
      message: expect.stringMatching(/smaller batch or model/) as unknown,
    })
  })
})

test('objects that are disposed of give their memory back', () => {
  const script = `
    for (let i = 0; i < 200; i++) {
      const model = new gru.SequenceModel({ ...words, gru: { hiddenSize: 32 }, device })
      const trainer = new gru.Trainer(model, { optimizer: { kind: 'adam' } })
      trainer.stepSync(batch)
      trainer.dispose()
      model.dispose()
    }
    print('done')`
  // Memory for a few of them.
  expect(tell(script, { GRU_CUDA_EMULATED_MEMORY: String(4 * 2 ** 20) })).toBe('done')
})

test('worker threads compute the same, side by side', () => {
  const script = `
    const { Worker, isMainThread, parentPort } = require('node:worker_threads')
    const train = \`
      const { parentPort, workerData } = require('node:worker_threads')
      const gru = require(workerData.library)
      const model = new gru.SequenceModel({ ...workerData.words, device: workerData.device })
      const trainer = new gru.Trainer(model, { optimizer: { kind: 'adam' } })
      const steps = Array.from({ length: 3 }, () => trainer.step(workerData.batch))
      Promise.all(steps).then((done) => parentPort.postMessage(done.map(({ loss }) => loss)))\`
    const library = require.resolve(${JSON.stringify(inFolder('lib'))})
    const losses = await Promise.all([0, 1, 0, 1].map((ordinal) => new Promise((resolve, reject) => {
      const workerData = { library, words, batch, device: device + ':' + ordinal }
      const worker = new Worker(train, { eval: true, workerData })
      worker.once('message', resolve)
      worker.once('error', reject)
    })))
    print([losses.length, new Set(losses.map(String)).size, losses[0].length])`
  expect(tell(script)).toEqual([4, 1, 3])
})

describe('a process ends as it should with CUDA objects alive', () => {
  const CREATE = `
    const layer = (globalThis.kept = new gru.GRU({ ...stack, device }))
    const model = (globalThis.model = new gru.SequenceModel({ ...words, device }))
    const trainer = (globalThis.trainer = new gru.Trainer(model, { optimizer: { kind: 'adam' } }))`
  const pass = `globalThis.pass = layer.forwardTrainingSync(input, { batch: 2 })`

  test.each<[string, string, number]>([
    ['after making them', CREATE, 0],
    ['with a pass that was not used up', `${CREATE}; ${pass}`, 0],
    ['after a step', `${CREATE}; await trainer.step(batch)`, 0],
    ['after some were disposed of', `${CREATE}; ${pass}; layer.dispose(); model.dispose()`, 0],
    ['by process.exit after making them', `${CREATE}; process.exit(7)`, 7],
    ['by process.exit after a step', `${CREATE}; await trainer.step(batch); process.exit(7)`, 7],
    ['by process.exit with a step begun', `${CREATE}; trainer.step(batch); process.exit(7)`, 7],
    [
      'by process.exit in the middle of a step, after work on the CPU',
      `const cpu = new gru.GRU(stack); await cpu.forward(input, { batch: 2 })
       ${CREATE}; for (let i = 0; i < 50; i++) trainer.step(batch)
       setTimeout(() => process.exit(7), 20)`,
      7,
    ],
  ])('%s', (_, script, status) => {
    const expected: LibraryExit = { status, signal: null, output: '' }
    expect(run(`(async () => { ${PRELUDE} ${script} })()`)).toEqual(expected)
  })

  test('by an uncaught exception', () => {
    const { status, signal, output } = run(
      `(async () => { ${PRELUDE} ${CREATE}; trainer.step(batch); throw new Error('uncaught') })()`,
    )
    expect({ status, signal }).toEqual({ status: 1, signal: null })
    expect(output).toContain('uncaught')
  })

  test.each(['SIGTERM', 'SIGKILL'])('by %s in the middle of a step', (signal) => {
    const exit = run(`(async () => { ${PRELUDE} ${CREATE}
      for (let i = 0; i < 50; i++) trainer.step(batch)
      setTimeout(() => process.kill(process.pid, '${signal}'), 20) })()`)
    expect(exit).toEqual({ status: null, signal, output: '' })
  })
})

test('the device of who names none is the one that the environment names', () => {
  const script = `print([new gru.GRU(stack).device, new gru.GRU({ ...stack, device: 'cpu' }).device])`
  expect(tell(script, { GRU_NATIVE_DEVICE: `${DEVICE}:1` })).toEqual([`${DEVICE}:1`, 'cpu'])
  expect(tell(script, { GRU_NATIVE_DEVICE: '' })).toEqual(['cpu', 'cpu'])
})
