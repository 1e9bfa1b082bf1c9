/**
 * Options of single parameters of a trainer.
 *
 * @module
 */
import type { NativeParameterOptions } from '../binding'
import { argumentError, describe } from './errors'
import type { Graph } from './graph'
import { matchParameters, type ParameterPatterns } from './parameter-patterns'
import { checkNumber, checkOptions, MAX_FLOAT32 } from './validate'

/** Some parameters with their own learning rate, weight decay, or both. */
export interface ParameterGroup {
  /** The parameters of the group. A parameter may be in one group only. */
  readonly parameters: ParameterPatterns
  /**
   * 0 or more. Default: the optimiser's. If a step has its own rate, this rate keeps its ratio to the optimiser's: it is
   * multiplied by the step's rate and divided by the optimiser's, as schedules in PyTorch scale each group's rate.
   */
  readonly learningRate?: number | undefined
  /** 0 or more. Default: the optimiser's. */
  readonly weightDecay?: number | undefined
}

/** A group with the names of its parameters; undefined means the optimiser's value. */
export interface ResolvedParameterGroup {
  readonly parameters: readonly string[]
  readonly learningRate: number | undefined
  readonly weightDecay: number | undefined
}

/** The options of all parameters of a graph. */
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
  if (given.learningRate === undefined && given.weightDecay === undefined) {
    const expected = 'a learningRate or a weightDecay, without which a group does nothing'
    throw argumentError('ERR_GRU_VALUE', argument, expected, 'neither')
  }
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
