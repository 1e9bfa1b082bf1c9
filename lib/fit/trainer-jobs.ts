/**
 * A trainer as training over epochs sees it.
 *
 * @module
 */
import type { NativeTrainer } from '../../binding'
import { abortable } from '../abort'
import type { ModelInternals } from '../graph-model'
import type { BatchResult } from '../mean-loss'
import { type CheckedBatch, countPredicted } from '../model-batch'
import { checkBatch, type StepCall } from '../training-call'
import type { FitJobs } from './jobs'

/** What only the trainer has. */
export interface TrainerParts extends Pick<
  FitJobs,
  'modelSeed' | 'baseRate' | 'epochs' | 'position' | 'snapshot'
> {
  readonly native: NativeTrainer
  /** A step that the trainer counts. */
  readonly step: (call: StepCall) => Promise<Omit<BatchResult, 'predicted'>>
}

/** What fit needs of a trainer. */
export function trainerJobs(model: ModelInternals, trainer: TrainerParts): FitJobs {
  const { core, form } = model
  const { modelSeed, baseRate, epochs, position, snapshot, native, step } = trainer
  const countOf = (batch: CheckedBatch): number => countPredicted(core.graph, batch)
  return {
    ...{ graph: core.graph, form, modelSeed, baseRate, epochs, position, snapshot },
    clock: { now: () => performance.now(), date: () => Date.now() },
    check: (batch) => checkBatch(model, batch),
    step: async (given, { learningRate = null, signal }) => {
      const predicted = given.reduce((sum, batch) => sum + countOf(batch), 0)
      return {
        ...(await step({ batches: [...given], options: { learningRate }, signal })),
        predicted,
      }
    },
    evaluate: async (batch, signal) => {
      const predicted = countOf(batch)
      return { ...(await abortable(signal, (flag) => native.evaluate(batch, flag))), predicted }
    },
    predict: (batch, signal) => core.predictChecked(batch, [], signal),
    readParameters: () => core.parameters.readFlat('trainer.fit'),
    writeParameters: (parameters) => {
      core.parameters.writeFlat(parameters, 'trainer.fit')
    },
  }
}
