/**
 * The targets of outputs: classes, values or labels. The native part describes them for each loss.
 *
 * @module
 */
import type { NativeTarget, NativeTargetForm } from '../binding'
import { argumentError } from './errors'
import type { GraphOutput } from './graph'
import type { Lengths } from './model-batch'
import { padded } from './padded'
import {
  checkFloat32Array,
  checkInt32Array,
  checkInteger,
  checkLength,
  checkLengths,
  checkNumber,
  checkOptions,
} from './validate'

/** The labels of a batch of sequences, for the loss 'ctc'. */
export interface LabelTarget {
  /** [S, batch], or [batch, S] with batchFirst, where S is the largest number of labels of a sequence. Labels begin at 1: 0 is the blank. */
  readonly labels: Int32Array
  /** The number of labels of each sequence, from 0 to S. Labels beyond it do not count. Default: S for all. */
  readonly lengths?: Lengths | undefined
}

/**
 * The target of an output: classes [steps, batch] (Int32Array), values [steps, batch, values] (Float32Array) or labels,
 * depending on its loss. If the output has one prediction for each sequence: [batch] or [batch, values].
 */
export type ModelTarget = Float32Array | Int32Array | LabelTarget

/** The target of one sequence: classes [steps], values [steps, values] or labels, which may be none. */
export type SequenceTarget = Float32Array | Int32Array

/** The number of rows that an output has in a batch, including padded rows. */
interface TargetRows {
  readonly batch: number
  readonly rows: number
}

/** A kind of targets. Messages call the target `argument`. */
interface TargetKind {
  /** Checks the target of a batch; whether its integers are in range, the native part checks. */
  readonly check: (
    argument: string,
    form: NativeTargetForm,
    rows: TargetRows,
    value: unknown,
  ) => NativeTarget
  /** Checks the target of one sequence, for which the output predicts `rows` rows. */
  readonly checkSequence: (
    argument: string,
    form: NativeTargetForm,
    rows: number,
    value: unknown,
  ) => SequenceTarget
  /** Makes the target of a batch from those of its sequences, of which the longest has `rows` rows. */
  readonly join: (
    form: NativeTargetForm,
    sequences: readonly SequenceTarget[],
    rows: number,
    batchFirst: boolean,
  ) => NativeTarget
}

/** Targets with the same number of values for each row, in an array that `checkArray` accepts. */
function kindOfRows(checkArray: (argument: string, value: unknown) => SequenceTarget): TargetKind {
  return {
    check: (argument, { formula, columns }, { rows }, value) => {
      const target = checkArray(argument, value)
      checkLength(argument, target, formula, rows * columns)
      return target
    },
    checkSequence: (argument, { sequenceFormula, columns }, rows, value) => {
      const target = checkArray(argument, value)
      checkLength(argument, target, sequenceFormula, rows * columns)
      return target
    },
    join: ({ columns }, sequences, rows, batchFirst) =>
      padded(sequences, rows, columns, batchFirst),
  }
}

const KINDS: { readonly [K in NativeTargetForm['kind']]: TargetKind } = {
  classes: kindOfRows(checkInt32Array),
  values: kindOfRows(checkFloat32Array),
  labels: {
    check: checkLabels,
    checkSequence: (argument, _form, _rows, value) => checkInt32Array(argument, value),
    join: (_form, sequences, _rows, batchFirst) => {
      const lengths = Int32Array.from(sequences, ({ length }) => length)
      const most = lengths.reduce((longest, length) => Math.max(longest, length))
      return { labels: padded(sequences, most, 1, batchFirst) as Int32Array, lengths }
    },
  },
}

function checkLabels(
  argument: string,
  { formula }: NativeTargetForm,
  { batch }: TargetRows,
  value: unknown,
): NativeTarget {
  const given = checkOptions(argument, value, ['labels', 'lengths'])
  const labels = checkInt32Array(`${argument}.labels`, given.labels)
  const most = labels.length / batch
  if (!Number.isInteger(most)) {
    const got = labels.length === 1 ? '1 value' : `${labels.length} values`
    const expected = `${formula} = a multiple of ${batch}`
    throw argumentError('ERR_GRU_SHAPE', `${argument}.labels`, expected, got)
  }
  const lengths =
    given.lengths === undefined
      ? new Int32Array(batch).fill(most)
      : checkLengths(`${argument}.lengths`, given.lengths, batch, most)
  return { labels, lengths }
}

/** Checks the target of a batch. */
export function checkTarget(output: GraphOutput, rows: TargetRows, value: unknown): NativeTarget {
  const { target, targetForm } = output
  return KINDS[targetForm.kind].check(target, targetForm, rows, value)
}

/** Checks the target of one sequence of `steps` steps. {@link checkTargetRange} checks that its integers are in range. */
export function checkSequenceTarget(
  argument: string,
  { every, targetForm }: GraphOutput,
  steps: number,
  value: unknown,
): SequenceTarget {
  const rows = every === 'step' ? steps : 1
  return KINDS[targetForm.kind].checkSequence(argument, targetForm, rows, value)
}

/**
 * Checks that classes, labels and values are in their range. The error names the first that is not by its index. A value
 * that is not finite passes: other checks find it.
 */
export function checkTargetRange(
  argument: string,
  { targetForm: { kind, range } }: GraphOutput,
  target: SequenceTarget,
): void {
  if (range === null) return
  const { first, last, ignored } = range
  for (let i = 0; i < target.length; i++) {
    const value = target[i]!
    if (value >= first && value <= last) continue
    if (value === ignored || !Number.isFinite(value)) continue
    const place = `${argument}[${i}]`
    if (kind === 'values') checkNumber(place, value, { atLeast: first, atMost: last })
    else checkInteger(place, value, first, last)
  }
}

/** A copy of a target of a batch. */
export function copyOfTarget(target: NativeTarget): NativeTarget {
  if ('labels' in target) return { labels: target.labels.slice(), lengths: target.lengths.slice() }
  return target.slice()
}

/** Makes the target of a batch from those of its sequences, of which the longest has `steps` steps. */
export function joinTargets(
  { every, targetForm }: GraphOutput,
  sequences: readonly SequenceTarget[],
  steps: number,
  batchFirst: boolean,
): NativeTarget {
  const rows = every === 'step' ? steps : 1
  return KINDS[targetForm.kind].join(targetForm, sequences, rows, batchFirst)
}
