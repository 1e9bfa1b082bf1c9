/**
 * The course of the learning rate over a training whose number of updates is known.
 *
 * @module
 */
import type { ScheduleOptions } from '../schedules/options'

/** The schedules of a forecaster's training, by name. */
export const RATE_SCHEDULES = [
  'cosine',
  'constant',
  'exponential',
  'oneCycle',
  'plateau',
  'step',
] as const

/**
 * - `'cosine'`: a short rise, then a fall to 0 at the last update
 * - `'constant'`: always the same
 * - `'exponential'`: a fall to a hundredth
 * - `'oneCycle'`: a rise over 30 % of the updates, then a fall to nearly 0
 * - `'plateau'`: a third of it after 3 epochs in a row without a lower validation loss
 * - `'step'`: a third of it after each third of the updates
 */
export type RateSchedule = (typeof RATE_SCHEDULES)[number]

/** @param updates - of the whole training */
export function rateSchedule(name: RateSchedule, updates: number): ScheduleOptions {
  const warmup = Math.max(1, Math.round(updates / 20))
  switch (name) {
    case 'cosine':
      return { kind: 'cosine', period: Math.max(1, updates - warmup), warmup: { steps: warmup } }
    case 'constant':
      return { kind: 'constant' }
    case 'exponential':
      return { kind: 'exponential', gamma: 0.01 ** (1 / updates) }
    case 'oneCycle':
      return { kind: 'oneCycle', total: updates }
    case 'plateau':
      return { kind: 'plateau', factor: 1 / 3, patience: 3 }
    case 'step':
      return { kind: 'step', stepSize: Math.ceil(updates / 3), gamma: 1 / 3 }
  }
}
