/**
 * The options of a trainer.
 *
 * @module
 */
import type { NativeTrainerOptions } from '../binding'
import type { Graph } from './graph'
import { checkOptimizer, type OptimizerOptions, type ResolvedOptimizer } from './optimizer'
import {
  checkParameters,
  type ParameterGroup,
  type ResolvedParameterGroup,
} from './parameter-groups'
import type { ParameterPatterns } from './parameter-patterns'
import { checkBoolean, checkFloat32Number, checkOneOf, checkOptions, MAX_FLOAT32 } from './validate'

/** An exponential moving average of the parameters. */
export interface AverageOptions {
  /** d in average = d * average + (1 - d) * parameters, after each update: from 0 to less than 1, also as float32, as 0.999. */
  readonly decay: number
}

/** What happens to a step whose loss or gradients are NaN or infinite. */
export type NonFinite = 'throw' | 'skip'

/** How a {@link Trainer} changes parameters. */
export interface TrainerOptions {
  readonly optimizer: OptimizerOptions
  /** Bound on the global L2 norm of all gradients, above 0 and finite, also as float32. Default: none. */
  readonly clipNorm?: number | undefined
  /** Bound on the magnitude of each gradient, with the range of clipNorm. It is applied after clipNorm. Default: none. */
  readonly clipValue?: number | undefined
  /** Parameters with their own learning rate or weight decay. Default: none. */
  readonly groups?: readonly ParameterGroup[] | undefined
  /**
   * Parameters that keep their values. They have no gradient, are not counted in the norm, and are not updated, not even
   * by weight decay. They may be in a group, which then does not apply to them. A layer has no backward pass if all its
   * parameters and those of all layers before it are frozen. Default: none.
   */
  readonly frozen?: ParameterPatterns | undefined
  /** Keeps an exponential moving average of the parameters, starting with their current values. Default: none. */
  readonly average?: AverageOptions | undefined
  /**
   * What happens to a step whose loss or gradients are NaN or infinite. 'throw': it fails with ERR_GRU_NONFINITE. 'skip': it
   * succeeds, and its result has `skipped: true`. In both cases nothing changes. Default 'throw'.
   */
  readonly nonFinite?: NonFinite | undefined
  /**
   * Saves memory in training and costs time: activation checkpointing. The backward pass needs the gates of each recurrent
   * layer. With `false`, the forward pass keeps all of them. With `true`, it keeps the outputs of the layers, and the
   * backward pass computes the gates again, for one layer and direction at a time. This costs one more forward pass of the
   * recurrent layers. Results have the same bits.
   *
   * A recurrent layer with H hidden units, L layers (`numLayers`) and D directions keeps, for each valid step of a batch,
   * L * D * H float32 numbers of outputs (with dropout (L - 1) * D * H more) and, with `false`, R * L * D * H of gates; R is
   * 4 for a GRU and 5 for an LSTM. With `true`, one memory of R * H numbers for each valid step, as large as the largest
   * recurrent layer needs, serves the whole model and all passes of the trainer.
   *
   * The gates that were computed last are still there, so that a step of a model with one GRU or LSTM of one layer and one
   * direction saves nothing and computes nothing again. Default false.
   */
  readonly recomputeActivations?: boolean | undefined
}

/** The options of a {@link Trainer} with every default filled in. */
export interface ResolvedTrainerOptions {
  readonly optimizer: ResolvedOptimizer
  readonly clipNorm: number | undefined
  readonly clipValue: number | undefined
  /** With the names of their parameters */
  readonly groups: readonly ResolvedParameterGroup[]
  /** By their names */
  readonly frozen: readonly string[]
  readonly average: Readonly<AverageOptions> | undefined
  readonly nonFinite: NonFinite
  readonly recomputeActivations: boolean
}

const KEYS = [
  'optimizer',
  'clipNorm',
  'clipValue',
  'groups',
  'frozen',
  'average',
  'nonFinite',
  'recomputeActivations',
] as const
const CLIP_RANGE = { above: 0, atMost: MAX_FLOAT32 }

/** Checks the options of a trainer of a model with that graph. */
export function checkTrainerOptions(
  graph: Graph,
  options: unknown,
): { readonly resolved: ResolvedTrainerOptions; readonly native: NativeTrainerOptions } {
  const given = checkOptions('options', options, KEYS)
  const optimizer = checkOptimizer(given.optimizer)
  const clipNorm = checkClip('clipNorm', given.clipNorm)
  const clipValue = checkClip('clipValue', given.clipValue)
  const { groups, frozen, native } = checkParameters(graph, given.groups, given.frozen)
  const average = given.average === undefined ? undefined : checkAverage(given.average)
  const nonFinite = checkOneOf('nonFinite', given.nonFinite ?? 'throw', ['throw', 'skip'])
  const recomputeActivations = checkBoolean(
    'recomputeActivations',
    given.recomputeActivations ?? false,
  )
  return {
    resolved: Object.freeze({
      optimizer: optimizer.resolved,
      ...{ clipNorm, clipValue, groups, frozen, average, nonFinite },
      recomputeActivations,
    }),
    native: {
      ...optimizer.native,
      clipNorm: clipNorm ?? 0,
      clipValue: clipValue ?? 0,
      parameters: native,
      averageDecay: average?.decay ?? null,
      nonFinite,
      recomputeActivations,
    },
  }
}

function checkClip(argument: string, given: unknown): number | undefined {
  return given === undefined ? undefined : checkFloat32Number(argument, given, CLIP_RANGE)
}

function checkAverage(value: unknown): Readonly<AverageOptions> {
  const { decay } = checkOptions('average', value, ['decay'])
  const range = { atLeast: 0, below: 1 }
  return Object.freeze({ decay: checkFloat32Number('average.decay', decay, range) })
}
