/**
 * The epochs of a training that a page draws.
 *
 * @module
 */
import type { EpochResult, RunResults } from '../../forecasting/results'
import { thinned } from './thinning'

const MOST_EPOCHS = 2000

/** The epochs, as columns; those of a long training evenly spaced. The best epoch and the first are among them. */
export interface EpochData {
  readonly best: number
  readonly columns: Readonly<Record<keyof EpochResult, readonly number[]>>
}

/** @param share - the share of a page's full size that may be used */
export function epochData({ epochs, bestEpoch }: RunResults, share: number): EpochData {
  const drawn = new Set(thinned(epochs, Math.max(Math.floor(MOST_EPOCHS * share), 2)))
  const kept = epochs.filter((epoch, i) => i === 0 || epoch.epoch === bestEpoch || drawn.has(epoch))
  const column = (key: keyof EpochResult): number[] => kept.map((epoch) => short(epoch[key]))
  return {
    best: bestEpoch,
    columns: {
      epoch: column('epoch'),
      loss: column('loss'),
      validationLoss: column('validationLoss'),
      learningRate: column('learningRate'),
      gradNorm: column('gradNorm'),
      seconds: column('seconds'),
    },
  }
}

/** A sentence if epochs are left out. */
export function epochNotes({ epochs }: RunResults, { columns }: EpochData): string[] {
  const drawn = columns.epoch.length
  if (drawn === epochs.length) return []
  return [`To keep the page small, it shows ${drawn} of ${epochs.length} epochs.`]
}

function short(value: number): number {
  return Number(value.toPrecision(7))
}
