/**
 * The arguments of a trainer's calls, checked against its model.
 *
 * @module
 */
import type { NativeStepOptions } from '../binding'
import { givenBatch } from './batch-forms'
import { argumentError, inPlace } from './errors'
import type { ModelInternals } from './graph-model'
import {
  type CheckedBatch,
  type CheckedInputs,
  checkInputs,
  checkTargets,
  type GivenBatch,
} from './model-batch'
import { checkBoolean, checkNumber, checkOptions, MAX_FLOAT32 } from './validate'

/** What a call on a batch may be given that goes on from the batch before. */
export interface CarryOptions {
  /**
   * Begins with the states in which the last call with this option ended, at first with zeros, and keeps those in which
   * this one ends: truncated back-propagation through time. No gradient goes from a batch to the one before. Each
   * sequence goes on at its place in the batch; one that has ended has length 0, and keeps its state. Of a list of
   * batches each goes on from the one at its place. Where the call fails, is aborted or skipped, the states stay as they
   * were. A call without this option begins at zero, and changes no state that is kept. Steps and evaluations have
   * states of their own. Default false.
   */
  readonly carryState?: boolean | undefined
}

/** What an evaluation may be given. */
export interface EvaluateOptions extends CarryOptions {
  /** As the `signal` of a batch. Only one of the two may be given. */
  readonly signal?: AbortSignal | undefined
}

/** What an update of a {@link Trainer} may be given. */
export interface UpdateOptions {
  /**
   * The learning rate of this update, 0 or more, instead of the optimiser's; for schedules. The rates of groups keep
   * their ratio to the optimiser's: each is multiplied by this rate and divided by the optimiser's. Default: the
   * optimiser's.
   */
  readonly learningRate?: number | undefined
}

/** What a step of a {@link Trainer} may be given, in its synchronous form. */
export interface StepSyncOptions extends UpdateOptions, CarryOptions {}

/** What a step that returns a promise may be given. */
export interface StepOptions extends StepSyncOptions {
  /** As the `signal` of a batch; for lists of batches, which have none. */
  readonly signal?: AbortSignal | undefined
}

/** A signal, unchecked. */
interface Signalled {
  readonly signal: unknown
}

/** A batch that may go on from the one before. */
export interface CarriedBatch extends CheckedBatch {
  readonly carryState?: boolean
}

/** A step that the native part can make. */
export interface StepCall extends Signalled {
  readonly batches: CarriedBatch[]
  readonly options: NativeStepOptions
}

const BATCH_KEYS = ['batch', 'lengths'] as const
const SIGNAL_KEYS = ['signal'] as const
const RATE_KEYS = ['learningRate'] as const
const CARRY_KEYS = ['carryState'] as const
const STEP_KEYS = [...RATE_KEYS, ...CARRY_KEYS] as const
const NO_KEYS = [] as const
const RATE_RANGE = { atLeast: 0, atMost: MAX_FLOAT32 }

/** Checks a batch of a call without a signal. */
export function checkBatch(model: ModelInternals, value: unknown): CheckedBatch {
  return checkTrainingBatch(model, value, NO_KEYS)
}

/** Checks a batch of a call that returns a promise. */
export function checkAbortableBatch(
  model: ModelInternals,
  value: unknown,
): CheckedBatch & Signalled {
  return checkTrainingBatch(model, value, SIGNAL_KEYS)
}

/** Checks the inputs of a forward call without a signal. */
export function checkForwardSync(model: ModelInternals, value: unknown): CheckedInputs {
  return checkForwardInputs(model, value, NO_KEYS)
}

/** Checks the inputs of a forward call that returns a promise. */
export function checkForward(model: ModelInternals, value: unknown): CheckedInputs & Signalled {
  return checkForwardInputs(model, value, SIGNAL_KEYS)
}

/** The arguments of `stepSync`: a batch, or a list of them. */
export function checkStepSync(model: ModelInternals, value: unknown, options: unknown): StepCall {
  const { carryState, learningRate } = checkOptions('options', options, STEP_KEYS)
  const batches = Array.isArray(value) ? checkList(model, value) : [checkBatch(model, value)]
  return {
    batches: withCarry(batches, carryState),
    options: { learningRate: learningRateOf(learningRate) },
    signal: undefined,
  }
}

/** The arguments of `step`. */
export function checkStep(model: ModelInternals, value: unknown, options: unknown): StepCall {
  const given = checkOptions('options', options, [...STEP_KEYS, ...SIGNAL_KEYS])
  const rate = { learningRate: learningRateOf(given.learningRate) }
  if (Array.isArray(value)) {
    const batches = withCarry(checkList(model, value), given.carryState)
    return { batches, options: rate, signal: given.signal }
  }
  const { signal, ...batch } = checkAbortableBatch(model, value)
  const batches = withCarry([batch], given.carryState)
  return { batches, options: rate, signal: oneSignal(signal, given.signal) }
}

/** The arguments of `evaluate`. */
export function checkEvaluation(
  model: ModelInternals,
  value: unknown,
  options: unknown,
): CarriedBatch & Signalled {
  const given = checkOptions('options', options, [...CARRY_KEYS, ...SIGNAL_KEYS])
  const { signal, ...batch } = checkAbortableBatch(model, value)
  return { ...withCarry([batch], given.carryState)[0]!, signal: oneSignal(signal, given.signal) }
}

/** A batch and the options may both hold a signal, but not in the same call. */
function oneSignal(ofBatch: unknown, ofOptions: unknown): unknown {
  if (ofBatch !== undefined && ofOptions !== undefined) {
    throw argumentError('ERR_GRU_VALUE', 'signal', 'one, of the batch or of the options', 'both')
  }
  return ofBatch ?? ofOptions
}

function withCarry(batches: readonly CheckedBatch[], given: unknown = false): CarriedBatch[] {
  const carryState = checkBoolean('carryState', given)
  return batches.map((batch) => ({ ...batch, carryState }))
}

/** The options of a synchronous call. */
export function checkRate(options: unknown): NativeStepOptions {
  const { learningRate } = checkOptions('options', options, RATE_KEYS)
  return { learningRate: learningRateOf(learningRate) }
}

function learningRateOf(given: unknown): number | null {
  return given === undefined ? null : checkNumber('learningRate', given, RATE_RANGE)
}

type Given = Readonly<Record<string, unknown>>

function checkForwardInputs(
  { core, form }: ModelInternals,
  value: unknown,
  keys: readonly string[],
): CheckedInputs & Signalled {
  const given: Given = checkOptions('batch', value, [form.keys[0], ...BATCH_KEYS, ...keys])
  const inputs = checkInputs(core.graph, givenBatch(form, core.graph, given))
  return { ...inputs, signal: given['signal'] }
}

function checkTrainingBatch(
  { core, form }: ModelInternals,
  value: unknown,
  keys: readonly string[],
): CheckedBatch & Signalled {
  const given: Given = checkOptions('batch', value, [...form.keys, ...BATCH_KEYS, ...keys])
  const read: GivenBatch = givenBatch(form, core.graph, given)
  const inputs = checkInputs(core.graph, read)
  const targets = checkTargets(core.graph, inputs, form.targetsOf(core.graph, '', given))
  return { ...inputs, targets, signal: given['signal'] }
}

function checkList(model: ModelInternals, values: readonly unknown[]): CheckedBatch[] {
  if (values.length === 0) {
    throw argumentError('ERR_GRU_VALUE', 'batches', 'at least one', 'an Array of 0')
  }
  return values.map((value, index) => inPlace(`batches[${index}]`, () => checkBatch(model, value)))
}
