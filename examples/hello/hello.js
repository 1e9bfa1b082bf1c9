// The vanilla GRU: three one-hot symbols, eight hidden units, and the task to say after each symbol
// which one comes next. It is trained twice from the same weights: once only in its output layer, as
// short tutorials do, and once by the whole backward pass.
//
//   node examples/hello/hello.js
//
//   z = sigmoid(W_z x + U_z h + b_z)              the update gate
//   r = sigmoid(W_r x + U_r h + b_r)              the reset gate
//   c = tanh(W_h x + U_h (r * h) + b_h)           resetAfter: false
//   h = (1 - z) * h + z * c                       updateGate: 'replace'
//   y = softmax(W_y h + b_y)                      loss: minus the sum of log y[right] over the steps
'use strict'

const { SequenceModel, Trainer } = require('gru-native')

const SYMBOLS = ['h', 'i', '!']
const SIZE = SYMBOLS.length
const HIDDEN = 8
const LEARNING_RATE = 0.01
const CLIP = 5
const EPOCHS = 1000

/** Each symbol and the one that follows it: the identity matrix, and the same matrix shifted by one row. */
const batch = {
  input: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1),
  target: Int32Array.of(1, 2, 0),
}

/** Normally distributed numbers with deviation 0.01: Box-Muller with mulberry32, which takes a seed. */
function normal(seed) {
  let state = seed
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 2 ** 32
  }
  return () => 0.01 * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
}

/** A new model: weights drawn from N(0, 1) * 0.01, biases zero. */
function createModel(seed) {
  const model = new SequenceModel({
    input: { features: SIZE },
    gru: { hiddenSize: HIDDEN, resetAfter: false, updateGate: 'replace' },
    output: { size: SIZE, loss: 'crossEntropy', every: 'step' },
    seed,
  })
  const draw = normal(seed)
  const parameters = model.getParameters()
  for (const [name, values] of Object.entries(parameters)) {
    values.set(values.map(name.includes('bias') ? () => 0 : draw))
  }
  model.setParameters(parameters)
  return model
}

/** The parameters that each scheme does not train. */
const HELD = {
  // Only W_y and b_y learn.
  outputLayer: (name) => name.startsWith('gru.'),
  // Here a gate has one bias. The layer has two biases that are added; the second one stays zero.
  whole: (name) => name.startsWith('gru.bias_hh'),
}

/**
 * Trains a model, and calls `log(epoch, loss)` before each epoch and after the last.
 *
 * The trainer's loss is the mean over the SIZE steps, the one here their sum. Gradients of the sum are
 * SIZE times those of the mean, so SIZE times the learning rate makes the same update, and they are
 * within +-CLIP when those of the mean are within +-CLIP / SIZE.
 */
async function train(model, { held, learningRate, epochs, log = () => {} }) {
  const trainer = new Trainer(model, {
    optimizer: { kind: 'sgd', learningRate: learningRate * SIZE },
    clipValue: CLIP / SIZE,
  })
  const restored = Object.fromEntries(
    Object.entries(model.getParameters()).filter(([name]) => held(name)),
  )
  for (let epoch = 0; epoch < epochs; epoch++) {
    log(epoch, trainer.stepSync(batch).loss * SIZE)
    model.setParameters(restored)
  }
  const { loss } = await trainer.evaluate(batch)
  log(epochs, loss * SIZE)
  trainer.dispose()
}

/** The model's prediction after each symbol, and its probability of the right symbol. */
function predict(model) {
  const logits = model.predictSync(batch.input)
  const rows = SYMBOLS.map((_, step) => softmax(logits.subarray(step * SIZE, (step + 1) * SIZE)))
  const text = rows.map((row) => SYMBOLS[row.indexOf(Math.max(...row))]).join('')
  return { text, probabilities: rows.map((row, step) => row[batch.target[step]]) }
}

function softmax(logits) {
  const powers = Array.from(logits, Math.exp)
  const sum = powers.reduce((a, b) => a + b)
  return powers.map((power) => power / sum)
}

const RIGHT = SYMBOLS.map((_, step) => SYMBOLS[batch.target[step]]).join('')

function describe(name, model) {
  const { text, probabilities } = predict(model)
  const verdict = text === RIGHT ? 'right' : 'wrong'
  const list = probabilities.map((p) => p.toFixed(3)).join(' ')
  return `  ${name.padEnd(36)} "${text}" ${verdict}; the right symbols' probabilities ${list}`
}

async function main(seed) {
  const task = `"${SYMBOLS.join('')}" -> "${RIGHT}"`
  console.log(
    `${task}: ${SIZE} symbols, ${HIDDEN} hidden units, SGD ${LEARNING_RATE}, seed ${seed}`,
  )

  const models = { outputLayer: createModel(seed), whole: createModel(seed) }
  const losses = {}
  for (const [scheme, model] of Object.entries(models)) {
    const held = HELD[scheme]
    const log = (epoch, loss) => {
      losses[epoch] = { ...losses[epoch], [scheme]: loss.toFixed(4) }
    }
    await train(model, { held, learningRate: LEARNING_RATE, epochs: EPOCHS, log })
  }
  console.log('\nloss before epoch   output layer alone   whole backward pass')
  for (let epoch = 0; epoch <= EPOCHS; epoch += 200) {
    const { outputLayer, whole } = losses[epoch]
    console.log(`${String(epoch).padStart(17)}${outputLayer.padStart(21)}${whole.padStart(22)}`)
  }

  console.log(`\nafter ${EPOCHS} epochs`)
  console.log(describe('output layer alone', models.outputLayer))
  console.log(describe('whole backward pass', models.whole))

  const sure = (model) => Math.min(...predict(model).probabilities) > 0.9
  const enough = sure(models.whole) ? 'suffice' : 'do not suffice'
  console.log(
    `\n${EPOCHS} epochs at ${LEARNING_RATE} ${enough} for probabilities above 0.9. What does:`,
  )
  await train(models.whole, { held: HELD.whole, learningRate: LEARNING_RATE, epochs: EPOCHS })
  console.log(describe(`whole, ${EPOCHS} epochs more`, models.whole))
  const faster = createModel(seed)
  await train(faster, { held: HELD.whole, learningRate: 10 * LEARNING_RATE, epochs: EPOCHS })
  console.log(describe(`whole, ${EPOCHS} epochs at ${10 * LEARNING_RATE}`, faster))
  console.log('and what does not, since the hidden states stay as small as their weights are:')
  const outputLayer = { held: HELD.outputLayer, learningRate: LEARNING_RATE, epochs: 19 * EPOCHS }
  await train(models.outputLayer, outputLayer)
  console.log(describe(`output layer alone, ${20 * EPOCHS} epochs`, models.outputLayer))
}

if (require.main === module) main(Number(process.argv[2] ?? 1))

module.exports = { createModel, train, predict, HELD, RIGHT }
