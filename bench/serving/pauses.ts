/**
 * How long the event loop pauses while a large model is saved, loaded and first used.
 *
 * @module
 */
import * as path from 'node:path'
import type { BenchCase } from '../cases'
import type { Places } from '../contenders'
import { modelCase, PEER } from './cases'
import { withFolder, writeCase, writeServingJob } from './job'
import { insideCommand } from './inside-command'
import { runScript } from './script'

/** One call. Times in seconds, memory in bytes. */
export interface PauseFigures {
  readonly call: string
  readonly seconds: number
  /** The longest time between two turns of the event loop. */
  readonly pause: number
  /** How much the largest resident set of the process grew during the call. */
  readonly growth: number
}

export interface PauseMeasurement {
  readonly name: string
  readonly parameters: number
  readonly fileBytes: number
  readonly rounds: readonly (readonly PauseFigures[])[]
}

/** 39 million parameters. */
const GIVEN: BenchCase = {
  ...modelCase({ vocabulary: 10_000, hiddenSize: 1024, batch: 1, steps: 1 }),
  inputSize: 512,
  numLayers: 4,
}

/** Saving has a process of its own, since a process that loads must not have the model's memory already. */
export function measurePauses(
  places: Places,
  hasPeer: boolean,
  rounds: number,
): Promise<PauseMeasurement[]> {
  return withFolder(async (folder) => {
    writeCase(folder, GIVEN)
    const { file, job } = writeServingJob('pauses', {
      ...{ case: GIVEN, folder, way: 'predictions', requests: 1 },
    })
    const saved = path.join(job.results, 'model.safetensors')
    const lanes = [
      { name: 'gru-native, save', script: 'save', isPeer: false },
      { name: 'gru-native, load', script: 'load', isPeer: false },
      { name: `${PEER}, load`, script: 'load-peer', isPeer: true },
    ]
      .filter(({ isPeer }) => hasPeer || !isPeer)
      .map((lane) => ({ ...lane, rounds: [] as PauseOutput[] }))
    for (let round = 0; round < rounds; round++) {
      for (const { script, isPeer, rounds: figures } of lanes) {
        const command = insideCommand(places, script, isPeer, file)
        figures.push(await runScript({ ...command, args: [...command.args, saved] }))
      }
    }
    const parameters = job.parameters.reduce((sum, { count }) => sum + count, 0)
    return lanes.map(({ name, rounds: figures }) => ({
      ...{ name, parameters, fileBytes: figures[0]!.fileBytes },
      rounds: figures.map(({ calls }) => calls),
    }))
  })
}

/** What the processes print. */
export interface PauseOutput {
  readonly fileBytes: number
  readonly calls: readonly PauseFigures[]
}
