/**
 * The loop of training over epochs.
 *
 * @module
 */
import { Pauses } from '../pauses'
import { openAt } from '../records/open'
import type { TrainingRecord } from '../records/record'
import { Checkpoints } from './checkpoints'
import { noBatches } from './epochs'
import type { FitJobs } from './jobs'
import { mapMarkingLast, outcome } from './mapping'
import { checkFit, type Training } from './options'
import type { Progress } from './progress'
import { epochEntry, lastEntry, updateEntry } from './recording'
import { TrainingRun } from './run'
import { checkSameTraining, type FitState, type Unchanged } from './state'

/**
 * Checks the options, and returns the training that will be done. The training itself checks its data before the first
 * update.
 */
export function startFit(
  jobs: FitJobs,
  data: unknown,
  options: unknown,
): AsyncGenerator<Progress, void, undefined> {
  const training = checkFit(jobs, data, options)
  const from = training.resume ? jobs.position.state : undefined
  if (from !== undefined) checkSameTraining(unchanged(training), from)
  return begin(jobs, training, from)
}

function unchanged({ watched, schedule, ...training }: Training): Unchanged {
  const { settings, accumulate, chunkSteps } = training
  const scheduleKind = schedule?.options.kind
  return { settings, accumulate, chunkSteps, monitor: watched.name, scheduleKind }
}

async function* begin(
  jobs: FitJobs,
  training: Training,
  from: FitState | undefined,
): AsyncGenerator<Progress, void, undefined> {
  await checkSequences(training)
  const run = new TrainingRun(jobs, training)
  if (from !== undefined) run.restore(from)
  yield* jobs.position.follow(listenedTo(jobs, run, from), () => run.stateAtRest)
}

/** All sequences, so that a fault in the last one does not end a training after hours. There may be many. */
async function checkSequences({ source, validation, signal }: Training): Promise<void> {
  const pauses = new Pauses(signal)
  await source.check(pauses)
  for (const set of validation) await set.source.check(pauses)
}

async function* listenedTo(
  jobs: FitJobs,
  run: TrainingRun,
  from: FitState | undefined,
): AsyncGenerator<Progress, void, undefined> {
  const { checkpoint, records } = run.training
  const checkpoints = checkpoint && new Checkpoints(checkpoint, jobs.snapshot, from)
  await checkpoints?.open(from === undefined)
  const record = await openAt(records, from && lastEntry(from))
  let failed = false
  try {
    yield* train(run, { record, checkpoints, date: jobs.clock.date })
  } catch (error) {
    failed = true
    throw error
  } finally {
    const closed = close(record, checkpoints)
    // The error that ended the training says more.
    await (failed ? outcome(closed) : closed)
  }
}

async function close(record: TrainingRecord, checkpoints: Checkpoints | undefined): Promise<void> {
  try {
    await checkpoints?.close()
  } finally {
    await record.close()
  }
}

/** What is told of a training, beside its progress. */
interface Listeners {
  readonly record: TrainingRecord
  readonly checkpoints: Checkpoints | undefined
  readonly date: () => number
}

async function* train(
  run: TrainingRun,
  listeners: Listeners,
): AsyncGenerator<Progress, void, undefined> {
  // Of a training that goes on after its end.
  if (run.isOver) await run.putBackBest()
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
  { record, checkpoints, date }: Listeners,
): Promise<Progress> {
  const { figures } = run.training
  await record.write(updateEntry(figures, date(), progress))
  if (!progress.epochEnd) {
    // Between two chunks of a batch a training cannot be continued.
    if (progress.chunk === progress.chunks) await checkpoints?.afterUpdate(run.state)
    return progress
  }
  const result = await run.validate()
  const told = await run.endEpoch(progress, result)
  await record.write(epochEntry(figures, date(), told, result))
  await checkpoints?.afterEpoch(run.state, run.isOver)
  if (run.isOver) await run.putBackBest()
  return told
}
