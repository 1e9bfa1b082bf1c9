/**
 * What the file of a trainer holds beside its model, by name. A model's file is such a file without them.
 *
 * @module
 */
import type { ParameterSpec } from '../binding'
import { argumentError, quote } from './errors'
import { parseJson } from './formats/json'
import { isCount } from './formats/safetensors-header'
import type { Graph } from './graph'

/** The metadata key under which a trainer stands, as JSON. */
export const TRAINER_KEY = 'gru-native-trainer'

/** Arrays that the optimiser may have, in the order of the native part's, each with one number for each parameter. */
export const OPTIMIZER_ARRAYS = ['firstMoment', 'secondMoment', 'average'] as const
/** The array of a training's best parameters. */
export const BEST = 'bestParameters'
/** All such arrays. */
export const TRAINER_ARRAYS = [...OPTIMIZER_ARRAYS, BEST] as const

/** The name of such an array. */
export type TrainerArray = (typeof TRAINER_ARRAYS)[number]

/**
 * The tensors of an array: as the parameters, each with a prefix. It has dots, and a parameter's name has only the one
 * between the layer's name and its own, so no parameter is called so.
 */
export function arraySpecs(
  array: TrainerArray,
  specs: readonly Readonly<ParameterSpec>[],
): readonly Readonly<ParameterSpec>[] {
  return specs.map((spec) => ({ ...spec, name: `gru-native.${array}.${spec.name}` }))
}

/** The trainer of a file, parsed but unchecked; undefined if the file has none. */
export function parseTrainer(metadata: Readonly<Record<string, string>>, path: string): unknown {
  const json = metadata[TRAINER_KEY]
  return json === undefined ? undefined : parseJson(json, trainerPlace(path))
}

/** What messages call the trainer in a file. */
export function trainerPlace(path: string): string {
  return `${path}, metadata ${quote(TRAINER_KEY)}`
}

/** The tensors that the trainer of a file has; none if the file has no trainer. */
export function trainerSpecs(
  metadata: Readonly<Record<string, string>>,
  path: string,
  { parameters, states }: Pick<Graph, 'parameters' | 'states'>,
): readonly Readonly<ParameterSpec>[] {
  const trainer = parseTrainer(metadata, path)
  if (trainer === undefined) return []
  return [
    ...trainerArrays(trainer, path).flatMap((array) => arraySpecs(array, parameters)),
    ...carriedBatches(trainer, path).flatMap((batch, place) => carriedSpecs(place, batch, states)),
  ]
}

/**
 * The tensors of the states that the batch at a place of a step's list carries, each flat; none for a batch of 0.
 *
 * @param states - of the graph
 */
export function carriedSpecs(
  place: number,
  batch: number,
  states: Graph['states'],
): readonly Readonly<ParameterSpec>[] {
  if (batch === 0) return []
  return states.map(({ layer, kind, size }) => {
    const count = size * batch
    return {
      name: `gru-native.carried.${place}.${layer}.${kind}`,
      shape: [count],
      offset: 0,
      count,
    }
  })
}

/** The sequences in each batch whose states a parsed trainer carries; 0 for none. */
export function carriedBatches(trainer: unknown, path: string): readonly number[] {
  const batches = (trainer as { readonly carried?: unknown } | null)?.carried
  if (Array.isArray(batches) && batches.every(isCount)) return batches
  const got = shownList(batches)
  throw argumentError('ERR_GRU_FORMAT', trainerPlace(path), 'carried, a list of counts', got)
}

/** The arrays of a parsed trainer. */
export function trainerArrays(trainer: unknown, path: string): readonly TrainerArray[] {
  const arrays = (trainer as { readonly arrays?: unknown } | null)?.arrays
  const isList = Array.isArray(arrays) && arrays.every(isTrainerArray)
  if (isList && new Set(arrays).size === arrays.length) return arrays
  const expected = `arrays among ${TRAINER_ARRAYS.join(', ')}, each once`
  throw argumentError('ERR_GRU_FORMAT', trainerPlace(path), expected, shownList(arrays))
}

/** Characters of a wrong list in a message. */
const MAX_SHOWN = 100

function shownList(given: unknown): string {
  return given === undefined ? 'none' : JSON.stringify(given).slice(0, MAX_SHOWN)
}

function isTrainerArray(value: unknown): value is TrainerArray {
  return TRAINER_ARRAYS.some((known) => known === value)
}
