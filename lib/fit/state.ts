/**
 * How far a training over epochs is, in a form that it can go on from.
 *
 * @module
 */
import { argumentError, describe } from '../errors'
import { checkMeanLossState, type MeanLossState } from '../mean-loss'
import type { ScheduleState } from '../schedules/schedule'
import {
  checkBoolean,
  checkFloat32Array,
  checkInteger,
  checkLength,
  checkOptions,
} from '../validate'
import { checkStoppingState, type StoppingState } from './early-stopping'

/** What decides which sequences a batch is made of; undefined for batches from an iterable. */
export interface BatchSettings {
  /** How many the Dataset has. */
  readonly sequences: number
  readonly batchSize: number
  readonly shuffle: boolean
  readonly seed: number
}

/**
 * How far a training over epochs is: all that `fit` knows between two updates, beside the trainer and the model. Plain
 * JSON values but for one array.
 *
 * The position in a Dataset is an order and a number of batches: batches that were trained on are not made again. An
 * iterable is run through, and as many of its batches are left out unchecked; so it must give the same ones again.
 */
export interface FitState {
  readonly settings?: BatchSettings | undefined
  /** The figure by which `stopping` knows the best epoch. */
  readonly monitor: string
  /** The epoch that the last update belongs to. */
  readonly epoch: number
  /** Which of its seed's orders that epoch has. */
  readonly order: number
  /** Batches of that epoch that updates were made of. */
  readonly batches: number
  /** Whether that epoch has ended, its validation included. */
  readonly epochEnd: boolean
  /** Batches of an epoch, where they are known. */
  readonly epochBatches?: number | undefined
  readonly updates: number
  /** Of that epoch's losses. */
  readonly mean: MeanLossState
  /** Where the training has a schedule. */
  readonly schedule?: ScheduleState | undefined
  readonly stopping: StoppingState
  /** All parameters as they were after the best epoch, where they will be put back. */
  readonly bestParameters?: Float32Array | undefined
}

const KEYS = [
  'settings',
  'monitor',
  'epoch',
  'order',
  'batches',
  'epochBatches',
  'epochEnd',
  'updates',
  'mean',
  'schedule',
  'stopping',
  'bestParameters',
] as const
type Count = 'epoch' | 'order' | 'batches' | 'epochBatches' | 'updates'
const SETTINGS = ['sequences', 'batchSize', 'shuffle', 'seed'] as const

/** What of a training must be as it was in the state that it goes on from. */
export interface Expected {
  readonly settings: BatchSettings | undefined
  readonly monitor: string
  readonly hasSchedule: boolean
  readonly parameterCount: number
  /** How many outputs the model has. */
  readonly outputs: number
}

/** Checks a state that comes from outside, and that it is one of such a training. The schedule checks its own part. */
export function checkFitState(expected: Expected, value: unknown): FitState {
  const given = checkOptions('state', value, KEYS)
  checkSettings(expected.settings, given.settings)
  checkSame('monitor', describe(expected.monitor), describe(given.monitor))
  checkSame(
    'schedule',
    scheduleWords(expected.hasSchedule),
    scheduleWords(given.schedule !== undefined),
  )
  const count = (name: Count, least: number): number =>
    checkInteger(`state.${name}`, given[name], least, Number.MAX_SAFE_INTEGER)
  const { epochBatches, bestParameters: best } = given
  return {
    settings: expected.settings,
    monitor: expected.monitor,
    epoch: count('epoch', 1),
    order: count('order', 1),
    batches: count('batches', 0),
    epochEnd: checkBoolean('state.epochEnd', given.epochEnd),
    epochBatches: epochBatches === undefined ? undefined : count('epochBatches', 1),
    updates: count('updates', 0),
    mean: checkMeanLossState('state.mean', expected.outputs, given.mean),
    schedule: given.schedule as ScheduleState | undefined,
    stopping: checkStoppingState('state.stopping', given.stopping),
    bestParameters: best === undefined ? undefined : checkParameters(expected, best),
  }
}

function checkSettings(expected: BatchSettings | undefined, value: unknown): void {
  checkSame('data', dataWords(expected !== undefined), dataWords(value !== undefined))
  if (expected === undefined) return
  const given = checkOptions('state.settings', value, SETTINGS)
  for (const name of SETTINGS) checkSame(name, describe(expected[name]), describe(given[name]))
}

const scheduleWords = (isGiven: boolean): string => (isGiven ? 'a schedule' : 'none')
const dataWords = (isDataset: boolean): string => (isDataset ? 'a Dataset' : 'ready batches')

/** What the training was begun with is what it goes on with; both in words. */
function checkSame(argument: string, now: string, before: string): void {
  if (now === before) return
  const expected = `${before}, as in the training that goes on`
  throw argumentError('ERR_GRU_VALUE', argument, expected, now)
}

function checkParameters({ parameterCount }: Expected, value: unknown): Float32Array {
  const parameters = checkFloat32Array('state.bestParameters', value)
  checkLength('state.bestParameters', parameters, 'parameters', parameterCount)
  return parameters
}
