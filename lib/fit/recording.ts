/**
 * The entries of training records.
 *
 * @module
 */
import { MeanLoss } from '../mean-loss'
import type { RecordPosition } from '../records/position'
import type { RecordEntry } from '../records/record'
import type { EpochResult, Figure } from './figures'
import { UPDATE_FIGURES } from './figures'
import type { Progress } from './progress'
import type { FitState } from './state'

/** The last entry that a training wrote before a state of it. */
export function lastEntry({ epoch, epochEnd, updates, batches, mean }: FitState): RecordPosition {
  const meanLoss = new MeanLoss()
  meanLoss.restore(mean)
  const values = { batch: batches, meanLoss: meanLoss.value }
  return { kind: epochEnd ? 'epoch' : 'step', step: updates, epoch, values }
}

type Values = RecordEntry['values']

/** Every name of {@link UPDATE_FIGURES} and of the epochs' figures, without a value: a table has all columns from its first row on. */
function columns(figures: readonly Figure[]): Values {
  const names = [...UPDATE_FIGURES, ...figures.map(({ name }) => name)]
  return Object.fromEntries(names.map((name) => [name, undefined]))
}

/** The entry of an update. */
export function updateEntry(
  figures: readonly Figure[],
  time: number,
  progress: Progress,
): RecordEntry {
  const own = Object.fromEntries(UPDATE_FIGURES.map((name) => [name, progress[name]]))
  const { update, epoch } = progress
  return { kind: 'step', time, step: update, epoch, values: { ...columns(figures), ...own } }
}

/** The entry of an epoch. */
export function epochEntry(
  figures: readonly Figure[],
  time: number,
  { update, epoch, batch, learningRate }: Progress,
  result: EpochResult,
): RecordEntry {
  const own = Object.fromEntries(figures.map(({ name, of }) => [name, of(result)]))
  const values = { ...columns(figures), batch, learningRate, ...own }
  return { kind: 'epoch', time, step: update, epoch, values }
}
