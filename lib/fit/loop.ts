/**
 * The loop of training over epochs.
 *
 * @module
 */
import { MeanLoss } from '../mean-loss'
import { checked, type EpochSource, noBatches } from './epochs'
import type { FitJobs } from './jobs'
import { mapMarkingLast, outcome } from './mapping'
import { checkFit, type Training } from './options'
import type { Progress } from './progress'

/** Checks everything that can be checked before the first step, and returns the training that will be done. */
export function startFit(
  jobs: FitJobs,
  data: unknown,
  options: unknown,
): AsyncGenerator<Progress, void, undefined> {
  return run(jobs, checkFit(jobs, data, options))
}

async function* run(
  jobs: FitJobs,
  { epochs, source, orderOf, validation, signal }: Training,
): AsyncGenerator<Progress, void, undefined> {
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const batches = checked('data', epoch, jobs, source.epoch(orderOf(epoch)))
    const mean = new MeanLoss()
    let batch = 0
    for await (const { result, last } of mapMarkingLast(batches, (one) => jobs.step(one, signal))) {
      mean.add(result)
      batch++
      const validated =
        last && validation ? await outcome(evaluate(jobs, validation, epoch, signal)) : {}
      yield {
        epoch,
        epochs,
        batch,
        batches: last ? batch : source.batches,
        loss: result.loss,
        meanLoss: mean.value,
        gradNorm: result.gradNorm,
        epochEnd: last,
        validationLoss: validated.value,
      }
      if ('error' in validated) throw validated.error
    }
    if (batch === 0) throw noBatches('data', epoch)
  }
}

async function evaluate(
  jobs: FitJobs,
  validation: EpochSource,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const mean = new MeanLoss()
  for await (const batch of checked('validation', epoch, jobs, validation.epoch(epoch))) {
    mean.add(await jobs.evaluate(batch, signal))
  }
  if (mean.isEmpty) throw noBatches('validation', epoch)
  return mean.value
}
