/**
 * The file form of models: safetensors, with the model's options as JSON among its metadata.
 *
 * @module
 */
import type { NativeGraphOptions, NonSharedFloat32Array, ParameterSpec } from '../binding'
import { newFloat32Array } from './arrays'
import { argumentError, describe, GruError, quote } from './errors'
import { parseJson } from './formats/json'
import type { Tensor } from './formats/safetensors-dtypes'
import {
  FLOAT_DTYPES,
  isFloatDtype,
  type SafetensorsFile,
  type TensorInfo,
} from './formats/safetensors-reader'
import { describeShape } from './formats/safetensors-header'
import {
  layOutSafetensors,
  type Safetensors,
  type SafetensorsLayout,
  type TensorForm,
  writeSafetensors,
} from './formats/safetensors-writer'
import { describeGraph, type Graph } from './graph'
import { resolveSeed } from './recurrent-options'
import { native } from './native'
import type { SomeParameters } from './parameters'
import { TRAINER_KEY, trainerSpecs } from './trainer-tensors'
import { checkOptions } from './validate'

/** The metadata key under which a model's options stand. */
const MODEL_KEY = 'gru-native'
/** The keys that are not the caller's. */
const OWN_KEYS: readonly string[] = [MODEL_KEY, TRAINER_KEY]
const FORMAT_VERSION = 1

/** Free text by keys, saved with a model. */
export type Metadata = Readonly<Record<string, string>>

/** What a model is made of; D: its options, but for seed and device. */
export interface ModelRecipe<D extends object = object> {
  readonly description: D
  readonly seed: number
}

/** A model as a file holds it, but for its parameters. */
export interface SavedModel<D extends object = object> extends ModelRecipe<D> {
  readonly metadata: Metadata
}

/** The classes of models that files hold. */
export type ModelKindName = 'SequenceModel' | 'Model' | 'Seq2Seq'

/** A kind of model, as files tell it. */
export interface ModelKind<D extends object> {
  /** Its class. */
  readonly name: ModelKindName
  /** Of a description. */
  readonly keys: readonly string[]
  /** Checks a description, and fills in the defaults. */
  readonly check: (given: Readonly<Record<string, unknown>>) => CheckedDescription<D>
}

/** A description in the two forms in which it is needed. */
export interface CheckedDescription<D extends object> {
  readonly resolved: D
  readonly native: Readonly<NativeGraphOptions>
}

/** Checks free text to be saved, and returns a copy. */
export function checkMetadata(given: unknown): Metadata {
  const texts: [key: string, text: string][] = []
  const names = typeof given === 'object' && given !== null ? Object.keys(given) : []
  for (const [key, text] of Object.entries(checkOptions('metadata', given, names))) {
    const argument = `metadata[${quote(key)}]`
    if (OWN_KEYS.includes(key)) {
      const expected = `keys other than ${OWN_KEYS.join(' and ')}`
      throw argumentError('ERR_GRU_VALUE', 'metadata', expected, quote(key))
    }
    if (typeof text !== 'string') {
      throw argumentError('ERR_GRU_TYPE', argument, 'a string', describe(text))
    }
    texts.push([key, text])
  }
  // Not by assignment, which would lose the key __proto__.
  return Object.freeze(Object.fromEntries(texts))
}

/**
 * Writes a model, out of the memory of `parameters`, which must not change before the promise settles. An old file of
 * that name is replaced only when the new one is whole.
 */
export async function writeModel(
  path: string,
  model: SavedModel,
  specs: readonly Readonly<ParameterSpec>[],
  parameters: SomeParameters,
): Promise<void> {
  await writeSafetensors(path, modelContent(model, specs, parameters))
}

/** What the file of a model holds. The memory is that of `parameters`. */
export function modelContent(
  model: SavedModel,
  specs: readonly Readonly<ParameterSpec>[],
  parameters: SomeParameters,
): Safetensors {
  const tensors = new Map<string, Tensor>()
  for (const { name, shape } of specs) {
    const data = parameters[name]
    if (data !== undefined) tensors.set(name, { dtype: 'F32', shape, data })
  }
  return { metadata: modelMetadata(model), tensors }
}

/** How the file of a model is laid out. */
export function layOutModel(
  model: SavedModel,
  specs: readonly Readonly<ParameterSpec>[],
): SafetensorsLayout {
  const forms = specs.map(({ name, shape }) => [name, { dtype: 'F32', shape }] as const)
  return layOutSafetensors(modelMetadata(model), new Map<string, TensorForm>(forms))
}

function modelMetadata({ description, seed, metadata }: SavedModel): Metadata {
  const model = JSON.stringify({ version: FORMAT_VERSION, seed, ...description })
  return { [MODEL_KEY]: model, ...metadata }
}

/** What a file says of its model. */
export interface ReadModel<D extends object = object> extends SavedModel<D> {
  readonly graph: Graph
}

/**
 * Reads what an open file says of its model, perhaps of one that holds its trainer too. It may hold F16, BF16 and F64
 * instead of float32.
 *
 * @throws GruError ERR_GRU_FORMAT if the file holds no model, or has other tensors than those of its options; the message
 *   names them
 */
