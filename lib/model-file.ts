/**
 * The file form of a sequence model: safetensors, with the architecture as JSON among its metadata.
 *
 * @module
 */
import type { ParameterSpec } from '../binding'
import { argumentError, describe, GruError, quote } from './errors'
import { parseJson } from './formats/json'
import { readSafetensors, type Tensor, writeSafetensors } from './formats/safetensors'
import { resolveSeed } from './gru-options'
import {
  ARCHITECTURE_KEYS,
  checkArchitecture,
  type CheckedArchitecture,
  countModelParameters,
  type ResolvedArchitecture,
} from './model-options'
import type { Parameters } from './parameters'
import { checkOptions } from './validate'

/** The metadata key under which a model's architecture stands; all others are the caller's. */
const MODEL_KEY = 'gru-native'
const FORMAT_VERSION = 1

/** Free text by keys, saved with a model. */
export type Metadata = Readonly<Record<string, string>>

/** A model as a file holds it. */
export interface SavedModel {
  readonly architecture: ResolvedArchitecture
  readonly seed: number
  readonly metadata: Metadata
}

/** Checks free text to be saved, and returns a copy. */
export function checkMetadata(given: unknown): Metadata {
  const texts: [key: string, text: string][] = []
  const names = typeof given === 'object' && given !== null ? Object.keys(given) : []
  for (const [key, text] of Object.entries(checkOptions('metadata', given, names))) {
    const argument = `metadata[${quote(key)}]`
    if (key === MODEL_KEY) {
      throw argumentError('ERR_GRU_VALUE', 'metadata', `keys other than ${MODEL_KEY}`, quote(key))
    }
    if (typeof text !== 'string') {
      throw argumentError('ERR_GRU_TYPE', argument, 'a string', describe(text))
    }
    texts.push([key, text])
  }
  // Not by assignment, which would lose the key __proto__.
  return Object.freeze(Object.fromEntries(texts))
}

/** Writes a model; an old file of that name is replaced only when the new one is whole. */
export async function writeModel(
  path: string,
  { architecture, seed, metadata }: SavedModel,
  specs: readonly Readonly<ParameterSpec>[],
  parameters: Parameters,
): Promise<void> {
  const model = JSON.stringify({ version: FORMAT_VERSION, seed, ...architecture })
  const tensors = new Map<string, Tensor>()
  for (const { name, shape } of specs) {
    const data = parameters[name]
    if (data !== undefined) tensors.set(name, { dtype: 'F32', shape, data })
  }
  await writeSafetensors(path, { metadata: { [MODEL_KEY]: model, ...metadata }, tensors })
}

/** What a file holds, up to its tensors, whose names and shapes {@link parametersOf} checks. */
export interface ReadModel extends SavedModel {
  readonly tensors: ReadonlyMap<string, Tensor>
}

/**
 * Reads a model's file.
 *
 * @throws GruError ERR_GRU_FORMAT where the file cannot be read, holds no model, or fewer or more numbers than its architecture
 */
export async function readModel(path: string): Promise<ReadModel> {
  const { metadata, tensors } = await readSafetensors(path)
  const { [MODEL_KEY]: json, ...others } = metadata
  const place = `${path}, metadata ${quote(MODEL_KEY)}`
  if (json === undefined) {
    throw argumentError('ERR_GRU_FORMAT', place, 'the options of a model', 'nothing')
  }
  const { seed, checked } = parseArchitecture(json, place)
  checkTotal(path, tensors, countModelParameters(checked.native))
  const architecture = checked.resolved
  return { architecture, seed, metadata: Object.freeze(others), tensors }
}

function parseArchitecture(
  json: string,
  place: string,
): { readonly seed: number; readonly checked: CheckedArchitecture } {
  try {
    const keys = ['version', 'seed', ...ARCHITECTURE_KEYS] as const
    const given = checkOptions('model', parseJson(json, 'model'), keys)
    if (given.version !== FORMAT_VERSION) {
      const expected = `the format's version ${FORMAT_VERSION}`
      throw argumentError('ERR_GRU_FORMAT', 'version', expected, describe(given.version))
    }
    return { seed: resolveSeed(given.seed), checked: checkArchitecture(given) }
  } catch (cause) {
    throw new GruError('ERR_GRU_FORMAT', `${place}: ${(cause as Error).message}`, { cause })
  }
}

/** Before a model of that size is made: a file may lie, and memory should not follow it. */
function checkTotal(path: string, tensors: ReadonlyMap<string, Tensor>, expected: number): void {
  let total = 0
  for (const { data } of tensors.values()) total += data.length
  if (total === expected) return
  const meaning = `tensors with ${expected} values, as its options say`
  throw argumentError('ERR_GRU_FORMAT', path, meaning, String(total))
}

/**
 * The parameters in a file, each with the shape that it must have.
 *
 * @throws GruError ERR_GRU_FORMAT where a tensor is missing, is none of the model's, or has another dtype or shape
 */
export function parametersOf(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  specs: readonly Readonly<ParameterSpec>[],
): Parameters {
  const parameters: Parameters = {}
  for (const { name, shape } of specs) {
    const tensor = tensors.get(name)
    const got = tensor === undefined ? 'none' : `${tensor.dtype} [${tensor.shape.join(', ')}]`
    const expected = `F32 [${shape.join(', ')}]`
    if (tensor?.dtype !== 'F32' || got !== expected) {
      throw argumentError('ERR_GRU_FORMAT', `${path}, tensor ${quote(name)}`, expected, got)
    }
    parameters[name] = tensor.data
  }
  for (const name of tensors.keys()) {
    if (!Object.hasOwn(parameters, name)) {
      throw argumentError('ERR_GRU_FORMAT', path, "only the model's tensors", quote(name))
    }
  }
  return parameters
}
