/**
 * The loop of training over epochs.
 *
 * @module
 */
import { openRecords } from '../records/open'
import type { TrainingRecord } from '../records/record'
import { noBatches } from './epochs'
import type { FitJobs } from './jobs'
import { mapMarkingLast, outcome } from './mapping'
import { checkFit, type Training } from './options'
import type { Progress } from './progress'
import { epochEntry, updateEntry } from './recording'
import { TrainingRun } from './run'
import { checkFitState, type FitState } from './state'

/**
 * What is called between two updates, before their progress comes. No call of the trainer is pending then. `state` makes
 * the state of that moment, and is called before the promise settles or not at all. What is thrown ends the training.
 */
export interface FitHooks {
  /**
   * After each update but an epoch's last. With `chunkSteps` only after a batch's last chunk: the next batch begins with
   * states of zero, so none needs to be saved.
   */
  readonly afterUpdate?: (state: () => FitState) => Promise<void>
  /** After each epoch, its validation included. The best parameters are not yet put back. */
  readonly afterEpoch?: (state: () => FitState) => Promise<void>
}

/**
 * Checks everything that can be checked before the first step, and returns the training that will be done.
 *
 * @param from - a state that a hook was given, unchecked: the trainer and its model are as they were then, and the data
 *   and options are the same; `epochs` and `patience` may be others. Undefined for a training that begins.
 */
export function startFit(
  jobs: FitJobs,
  data: unknown,
  options: unknown,
  from?: unknown,
  hooks: FitHooks = {},
): AsyncGenerator<Progress, void, undefined> {
  const training = checkFit(jobs, data, options)
  const state = from === undefined ? undefined : checkState(jobs, training, from)
  return start(jobs, training, state, hooks)
}

function checkState({ graph }: FitJobs, training: Training, from: unknown): FitState {
  const { settings, watched, schedule } = training
  const { parameterCount } = graph
  const outputs = graph.outputs.length
  const hasSchedule = schedule !== undefined
  const expected = { settings, monitor: watched.name, hasSchedule, parameterCount, outputs }
  return checkFitState(expected, from)
}

async function* start(
  jobs: FitJobs,
  training: Training,
  state: FitState | undefined,
  hooks: FitHooks,
): AsyncGenerator<Progress, void, undefined> {
  const run = new TrainingRun(jobs, training)
  if (state !== undefined) run.restore(state)
  const record = await openRecords(training.records)
  let failed = false
  try {
    yield* train(run, { record, hooks, date: jobs.clock.date })
  } catch (error) {
    failed = true
    throw error
  } finally {
    const closed = record.close()
    // The error that ended the training says more.
    await (failed ? outcome(closed) : closed)
  }
}

/** What is told of a training, beside its progress. */
interface Listeners {
  readonly record: TrainingRecord
  readonly hooks: FitHooks
  readonly date: () => number
}

async function* train(
  run: TrainingRun,
  listeners: Listeners,
): AsyncGenerator<Progress, void, undefined> {
  // Of a training that goes on after its end.
  if (run.isOver) run.putBackBest()
  while (!run.isOver) {
    let isEmpty = true
    const groups = run.beginEpoch()
    for await (const { result, last } of mapMarkingLast(groups, (batches) => run.update(batches))) {
      isEmpty = false
      const progress = run.count(result, last)
      const told = await outcome(tell(run, progress, listeners))
      yield told.value ?? progress
      if ('error' in told) throw told.error
    }
    if (isEmpty) throw noBatches('data', run.epoch)
  }
}

/** Does what follows an update, and returns its progress with all that there is to tell. */
async function tell(
  run: TrainingRun,
  progress: Progress,
  { record, hooks, date }: Listeners,
): Promise<Progress> {
  const { figures } = run.training
  await record.write(updateEntry(figures, date(), progress))
  if (!progress.epochEnd) {
    if (progress.chunk === progress.chunks) await hooks.afterUpdate?.(() => run.state)
    return progress
  }
  const result = await run.validate()
  const told = run.endEpoch(progress, result)
  await record.write(epochEntry(figures, date(), told, result))
  await hooks.afterEpoch?.(() => run.state)
  if (run.isOver) run.putBackBest()
  return told
}
