// A soak of worker_threads: each round starts many that load the package, predict, step sessions and train, and ends
// all of them while their calls are pending: by `terminate`, by an exit of their own, or by an error.
//
//   node scripts/worker-soak.mjs [--rounds 100] [--workers 64] [--growth 64]
//
// Prints the process's memory after each tenth of the rounds. It fails if an answer has other bits than on the main
// thread, if a worker ends in another way than it was told, or if the memory after the last round is more than
// `growth` MiB above the one after the first third. It needs `npm run setup`.
// With 64 workers at a time that load nothing, the memory of a process of Node grows too, by half a MiB in a round.
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import process from 'node:process'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

const { Batcher, SequenceModel, Trainer } = createRequire(import.meta.url)('../dist')

const STEPS = 24
const BATCH = 2
const FEATURES = 4
const ENDINGS = ['terminate', 'exit', 'error']

const input = Float32Array.from({ length: STEPS * BATCH * FEATURES }, (_, i) => Math.sin(i))
const target = new Float32Array(STEPS * BATCH).fill(0.5)

function createModel() {
  return new SequenceModel({
    input: { features: FEATURES },
    gru: { hiddenSize: 32 },
    output: { size: 1, loss: 'meanSquaredError' },
    seed: 3,
  })
}

/** Calls of every kind, pending at the same time. Returns their results as text. */
async function compute() {
  const model = createModel()
  const trained = createModel()
  const trainer = new Trainer(trained, { optimizer: { kind: 'adam' } })
  const session = model.session({ batch: BATCH })
  const batcher = new Batcher(model, { maxDelay: 1 })
  const results = await Promise.all([
    model.predict(input, { batch: BATCH }),
    batcher.predict(input),
    session.step(input.slice(0, BATCH * FEATURES)),
    session.step(input.slice(0, BATCH * FEATURES)),
    trainer.step({ input, target, batch: BATCH }).then(({ loss }) => loss),
    trainer.step({ input, target, batch: BATCH }).then(({ loss }) => loss),
  ])
  await batcher.close()
  for (const object of [session, trainer, trained, model]) object.dispose()
  return JSON.stringify(results)
}

/** Computes without an end. Says so after the first results; from then on calls are pending at any time. */
async function work({ ending }) {
  const lanes = [compute(), compute(), compute()]
  parentPort.postMessage(await Promise.race(lanes))
  if (ending !== 'terminate') setTimeout(() => end(ending), 5)
  const again = async (lane) => {
    for (;;) await lane.then(compute)
  }
  await Promise.all(lanes.map(again))
}

function end(ending) {
  if (ending === 'exit') process.exit(7)
  throw new Error('the end of a worker')
}

/** Starts a worker and ends it in the middle of its calls. Returns what was wrong, if anything. */
async function oneWorker(index, expected) {
  const ending = ENDINGS[index % ENDINGS.length]
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { ending } })
  const ended = new Promise((resolve) => {
    const told = { ending, errors: [] }
    worker.on('error', ({ message }) => told.errors.push(message))
    worker.on('message', (results) => {
      told.same = results === expected
      if (ending === 'terminate') void worker.terminate()
    })
    worker.on('exit', (code) => resolve({ ...told, code }))
  })
  const told = await ended
  const codes = { terminate: 1, exit: 7, error: 1 }
  const errors = ending === 'error' ? ['the end of a worker'] : []
  const isRight = told.same && told.code === codes[ending] && `${told.errors}` === `${errors}`
  return isRight ? [] : [JSON.stringify(told)]
}

const mebibytes = () => Math.round(process.memoryUsage.rss() / 2 ** 20)

async function soak({ rounds, workers, growth }) {
  const expected = await compute()
  const memory = []
  for (let round = 1; round <= rounds; ++round) {
    const faults = await Promise.all(
      Array.from({ length: workers }, (_, index) => oneWorker(index, expected)),
    )
    if (faults.flat().length > 0) throw new Error(`round ${round}: ${faults.flat().join(', ')}`)
    memory.push(mebibytes())
    if (round % Math.ceil(rounds / 10) === 0) console.log(`round ${round}: ${memory.at(-1)} MiB`)
  }
  // The calls of those that ended have released the engine's threads and the model's device.
  if ((await compute()) !== expected) throw new Error('other results after the last round')
  const grown = memory.at(-1) - memory[Math.floor(rounds / 3)]
  console.log(
    `${rounds * workers} workers ended in the middle of calls; memory grew by ${grown} MiB`,
  )
  if (grown > growth) throw new Error(`memory: expected at most ${growth} MiB more, got ${grown}`)
}

if (isMainThread) {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '100' },
      workers: { type: 'string', default: '64' },
      growth: { type: 'string', default: '64' },
    },
  })
  const [rounds, workers, growth] = [values.rounds, values.workers, values.growth].map(Number)
  await soak({ rounds, workers, growth })
} else {
  await work(workerData)
}
