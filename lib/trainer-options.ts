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
import { checkFloat32Number, checkOneOf, checkOptions, MAX_FLOAT32 } from './validate'

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
  /** Bound on the magnitude of each gradient, as clipNorm, after which it is applied. Default: none. */
  readonly clipValue?: number | undefined
  /** Parameters with their own learning rate or weight decay. Default: none. */
  readonly groups?: readonly ParameterGroup[] | undefined
  /**
   * Parameters that keep their values. They have no gradient, are not counted in the norm, and are not updated, not even
   * by weight decay. They may be in a group, which then does not apply to them. Default: none.
   */
  readonly frozen?: ParameterPatterns | undefined
  /** Keeps an exponential moving average of the parameters, starting with their current values. Default: none. */
  readonly average?: AverageOptions | undefined
  /**
   * What happens to a step whose loss or gradients are NaN or infinite. 'throw': it fails with ERR_GRU_NONFINITE. 'skip': it
   * succeeds, and its result has `skipped: true`. In both cases nothing changes. Default 'throw'.
   */
  readonly nonFinite?: NonFinite | undefined
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
}

const KEYS = [
  'optimizer',
  'clipNorm',
  'clipValue',
  'groups',
  'frozen',
  'average',
  'nonFinite',
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
  return {
    resolved: Object.freeze({
      optimizer: optimizer.resolved,
      ...{ clipNorm, clipValue, groups, frozen, average, nonFinite },
    }),
    native: {
      ...optimizer.native,
      clipNorm: clipNorm ?? 0,
      clipValue: clipValue ?? 0,
      parameters: native,
      averageDecay: average?.decay ?? null,
      nonFinite,
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
