import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { compileLibrary } from './compile-library'

const root = path.join(__dirname, '..', '..')

/** How one process of a training job is to end. */
export type Kill =
  /** Milliseconds after its first update */
  | { readonly after: number }
  /** At so many calls of the file system since its start, each write being two: of its first half, and of its rest */
  | { readonly atCall: number }

/** A training job as a script that is started again whenever it was killed. */
export interface TrainingJob {
  /** Starts it, and resolves when it has ended: with the bytes of the parameters if it was not killed before. */
  readonly run: (folder: string, kill?: Kill) => Promise<Buffer | undefined>
}

/** Makes a job, with files of its own in `folder`. */
export function trainingJob(folder: string): TrainingJob {
  const library = compileLibrary(path.join(folder, 'library'))
  const script = path.join(folder, 'job.js')
  writeFileSync(script, JOB)
  let runs = 0
  return {
    run: async (checkpoints, kill) => {
      const result = path.join(folder, `result-${++runs}`)
      const atCall = kill !== undefined && 'atCall' in kill ? kill.atCall : 0
      const child = fork(script, [library, checkpoints, result, String(atCall)], {
        env: {
          GRU_NATIVE_ADDON: path.join(root, 'build', 'Release', 'gru_native.node'),
          ...process.env,
          NODE_PATH: path.join(root, 'node_modules'),
        },
      })
      const ended = once(child, 'exit')
      if (kill !== undefined && 'after' in kill) await killAfter(child, kill.after, ended)
      const [status, signal] = (await ended) as [number | null, string | null]
      if (signal === 'SIGKILL') return undefined
      if (status !== 0) throw new Error(`the job ended with status ${status} and ${signal}`)
      return readFileSync(result)
    },
  }
}

async function killAfter(
  child: ChildProcess,
  milliseconds: number,
  ended: Promise<unknown>,
): Promise<void> {
  await Promise.race([once(child, 'message'), ended])
  await Promise.race([new Promise((resolve) => setTimeout(resolve, milliseconds)), ended])
  child.kill('SIGKILL')
}

const JOB = `
const [library, folder, result, atCall] = process.argv.slice(2)
const fs = require('node:fs/promises')
let calls = 0
function count() {
  if (++calls === Number(atCall)) process.kill(process.pid, 'SIGKILL')
}
for (const name of ['open', 'rename', 'rm', 'readdir', 'mkdir']) {
  const call = fs[name]
  fs[name] = async (...given) => {
    count()
    return call(...given)
  }
}
const { writeFile } = fs
fs.writeFile = async (file, pieces) => {
  const bytes = Buffer.concat(pieces)
  const half = Math.floor(bytes.length / 2)
  await writeFile(file, bytes.subarray(0, half))
  count()
  await writeFile(file, bytes.subarray(half))
  count()
}

const { Dataset, SequenceModel, setThreads, Trainer } = require(library + '/index.js')
setThreads(1 + (process.pid % 3))
// Sequences of 1 to 9 steps, whose target is the sum of their values.
let state = 1
const random = () => (state = (state * 48271) % 2147483647) / 2147483647 - 0.5
const sequence = (_, index) => {
  const input = Float32Array.from({ length: 1 + (index % 9) }, random)
  return { input, target: Float32Array.of(input.reduce((sum, value) => sum + value, 0)) }
}
const data = new Dataset(Array.from({ length: 60 }, sequence))
const validation = new Dataset(Array.from({ length: 20 }, sequence))

async function main() {
  const trainer =
    (await Trainer.latest(folder)) ??
    new Trainer(
      new SequenceModel({
        input: { features: 1 },
        gru: { hiddenSize: 24, numLayers: 2, dropout: 0.2 },
        output: { size: 1, loss: 'meanSquaredError', every: 'last' },
        seed: 5,
      }),
      { optimizer: { kind: 'adam', learningRate: 0.01 }, average: { decay: 0.9 } },
    )
  const training = trainer.fit(data, {
    epochs: 40,
    batchSize: 7,
    accumulate: 2,
    validation,
    patience: 40,
    schedule: { kind: 'plateau', patience: 1, factor: 0.8, warmup: { steps: 9 } },
    checkpoint: { path: folder, every: { updates: 2 }, keep: 2 },
    resume: true,
  })
  let isFirst = true
  for await (const progress of training) {
    if (isFirst) process.send('training')
    isFirst = false
  }
  const all = [trainer.model.getParameters(), trainer.getAverage()].flatMap((parameters) => Object.values(parameters))
  await writeFile(result, Buffer.concat(all.map((values) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength))))
  process.disconnect()
}
void main()
`
