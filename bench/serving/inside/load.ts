/**
 * Loads a large model and predicts with it twice: the first call also packs the weights. The third argument is the file.
 */
import { statSync } from 'node:fs'
import type { PauseOutput } from '../pauses'
import { readIntegers } from '../../job'
import { readServingJob } from '../job'
import { library } from './library'
import { watch } from './pause'

async function measure(): Promise<PauseOutput> {
  const file = process.argv[4]!
  const tokens = readIntegers(readServingJob(), 'tokens')
  const loaded = await watch('SequenceModel.load', () => library.SequenceModel.load(file))
  const predict = (): Promise<Float32Array> => loaded.result.predict(tokens)
  const first = await watch('first predict', predict)
  const second = await watch('second predict', predict)
  return {
    fileBytes: statSync(file).size,
    calls: [loaded, first, second].map((one) => one.figures),
  }
}

void measure().then((output) => {
  console.log(JSON.stringify(output))
})