export function readModel<D extends object>(
  file: SafetensorsFile,
  kind: ModelKind<D>,
): ReadModel<D> {
  const path = file.name
  const metadata = Object.entries(file.metadata).filter(([key]) => !OWN_KEYS.includes(key))
  const place = `${path}, metadata ${quote(MODEL_KEY)}`
  const json = file.metadata[MODEL_KEY]
  if (json === undefined) {
    throw argumentError('ERR_GRU_FORMAT', place, 'the options of a model', 'nothing')
  }
  const { seed, description, graph } = parseModel(json, place, kind)
  // Checked before memory is allocated for a model of that size: the options may be wrong.
  checkTensors(path, file.tensors, [
    ...graph.parameters,
    ...trainerSpecs(file.metadata, path, graph),
  ])
  const texts = Object.freeze(Object.fromEntries(metadata))
  return { description, seed, metadata: texts, graph }
}

/** Reads tensors into one array, each at its offset. */
export async function readFlat(
  file: SafetensorsFile,
  specs: readonly Readonly<ParameterSpec>[],
): Promise<NonSharedFloat32Array> {
  const total = specs.reduce((sum, { count }) => sum + count, 0)
  const flat = newFloat32Array('parameters', 'all parameters', total)
  for (const { name, offset, count } of specs) {
    await file.readFloat32(name, flat.subarray(offset, offset + count))
  }
  return flat
}

interface ParsedModel<D extends object> {
  readonly seed: number
  readonly description: D
  readonly graph: Graph
}

function parseModel<D extends object>(
  json: string,
  place: string,
  kind: ModelKind<D>,
): ParsedModel<D> {
  native()
  try {
    const parsed = parseJson(json, 'model')
    refuseOtherKind(kind, parsed)
    const given: Readonly<Record<string, unknown>> = checkOptions('model', parsed, [
      ...['version', 'seed'],
      ...kind.keys,
    ])
    if (given['version'] !== FORMAT_VERSION) {
      const expected = `the format's version ${FORMAT_VERSION}`
      throw argumentError('ERR_GRU_FORMAT', 'version', expected, describe(given['version']))
    }
    const seed = resolveSeed(given['seed'])
    const checked = kind.check(given)
    return { seed, description: checked.resolved, graph: describeGraph(checked.native) }
  } catch (cause) {
    throw new GruError('ERR_GRU_FORMAT', `${place}: ${(cause as Error).message}`, { cause })
  }
}

/** Of each kind of model an option that no other kind has. */
const MARKS: Readonly<Record<ModelKindName, string>> = {
  SequenceModel: 'gru',
  Model: 'layers',
  Seq2Seq: 'encoder',
}

/** The kinds of model whose options a file may hold, by their names. */
export function kindsIn(file: SafetensorsFile): readonly ModelKindName[] {
  const place = `${file.name}, metadata ${quote(MODEL_KEY)}`
  return kindsOf(parseJson(file.metadata[MODEL_KEY] ?? '{}', place))
}

function kindsOf(parsed: unknown): readonly ModelKindName[] {
  if (typeof parsed !== 'object' || parsed === null) return []
  const kinds = Object.keys(MARKS) as ModelKindName[]
  return kinds.filter((name) => Object.hasOwn(parsed, MARKS[name]))
}

function refuseOtherKind<D extends object>(kind: ModelKind<D>, parsed: unknown): void {
  const names = kindsOf(parsed)
  const [name] = names
  if (name === undefined || names.includes(kind.name)) return
  const got = `those of a ${name}, which ${name}.load loads`
  throw argumentError('ERR_GRU_FORMAT', 'model', `the options of a ${kind.name}`, got)
}

/** Refuses a file without the tensors of the model, with others, or with some that cannot be had as float32. */
function checkTensors(
  path: string,
  tensors: ReadonlyMap<string, TensorInfo>,
  specs: readonly Readonly<ParameterSpec>[],
): void {
  const names = new Set(specs.map(({ name }) => name))
  const faults = [
    list('none named ', specs.filter(({ name }) => !tensors.has(name)).map(quotedName)),
    list('others named ', [...tensors.keys()].filter((name) => !names.has(name)).map(quote)),
    list(
      '',
      specs.flatMap((spec) => unfitTensor(spec, tensors.get(spec.name))),
    ),
  ].filter((fault) => fault !== '')
  if (faults.length === 0) return
  const expected = 'the tensors that its options ask for'
  throw argumentError('ERR_GRU_FORMAT', path, expected, faults.join('; '))
}

function quotedName({ name }: Readonly<ParameterSpec>): string {
  return quote(name)
}

function unfitTensor(
  { name, shape }: Readonly<ParameterSpec>,
  tensor: TensorInfo | undefined,
): readonly string[] {
  if (tensor === undefined) return []
  const faults: string[] = []
  if (!isFloatDtype(tensor.dtype)) {
    faults.push(`dtype ${quote(tensor.dtype)}, not among ${FLOAT_DTYPES.join(', ')}`)
  }
  const [got, expected] = [tensor.shape, shape].map(describeShape)
  if (got !== expected) faults.push(`shape ${got}, not ${expected}`)
  return faults.length === 0 ? [] : [`${quote(name)} of ${faults.join(' and ')}`]
}

const MAX_LISTED = 8

/** Some words and then the first few of `items`; empty if there are none. */
function list(words: string, items: readonly string[]): string {
  if (items.length === 0) return ''
  const more = items.length > MAX_LISTED ? ` and ${items.length - MAX_LISTED} more` : ''
  return `${words}${items.slice(0, MAX_LISTED).join(', ')}${more}`
}
