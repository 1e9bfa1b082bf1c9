/**
 * Parameters that a trainer treats in ways of their own.
 *
 * @module
 */
import type { NativeParameterOptions } from '../binding'
import { argumentError, describe } from './errors'
import type { Graph } from './graph'
import { matchParameters, type ParameterPatterns } from './parameter-patterns'
import { checkNumber, checkOptions, MAX_FLOAT32 } from './validate'

/** Some parameters with hyperparameters of their own. */
export interface ParameterGroup {
  /** Those that it holds. A parameter is in one group at the most. */
  readonly parameters: ParameterPatterns
  /**
   * 0 or more. Default: the optimiser's. Where a step is given a rate, this one keeps its proportion to the optimiser's:
   * it is multiplied by the step's and divided by the optimiser's, as schedules of PyTorch scale each group's rate.
   */
  readonly learningRate?: number | undefined
  /** 0 or more. Default: the optimiser's. */
  readonly weightDecay?: number | undefined
}

/** A group with its parameters' names, and undefined where it follows the optimiser. */
export interface ResolvedParameterGroup {
  readonly parameters: readonly string[]
  readonly learningRate: number | undefined
  readonly weightDecay: number | undefined
}

/** What becomes of the parameters of a graph. */
export interface CheckedParameters {
  readonly groups: readonly ResolvedParameterGroup[]
  readonly frozen: readonly string[]
  readonly native: NativeParameterOptions[]
}

const GROUP_KEYS = ['parameters', 'learningRate', 'weightDecay'] as const
const RANGE = { atLeast: 0, atMost: MAX_FLOAT32 }

/** @param groups, frozen - the caller's, unchecked */
export function checkParameters(graph: Graph, groups: unknown, frozen: unknown): CheckedParameters {
  const names = graph.parameters.map(({ name }) => name)
  const resolved = checkGroups(groups ?? [], names)
  const still = frozen === undefined ? [] : matchParameters('frozen', frozen, names)
  const native = names.map((name) => {
    const group = resolved.find(({ parameters }) => parameters.includes(name))
    return {
      frozen: still.includes(name),
      learningRate: group?.learningRate ?? null,
      weightDecay: group?.weightDecay ?? null,
    }
  })
  return { groups: resolved, frozen: Object.freeze(still), native }
}

function checkGroups(groups: unknown, names: readonly string[]): readonly ResolvedParameterGroup[] {
  if (!Array.isArray(groups)) {
    throw argumentError('ERR_GRU_TYPE', 'groups', 'an Array of groups', describe(groups))
  }
  const resolved = groups.map((group, index) => checkGroup(`groups[${index}]`, group, names))
  resolved.forEach((group, index) => {
    checkApart(resolved.slice(0, index), group, index)
  })
  return Object.freeze(resolved)
}

function checkGroup(
  argument: string,
  value: unknown,
  names: readonly string[],
): ResolvedParameterGroup {
  const given = checkOptions(argument, value, GROUP_KEYS)
  const number = (name: 'learningRate' | 'weightDecay'): number | undefined =>
    given[name] === undefined ? undefined : checkNumber(`${argument}.${name}`, given[name], RANGE)
  const parameters = matchParameters(`${argument}.parameters`, given.parameters, names)
  return Object.freeze({
    parameters: Object.freeze(parameters),
    learningRate: number('learningRate'),
    weightDecay: number('weightDecay'),
  })
}

function checkApart(
  before: readonly ResolvedParameterGroup[],
  { parameters }: ResolvedParameterGroup,
  index: number,
): void {
  for (const [other, group] of before.entries()) {
    const shared = parameters.filter((name) => group.parameters.includes(name))
    if (shared.length === 0) continue
    const argument = `groups[${index}].parameters`
    const expected = `none of the parameters of groups[${other}]`
    throw argumentError('ERR_GRU_VALUE', argument, expected, shared.join(', '))
  }
}
