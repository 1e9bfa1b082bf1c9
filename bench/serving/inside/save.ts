/**
 * Saves a large model. The third argument is the file.
 */
import { statSync } from 'node:fs'
import type { PauseOutput } from '../pauses'
import { readServingJob } from '../job'
import { createModel } from './library'
import { watch } from './pause'

async function measure(): Promise<PauseOutput> {
  const file = process.argv[4]!
  const model = createModel(readServingJob())
  const { figures } = await watch('model.save', () => model.save(file))
  return { fileBytes: statSync(file).size, calls: [figures] }
}

void measure().then((output) => {
  console.log(JSON.stringify(output))
})
