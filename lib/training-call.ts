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

/** The options of a call whose batch may continue the batch of the call before. */
export interface CarryOptions {
  /**
   * With `true`, the call begins with the final states of the last call with this option, or with zeros if it is the first
   * one, and keeps its own final states: truncated back-propagation through time. No gradient goes back into the batch
   * before. Sequence i of a batch continues as sequence i of the next batch. A sequence that has ended has length 0 in later
   * batches, and keeps its state. In a list of batches, batch k continues batch k of the list before. If the call fails, is
   * aborted or skipped, the states stay as they were. With `false`, the call begins with zeros and does not change the states
   * that are kept. Steps have one set of states, and evaluations another. Default false.
   */
  readonly carryState?: boolean | undefined
}

/** What an evaluation may be given. */
export interface EvaluateOptions extends CarryOptions {
  /** As the `signal` of a batch. Only one of the two may be given. */
  readonly signal?: AbortSignal | undefined
}

/** The options of an update of a {@link Trainer}. */
export interface UpdateOptions {
  /**
   * The learning rate of this update, 0 or more, instead of the optimiser's; for schedules. The rates of groups keep
   * their ratio to the optimiser's: each is multiplied by this rate and divided by the optimiser's. Default: the
   * optimiser's.
   */
  readonly learningRate?: number | undefined
}

/** The options of a synchronous step of a {@link Trainer}. */
export interface StepSyncOptions extends UpdateOptions, CarryOptions {}

/** The options of a step that returns a promise. */
export interface StepOptions extends StepSyncOptions {
  /** As the `signal` of a batch. Lists of batches have no other place for it. */
  readonly signal?: AbortSignal | undefined
}

/** A signal, unchecked. */
interface Signalled {
  readonly signal: unknown
}

/** A batch that may continue the batch before. */
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
