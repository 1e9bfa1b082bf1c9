// How long the event loop stands still while a large model is saved, loaded and called.
//
//   node bench/pauses.mjs [FOLDER]
//
// FOLDER is another checkout with its own dist/ and build/, to compare with: calls that it does not have are left out.
// For each call there are its time, and of the longest turn of the event loop meanwhile its time and the time for which its
// thread had a processor, which other processes do not lengthen. The first line, without any call, is the noise of the
// machine.
import * as fs from 'node:fs'
import { createRequire } from 'node:module'
import * as os from 'node:os'
import * as path from 'node:path'

const root = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, '..'))
const { SequenceModel, Trainer } = createRequire(import.meta.url)(path.join(root, 'dist'))

const FEATURES = 4448
const HIDDEN = 2048
const STEPS = 1000

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gru-native-pauses-'))
const file = path.join(folder, 'model.safetensors')
const trainerFile = path.join(folder, 'trainer.safetensors')

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

// Of the process's first thread, in nanoseconds; Linux only.
const schedule = fs.openSync('/proc/self/schedstat', 'r')
const text = Buffer.alloc(64)

/** Milliseconds for which this thread has had a processor. */
function processorTime() {
  fs.readSync(schedule, text, 0, text.length, 0)
  return Number.parseInt(text.toString('latin1'), 10) / 1e6
}

/** Runs a call, and prints its time and the longest pauses. */
async function measure(name, call) {
  let longest = [0, 0]
  let last = [performance.now(), processorTime()]
  const turn = () => {
    const now = [performance.now(), processorTime()]
    longest = longest.map((time, i) => Math.max(time, now[i] - last[i]))
    last = now
    next = setImmediate(turn)
  }
  let next = setImmediate(turn)
  await wait(50)
  longest = [0, 0]
  const begin = performance.now()
  const result = await call()
  const time = performance.now() - begin
  // Also what follows the promise, such as memory that is given back.
  await wait(50)
  clearImmediate(next)
  const figures = [time, ...longest].map((value) => `${value.toFixed(1).padStart(9)} ms`)
  console.log(`${name.padEnd(34)}${figures.join('')}`)
  return result
}

const architecture = {
  input: { features: FEATURES },
  gru: { hiddenSize: HIDDEN },
  output: { size: 1, loss: 'meanSquaredError', every: 'last' },
}
const model = new SequenceModel(architecture)
const has = (name) => typeof model[name] === 'function'
console.log(`${(model.parameterCount / 1e6).toFixed(1)} M parameters`)
console.log(
  `${'call'.padEnd(34)}${['time', 'pause', 'computing'].map((head) => head.padStart(12)).join('')}`,
)

await measure('nothing', () => wait(1000))
await measure('model.save, of a new model', () => model.save(file))
await measure('model.save', () => model.save(file))
const loaded = await measure('SequenceModel.load(path)', () => SequenceModel.load(file))
if (has('toBytes')) {
  const bytes = await measure('model.toBytes', () => model.toBytes())
  const other = await measure('SequenceModel.load(bytes)', () => SequenceModel.load(bytes))
  other.dispose()
}
if (has('readParameters')) {
  const parameters = await measure('model.readParameters', () => model.readParameters())
  await measure('model.writeParameters', () => model.writeParameters(parameters))
} else {
  const parameters = await measure('model.getParameters', async () => model.getParameters())
  await measure('model.setParameters', async () => model.setParameters(parameters))
}
const step = new Float32Array(FEATURES)
await measure('model.predict, the first', () => loaded.predict(step))
await measure('model.predict, the next', () => loaded.predict(step))
const sequence = new Float32Array(STEPS * FEATURES)
await measure(`model.predict, ${STEPS} steps`, () => loaded.predict(sequence))
const trainer = new Trainer(model, { optimizer: { kind: 'adam' } })
await trainer.step({ input: step, target: new Float32Array(1) })
await measure('trainer.save', () => trainer.save(trainerFile))
await measure('Trainer.load', () => Trainer.load(trainerFile))
fs.rmSync(folder, { recursive: true })
