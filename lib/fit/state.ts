/**
 * The state of a training over epochs, from which it can continue.
 *
 * @module
 */
import type { NonSharedFloat32Array } from '../../binding'
import { argumentError, describe } from '../errors'
import type { Graph } from '../graph'
import { checkMeanLossState, type MeanLossState } from '../mean-loss'
import { type ResolvedSchedule, SCHEDULE_KINDS } from '../schedules/options'
import { checkScheduleState, type ScheduleState } from '../schedules/schedule'
import {
  checkBoolean,
  checkFloat32Array,
  checkInteger,
  checkLength,
  checkOneOf,
  checkOptions,
  checkSeed,
} from '../validate'
import { checkStoppingState, type StoppingState } from './early-stopping'

/** What decides which sequences a batch is made of; undefined for batches from an iterable. */
export interface BatchSettings {
  /** The number of sequences of the Dataset. */
  readonly sequences: number
  readonly batchSize: number
  readonly shuffle: boolean
  readonly seed: number
}

/**
 * The state of a training over epochs between two updates, without that of the trainer and the model. All values are plain
 * JSON values, except one array.
 *
 * The position in a Dataset is an order and a number of batches: batches that were trained on are not made again. Of an
 * iterable, this number of batches is skipped without checks, so it must give the same batches again.
 */
export interface FitState {
  readonly settings?: BatchSettings | undefined
  /** Batches of an update. */
  readonly accumulate: number
  /** Steps of a chunk; undefined for whole batches. */
  readonly chunkSteps?: number | undefined
  /** The figure by which `stopping` knows the best epoch. */
  readonly monitor: string
  /** The epoch that the last update belongs to. */
  readonly epoch: number
  /** The number of that epoch's order among those of the seed. */
  readonly order: number
  /** The number of batches of that epoch that were trained on. */
  readonly batches: number
  /** Whether that epoch has ended, its validation included. */
  readonly epochEnd: boolean
  /** The number of batches of an epoch, if it is known. */
  readonly epochBatches?: number | undefined
  readonly updates: number
  /** Of that epoch's losses. */
  readonly mean: MeanLossState
  /** The state of the schedule, if the training has one. */
  readonly schedule?: SavedSchedule | undefined
  readonly stopping: StoppingState
  /** All parameters after the best epoch, if the model gets them at the end. */
  readonly bestParameters?: NonSharedFloat32Array | undefined
}

/** A schedule of one kind. */
export interface SavedSchedule {
  readonly kind: ResolvedSchedule['kind']
  readonly state: ScheduleState
}

const KEYS = [
  'settings',
  'accumulate',
  'chunkSteps',
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
type Count =
  'accumulate' | 'chunkSteps' | 'epoch' | 'order' | 'batches' | 'epochBatches' | 'updates'
const SETTINGS = ['sequences', 'batchSize', 'shuffle', 'seed'] as const

/**
 * Checks a state from outside.
 *
 * @param graph - of the model
 */
export function checkFitState(
  value: unknown,
  graph: Pick<Graph, 'parameterCount' | 'outputs'>,
): FitState {
  const given = checkOptions('state', value, KEYS)
  const count = (name: Count, least: number): number =>
    checkInteger(`state.${name}`, given[name], least, Number.MAX_SAFE_INTEGER)
  const { settings, chunkSteps, epochBatches, schedule, bestParameters: best } = given
  return {
    settings: settings === undefined ? undefined : checkSettings(settings),
    accumulate: count('accumulate', 1),
    chunkSteps: chunkSteps === undefined ? undefined : count('chunkSteps', 1),
    monitor: checkName('state.monitor', given.monitor),
    epoch: count('epoch', 1),
    order: count('order', 1),
    batches: count('batches', 0),
    epochEnd: checkBoolean('state.epochEnd', given.epochEnd),
    epochBatches: epochBatches === undefined ? undefined : count('epochBatches', 1),
    updates: count('updates', 0),
    mean: checkMeanLossState('state.mean', graph.outputs.length, given.mean),
    schedule: schedule === undefined ? undefined : checkSavedSchedule(schedule),
    stopping: checkStoppingState('state.stopping', given.stopping),
    bestParameters: best === undefined ? undefined : checkParameters(best, graph.parameterCount),
  }
}

function checkSettings(value: unknown): BatchSettings {
  const given = checkOptions('state.settings', value, SETTINGS)
  const count = (name: 'sequences' | 'batchSize'): number =>
    checkInteger(`state.settings.${name}`, given[name], 1, Number.MAX_SAFE_INTEGER)
  return {
    sequences: count('sequences'),
    batchSize: count('batchSize'),
    shuffle: checkBoolean('state.settings.shuffle', given.shuffle),
    seed: checkSeed('state.settings.seed', given.seed),
  }
}

function checkName(argument: string, value: unknown): string {
  if (typeof value === 'string') return value
  throw argumentError('ERR_GRU_TYPE', argument, 'a string', describe(value))
}

function checkSavedSchedule(value: unknown): SavedSchedule {
  const given = checkOptions('state.schedule', value, ['kind', 'state'])
  const kind = checkOneOf('state.schedule.kind', given.kind, SCHEDULE_KINDS)
  return { kind, state: checkScheduleState('state.schedule.state', kind, given.state) }
}

function checkParameters(value: unknown, parameterCount: number): NonSharedFloat32Array {
  const parameters = checkFloat32Array('state.bestParameters', value)
  checkLength('state.bestParameters', parameters, 'parameters', parameterCount)
  return parameters
}

/** The properties of a training that must be the same as in the state from which it continues. */
export interface Unchanged extends Pick<
  FitState,
  'settings' | 'accumulate' | 'chunkSteps' | 'monitor'
> {
  /** Of schedule; undefined without one. */
  readonly scheduleKind: ResolvedSchedule['kind'] | undefined
}

/** Refuses a state of another training. */
export function checkSameTraining(now: Unchanged, before: FitState): void {
  checkSame('data', dataWords(now.settings), dataWords(before.settings))
  if (now.settings !== undefined && before.settings !== undefined) {
    for (const name of SETTINGS) {
      checkSame(name, describe(now.settings[name]), describe(before.settings[name]))
    }
  }
  checkSame('accumulate', describe(now.accumulate), describe(before.accumulate))
  checkSame('chunkSteps', describe(now.chunkSteps), describe(before.chunkSteps))
  checkSame('monitor', describe(now.monitor), describe(before.monitor))
  checkSame('schedule', kindWords(now.scheduleKind), kindWords(before.schedule?.kind))
}

const kindWords = (kind: string | undefined): string =>
  kind === undefined ? 'none' : `one of the kind ${describe(kind)}`
const dataWords = (settings: BatchSettings | undefined): string =>
  settings === undefined ? 'ready batches' : 'a Dataset'

/** Refuses a property that differs from the state. Both values are given in words. */
function checkSame(argument: string, now: string, before: string): void {
  if (now === before) return
  const expected = `${before}, as in the training that goes on`
  throw argumentError('ERR_GRU_VALUE', argument, expected, now)
}
