/**
 * Saves a large model, and reads and writes its parameters. The third argument is the file.
 */
import { statSync } from 'node:fs'
import type { PauseOutput } from '../pauses'
import { readServingJob } from '../job'
import { createModel, library } from './library'
import { watch } from './pause'

async function measure(): Promise<PauseOutput> {
  const file = process.argv[4]!
  const model = createModel(readServingJob())
  const saved = await watch('model.save', () => model.save(file))
  const read = await watch('model.readParameters', () => model.readParameters())
  const written = await watch('model.writeParameters', () => model.writeParameters(read.result))
  const bytes = await watch('model.toBytes', () => model.toBytes())
  const loaded = await watch('SequenceModel.load of bytes', () =>
    library.SequenceModel.load(bytes.result),
  )
  return {
    fileBytes: statSync(file).size,
    calls: [saved, read, written, bytes, loaded].map((one) => one.figures),
  }
}

void measure().then((output) => {
  console.log(JSON.stringify(output))
})
