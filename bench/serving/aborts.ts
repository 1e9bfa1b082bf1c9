/**
 * The time until an aborted request among many queued ones rejects.
 *
 * @module
 */
import type { Places } from '../contenders'
import { modelCase } from './cases'
import { withFolder, writeCase, writeServingJob } from './job'
import { insideCommand } from './inside-command'
import { runScript } from './script'

/** Seconds until the request rejected, and until all others were answered; one figure for each round. */
export interface AbortMeasurement {
  readonly name: string
  readonly rejected: readonly number[]
  readonly answered: readonly number[]
}

const GIVEN = modelCase({ vocabulary: 65, hiddenSize: 256, batch: 1, steps: 100 })

export function measureAborts(places: Places): Promise<AbortMeasurement[]> {
  return withFolder(async (folder) => {
    writeCase(folder, GIVEN)
    const work = { case: GIVEN, folder, way: 'predictions', requests: 100 } as const
    const { file } = writeServingJob('aborts', work)
    return runScript(insideCommand(places, 'aborts', false, file))
  })
}
