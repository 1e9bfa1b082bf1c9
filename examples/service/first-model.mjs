/**
 * A small model for a service that has none yet: it forecasts the series of the page. The training takes a few seconds.
 */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { Dataset, SequenceModel, Trainer } from 'gru-native'
import { HORIZON, QUANTILES, temperatures, toModel } from './public/series.mjs'

const SEQUENCES = 256
const STEPS = 120
const BATCH = 16
const EPOCHS = 60

/** At each step, the temperatures of the hours after it. */
function example(seed) {
  const values = []
  for (const celsius of temperatures(seed)) {
    values.push(toModel(celsius))
    if (values.length === STEPS + HORIZON) break
  }
  const following = Array.from({ length: STEPS }, (_, step) =>
    values.slice(step + 1, step + 1 + HORIZON),
  )
  return {
    input: Float32Array.from(values.slice(0, STEPS)),
    target: Float32Array.from(following.flat()),
  }
}

export async function trainFirstModel(file) {
  const model = new SequenceModel({
    input: { features: 1 },
    gru: { hiddenSize: 32 },
    output: {
      size: HORIZON * QUANTILES.length,
      loss: { kind: 'quantile', quantiles: QUANTILES },
    },
    seed: 1,
  })
  const trainer = new Trainer(model, {
    optimizer: { kind: 'adam', learningRate: 0.01 },
    clipNorm: 1,
  })
  const examples = Array.from({ length: SEQUENCES }, (_, index) => example(index + 1))
  const training = trainer.fit(new Dataset(examples), {
    epochs: EPOCHS,
    batchSize: BATCH,
    schedule: { kind: 'cosine', period: (EPOCHS * SEQUENCES) / BATCH },
  })
  for await (const { epoch, epochEnd, meanLoss } of training)
    if (epochEnd) console.log(`epoch ${epoch} of ${EPOCHS}: loss ${meanLoss.toFixed(4)}`)
  mkdirSync(dirname(file), { recursive: true })
  await model.save(file)
  trainer.dispose()
  model.dispose()
}
