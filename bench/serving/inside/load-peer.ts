/**
 * Loads the same model into onnxruntime-node.
 */
import { statSync } from 'node:fs'
import { onnxFile } from '../../job'
import { loadOrt, openSession } from '../../peers/ort'
import { readServingJob } from '../job'
import type { PauseOutput } from '../pauses'
import { watch } from './pause'

async function measure(): Promise<PauseOutput> {
  const file = onnxFile(readServingJob().folder)
  const ort = loadOrt()
  const { figures } = await watch('InferenceSession.create', () => openSession(ort, file))
  return { fileBytes: statSync(file).size, calls: [figures] }
}

void measure().then((output) => {
  console.log(JSON.stringify(output))
  process.exit()
})
