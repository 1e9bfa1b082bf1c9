/**
 * A trainer as training over epochs sees it.
 *
 * @module
 */
import type { NativeTrainer, StepMetrics } from '../../binding'
import { abortable } from '../abort'
import type { ModelInternals } from '../graph-model'
import { checkBatch, type StepCall } from '../training-call'
import type { FitJobs } from './jobs'

/** What only the trainer has. */
export interface TrainerParts extends Pick<
  FitJobs,
  'modelSeed' | 'baseRate' | 'epochs' | 'position' | 'snapshot'
> {
  readonly native: NativeTrainer
  /** A step that the trainer counts. */
  readonly step: (call: StepCall) => Promise<StepMetrics>
}

/** What fit needs of a trainer. */
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
    evaluate: (batch, signal) => abortable(signal, (flag) => native.evaluate(batch, flag)),
    predict: (batch, signal) => core.predictChecked(batch, [], {}, signal),
    readParameters: () => core.parameters.readFlat('trainer.fit'),
    writeParameters: (parameters) => {
      core.parameters.writeFlat(parameters, 'trainer.fit')
    },
  }
}
