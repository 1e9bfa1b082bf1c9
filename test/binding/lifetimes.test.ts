import { prelude, runProcess } from '../support/addon'

/** Runs a script until it exits by itself. It must print nothing except `printed`. */
async function expectExit(script: string, code: number, printed = ''): Promise<void> {
  expect(await runProcess(script)).toEqual({ code, signal: null, output: printed })
}

// A training step that takes much longer than the script. Only its abort flag can end it in time.
const LONG_STEP = `
  const gru = { ...gruOptions, hiddenSize: 256, numLayers: 2 }
  const model = new addon.NativeModel(chain({ gru }), 1, device)
  const trainer = new addon.NativeTrainer(model, trainerOptions)
  const tokens = new Int32Array(512 * 64)
  const step = trainer.step(...stepCall(64, [{ steps: 512, lengths: null, values: tokens }], [tokens]), null)
`

describe('a process ends as it should', () => {
  test.each([
    ['after loading the addon', '', 0],
    ['with objects that live', 'globalThis.kept = new addon.NativeGru(gruOptions, 1, device)', 0],
    ['with an exit code set', 'process.exitCode = 5; startTraining(1)', 5],
    ['by process.exit after loading', 'process.exit(7)', 7],
    ['by process.exit with jobs that wait', 'startTraining(100); process.exit(7)', 7],
    ['by process.exit between jobs', 'startTraining(100)[0].then(() => process.exit(7))', 7],
    [
      'by process.exit in the middle of a step',
      `${LONG_STEP}; step.then(() => process.exit(1)); setTimeout(() => process.exit(7), 50)`,
      7,
    ],
    [
      'by process.exit after all jobs',
      'Promise.all(startTraining(3)).then(() => process.exit(7))',
      7,
    ],
  ])('%s', async (_, script, code) => {
    await expectExit(script, code)
  })

  test('after its last job, whose promise settles', async () => {
    await expectExit(
      'Promise.all(startTraining(3)).then((losses) => console.log(losses.length))',
      0,
      '3\n',
    )
  })

  test.each([
    ['at once', 'startTraining(100); throw new Error("uncaught")'],
    ['between jobs', 'startTraining(100)[0].then(() => { throw new Error("uncaught") })'],
    ['in a step', `${LONG_STEP}; setTimeout(() => { throw new Error("uncaught") }, 50)`],
  ])('by an uncaught exception %s', async (_, script) => {
    const { code, signal, output } = await runProcess(script)
    expect({ code, signal }).toEqual({ code: 1, signal: null })
    expect(output).toContain('uncaught')
  })

  test('by the rejection of a job that nobody handles', async () => {
    const { code, signal, output } = await runProcess(`
      const gru = new addon.NativeGru(gruOptions, 1, device)
      const array = new Float32Array(3)
      gru.forward(1, 1, null, array, null, array, array, null)
    `)
    expect({ code, signal }).toEqual({ code: 1, signal: null })
    expect(output).toContain('ERR_GRU_SHAPE')
  })

  test.each(['SIGTERM', 'SIGINT'] as const)('by %s in the middle of a step', async (signal) => {
    const script = `${LONG_STEP}; step.then(() => process.exit(1)); console.log('ready')`
    const exit = await runProcess(script, { on: 'ready', signal })
    expect(exit).toEqual({ code: null, signal, output: 'ready\n' })
  })
})

const workers = (body: string): string => `
  const { Worker } = require('node:worker_threads')
  const code = ${JSON.stringify(`
    ${prelude}
    const { parentPort } = require('node:worker_threads')
    ${body}
  `)}
  const start = () => new Worker(code, { eval: true })
  const once = (worker, event) => new Promise((resolve) => worker.once(event, resolve))
`

