// Memory of a process that makes thousands of objects and never disposes of them: `node bench/dropped.mjs [count]`, after
// `npm run build`. Each kind runs in a process of its own, in three loops: one without await, one that awaits microtasks
// alone, one that lets the event loop turn. It prints the largest resident set above the one before the loop, and what
// all objects together would take.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const LOOPS = {
  'no await': undefined,
  microtasks: () => null,
  'event loop': () => new Promise((resolve) => setImmediate(resolve)),
}

/** For each kind a function that makes an object, uses it and returns it. */
function makers() {
  const gru = createRequire(import.meta.url)('..')
  const [features, hiddenSize, batch] = [32, 128, 8]
  const input = new Float32Array(16 * batch * features)
  const wide = new Float32Array(512 * features)
  const step = { input, target: input, batch }
  const layers = { inputSize: features, hiddenSize }
  const makeModel = () =>
    new gru.SequenceModel({
      input: { features },
      gru: { hiddenSize },
      output: { size: features, loss: 'meanSquaredError' },
    })
  const makeTrainer = (model) => new gru.Trainer(model, { optimizer: { kind: 'adam' } })
  const used = (object, use) => (use(object), object)
  const model = makeModel()
  const trainer = makeTrainer(model)
  const layer = new gru.GRU(layers)
  return {
    GRU: () => used(new gru.GRU(layers), (one) => one.forwardSync(input, { batch })),
    LSTM: () => used(new gru.LSTM(layers), (one) => one.forwardSync(input, { batch })),
    SequenceModel: () => used(makeModel(), (one) => one.predictSync(input, { batch })),
    Trainer: () => used(makeTrainer(model), (one) => one.stepSync(step)),
    'model and trainer': () => {
      const made = makeModel()
      makeTrainer(made).stepSync(step)
      return made
    },
    'pass of a layer': () => layer.forwardTrainingSync(input, { batch }),
    'pass of a trainer': () => trainer.forwardSync({ input, batch }),
    session: () => used(model.session({ batch: 512 }), (one) => one.stepSync(wide)),
  }
}

async function measure(kind, loop, count) {
  const make = makers()[kind]
  const wait = LOOPS[loop]
  const each = make().memory().total
  const before = process.memoryUsage.rss()
  let peak = 0
  for (let i = 0; i < count; i++) {
    make()
    if (wait !== undefined) await wait()
    if (i % 10 === 0) peak = Math.max(peak, process.memoryUsage.rss() - before)
  }
  return [each * count, peak].map((bytes) => Math.round(bytes / 2 ** 20))
}

function measureAll(count) {
  console.log(`${count} objects of each kind; MiB above the resident set before the loop\n`)
  console.log(['kind', 'all together', ...Object.keys(LOOPS)].join('\t'))
  for (const kind of Object.keys(makers())) {
    const found = Object.keys(LOOPS).map((loop) => {
      const program = [fileURLToPath(import.meta.url), count, kind, loop]
      const { stdout } = spawnSync(process.execPath, program, {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      return JSON.parse(stdout)
    })
    console.log([kind, found[0][0], ...found.map(([, peak]) => peak)].join('\t'))
  }
}

const [count = '4000', kind, loop] = process.argv.slice(2)
if (kind === undefined) measureAll(Number(count))
else console.log(JSON.stringify(await measure(kind, loop, Number(count))))
