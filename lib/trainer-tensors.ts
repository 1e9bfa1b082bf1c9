/**
 * What the file of a trainer holds beside its model, by name. A model's file is such a file without them.
 *
 * @module
 */
import type { ParameterSpec } from '../binding'
import { argumentError, quote } from './errors'
import { parseJson } from './formats/json'

/** The metadata key under which a trainer stands, as JSON. */
export const TRAINER_KEY = 'gru-native-trainer'

/** Arrays that a trainer may have, each with one number for each parameter. */
export const TRAINER_ARRAYS = ['firstMoment', 'secondMoment', 'average', 'bestParameters'] as const

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

/** The trainer of a file, parsed but unchecked; undefined where the file has none. */
export function parseTrainer(metadata: Readonly<Record<string, string>>, path: string): unknown {
  const json = metadata[TRAINER_KEY]
  return json === undefined ? undefined : parseJson(json, trainerPlace(path))
}

/** What messages call the trainer in a file. */
export function trainerPlace(path: string): string {
  return `${path}, metadata ${quote(TRAINER_KEY)}`
}

/** The tensors that the trainer of a file has; none where the file has none. */
export function trainerSpecs(
  metadata: Readonly<Record<string, string>>,
  path: string,
  specs: readonly Readonly<ParameterSpec>[],
): readonly Readonly<ParameterSpec>[] {
  const trainer = parseTrainer(metadata, path)
  if (trainer === undefined) return []
  return trainerArrays(trainer, path).flatMap((array) => arraySpecs(array, specs))
}

/** The arrays of a parsed trainer. */
export function trainerArrays(trainer: unknown, path: string): readonly TrainerArray[] {
  const arrays = (trainer as { readonly arrays?: unknown } | null)?.arrays
  const isList = Array.isArray(arrays) && arrays.every(isTrainerArray)
  if (isList && new Set(arrays).size === arrays.length) return arrays
  const expected = `arrays among ${TRAINER_ARRAYS.join(', ')}, each once`
  const got = arrays === undefined ? 'none' : JSON.stringify(arrays).slice(0, MAX_SHOWN)
  throw argumentError('ERR_GRU_FORMAT', trainerPlace(path), expected, got)
}

/** Characters of a wrong list in a message. */
const MAX_SHOWN = 100

function isTrainerArray(value: unknown): value is TrainerArray {
  return TRAINER_ARRAYS.some((known) => known === value)
}
