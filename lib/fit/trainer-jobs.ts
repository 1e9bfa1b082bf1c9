/**
 * The functions of a trainer that training over epochs uses.
 *
 * @module
 */
import type { NativeTrainer, StepMetrics } from '../../binding'
import { abortable } from '../abort'
import type { ModelInternals } from '../graph-model'
import { checkBatch, type StepCall } from '../training-call'
import type { FitJobs } from './jobs'

/** What this needs from the trainer besides its model. */
export interface TrainerParts extends Pick<
  FitJobs,
  'modelSeed' | 'baseRate' | 'epochs' | 'position' | 'snapshot'
> {
  readonly native: NativeTrainer
  /** A step that the trainer counts. */
  readonly step: (call: StepCall) => Promise<StepMetrics>
}

/** Makes the functions that fit uses. */
export function trainerJobs(model: ModelInternals, trainer: TrainerParts): FitJobs {
  const { core, form } = model
  const { modelSeed, baseRate, epochs, position, snapshot, native, step } = trainer
  return {
    ...{ graph: core.graph, form, modelSeed, baseRate, epochs, position, snapshot },
    clock: { now: () => performance.now(), date: () => Date.now() },
    check: (batch) => checkBatch(model, batch),
    step: (batches, { learningRate = null, signal }) =>
      step({ batches: [...batches], options: { learningRate }, signal }),
    resetState: () => {
      native.resetState()
    },
    evaluate: (batch, predictions, signal) =>
      abortable(signal, (flag) => native.evaluate(batch, flag, predictions)),
    readParameters: () => core.parameters.readFlat('trainer.fit'),
    writeParameters: (parameters) =>
      core.parameters.write('trainer.fit', core.parameters.views(parameters)),
  }
}