describe('worker threads', () => {
  test('load the addon side by side and compute the same', async () => {
    const script = `
      ${workers('Promise.all(startTraining(5)).then((losses) => parentPort.postMessage(losses))')}
      Promise.all([...startTraining(1).map(() => Promise.all(startTraining(5))),
        ...Array.from({ length: 8 }, () => once(start(), 'message'))]).then((runs) => {
        console.log(runs.length, new Set(runs.map(String)).size, runs[0].length)
      })
    `
    await expectExit(script, 0, '9 1 5\n')
  })

  test('may be terminated in the middle of a job, over and over', async () => {
    const script = `
      ${workers(`
        const jobs = startTraining(100)
        jobs[0].then(() => parentPort.postMessage('running'))
        jobs[99].then(() => process.exit(1))
      `)}
      const terminate = async () => {
        const worker = start()
        await once(worker, 'message')
        await worker.terminate()
      }
      const round = () => Promise.all([terminate(), terminate(), terminate(), terminate()])
      round().then(round).then(round)
        // If one of these jobs continued, later jobs would wait forever: there are more jobs than
        // threads.
        .then(() => Promise.all(startTraining(3)))
        .then((losses) => console.log(losses.length))
    `
    await expectExit(script, 0, '3\n')
  })

  test('may be terminated before their first job starts', async () => {
    const script = `
      ${workers('parentPort.postMessage("loaded"); startTraining(100)')}
      const worker = start()
      once(worker, 'message').then(() => worker.terminate()).then(() => console.log('terminated'))
    `
    await expectExit(script, 0, 'terminated\n')
  })

  test('may exit by themselves with jobs pending', async () => {
    const script = `
      ${workers('startTraining(100)[1].then(() => process.exit(4))')}
      once(start(), 'exit').then((code) => console.log('exit', code))
    `
    await expectExit(script, 0, 'exit 4\n')
  })

  test('end with the process, whatever they do', async () => {
    const script = `
      ${workers('startTraining(100)[0].then(() => parentPort.postMessage("running"))')}
      startTraining(100)
      Promise.all([start(), start()].map((worker) => once(worker, 'message'))).then(() => process.exit(7))
    `
    await expectExit(script, 7)
  })
})

describe('memory', () => {
  // Each of these holds 16 MiB or more that V8 cannot see.
  test.each([
    [
      'trainers',
      `const gru = { ...gruOptions, hiddenSize: 1024 }
       const model = new addon.NativeModel(chain({ gru }), 1, device)
       const create = () => new addon.NativeTrainer(model, trainerOptions)`,
    ],
    [
      'passes',
      `const gru = new addon.NativeGru({ ...gruOptions, inputSize: 256, hiddenSize: 1 }, 1, device)
       const [steps, batch] = [64, 256]
       const [input, output] = [256, 1].map((size) => new Float32Array(steps * batch * size))
       const state = new Float32Array(batch)
       const create = () => gru.forwardTrainingSync(steps, batch, null, input, null, output, state)`,
    ],
    [
      'training passes',
      `const gru = { ...gruOptions, hiddenSize: 16 }
       const model = new addon.NativeModel(chain({ gru }), 1, device)
       const trainer = new addon.NativeTrainer(model, trainerOptions)
       const [steps, size] = [64, 512]
       const inputs = [{ steps, lengths: null, values: new Int32Array(steps * size) }]
       const predictions = [new Float32Array(steps * size * 5)]
       const create = () => {
         const pass = new addon.NativeTrainingPass(trainer, { batch: size, inputs })
         pass.forwardSync(predictions)
       }`,
    ],
  ])('of %s that nobody uses is found by the garbage collector', async (_, definitions) => {
    const script = `
      ${definitions}
      const main = async () => {
        create()
        const before = process.resourceUsage().maxRSS
        for (let i = 0; i < 80; i++) {
          create()
          // Finalizers run between turns of the event loop.
          await new Promise((resolve) => setTimeout(resolve))
        }
        const grown = (process.resourceUsage().maxRSS - before) / 1024
        console.log(grown < 600 ? 'collected' : 'grown by ' + grown + ' MiB')
      }
      main()
    `
    await expectExit(script, 0, 'collected\n')
  })
})
