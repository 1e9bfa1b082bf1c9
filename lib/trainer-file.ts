/**
 * The file form of trainers: the file of their model, with the trainer as JSON among the metadata and its arrays as
 * further tensors.
 *
 * @module
 */
import type {
  NativeTrainer,
  NativeTrainerCounts,
  NativeTrainerState,
  ParameterSpec,
} from '../binding'
import { type ReadAnyModel, readAnyModel } from './any-model'
import { argumentError, describe, GruError } from './errors'
import type { FitState } from './fit/state'
import type { SafetensorsFile } from './formats/safetensors-reader'
import type { Tensor } from './formats/safetensors-dtypes'
import { writeSafetensors } from './formats/safetensors-writer'
import type { Graph } from './graph'
import { modelContent, readFlat, type SavedModel } from './model-file'
import { viewsOf } from './parameters'
import {
  arraySpecs,
  BEST,
  carriedBatches,
  carriedSpecs,
  OPTIMIZER_ARRAYS,
  parseTrainer,
  TRAINER_ARRAYS,
  TRAINER_KEY,
  type TrainerArray,
  trainerArrays,
  trainerPlace,
} from './trainer-tensors'
import type { TrainerOptions } from './trainer-options'
import { checkInteger, checkOptions } from './validate'

const FORMAT_VERSION = 1

/** What a trainer counts, and how far its training is. */
export interface TrainerProgress {
  readonly skippedSteps: number
  /** Epochs begun by calls of fit without a seed. */
  readonly epochs: number
  /** The state of its last training; undefined if there is none. */
  readonly fit: FitState | undefined
}

/** A trainer as a file holds it. */
export interface SavedTrainer extends TrainerProgress {
  readonly options: TrainerOptions
  readonly state: NativeTrainerState
}

/**
 * Writes a trainer and its model, out of the memory of `trainer.state`, which must not change before the promise settles.
 * An old file of that name is replaced only when the new one is whole.
 */
export async function writeTrainer(
  path: string,
  model: SavedModel,
  graph: Graph,
  { options, state, skippedSteps, epochs, fit }: SavedTrainer,
): Promise<void> {
  const { bestParameters, ...rest } = fit ?? {}
  const flat: { readonly [A in TrainerArray]?: Float32Array | undefined } = {
    ...state.arrays,
    bestParameters,
  }
  const arrays = TRAINER_ARRAYS.filter((array) => flat[array] !== undefined)
  const content = modelContent(model, graph.parameters, viewsOf(graph.parameters, state.parameters))
  const tensors = new Map<string, Tensor>(content.tensors)
  for (const array of arrays) addTensors(tensors, arraySpecs(array, graph.parameters), flat[array]!)
  for (const [place, { batch, values }] of state.carried.entries()) {
    const specs = carriedSpecs(place, batch, graph.states)
    for (const [index, spec] of specs.entries()) addTensors(tensors, [spec], values[index]!)
  }
  const carried = state.carried.map(({ batch }) => batch)
  const { updates, passes } = state
  const trainer = {
    ...{ version: FORMAT_VERSION, options, updates, passes, skippedSteps, epochs, arrays, carried },
    fit: fit && rest,
  }
  const metadata = { ...content.metadata, [TRAINER_KEY]: JSON.stringify(trainer) }
  await writeSafetensors(path, { metadata, tensors })
}

function addTensors(
  tensors: Map<string, Tensor>,
  specs: readonly Readonly<ParameterSpec>[],
  flat: Float32Array,
): void {
  for (const { name, shape, offset, count } of specs) {
    tensors.set(name, { dtype: 'F32', shape, data: flat.subarray(offset, offset + count) })
  }
}

/** What the file of a trainer holds, but for the parameters and the optimiser's arrays. */
export interface ReadTrainer extends Omit<SavedTrainer, 'options' | 'state' | 'fit'> {
  readonly model: ReadAnyModel
  readonly counts: NativeTrainerCounts
  /** Unchecked. */
  readonly options: unknown
  /** Unchecked; undefined if there is none. */
  readonly fit: unknown
  /** What messages call the trainer. */
  readonly place: string
}

const KEYS = [
  'version',
  'options',
  'updates',
  'passes',
  'skippedSteps',
  'epochs',
  'arrays',
  'carried',
  'fit',
] as const

/**
 * Reads the trainer of an open file.
 *
 * @throws GruError ERR_GRU_FORMAT if the file cannot be read or has no complete trainer; ERR_GRU_MEMORY
 */
export async function readTrainer(file: SafetensorsFile): Promise<ReadTrainer> {
  const path = file.name
  const place = trainerPlace(path)
  const trainer = parseTrainer(file.metadata, path)
  if (trainer === undefined) {
    throw argumentError('ERR_GRU_FORMAT', place, 'a trainer', 'nothing')
  }
  const counts = asFormat(place, () => checkCounts(trainer))
  const model = readAnyModel(file)
  const held = trainerArrays(trainer, path)
  const best = held.includes(BEST) ? await readBest(file, model.graph) : undefined
  const carried = await readCarried(file, model.graph, carriedBatches(trainer, path))
  const { updates, passes, options, fit, ...others } = counts
  return {
    ...{ ...others, place, model, options },
    counts: { updates, passes, carried, arrays: OPTIMIZER_ARRAYS.filter(isAmong(held)) },
    fit: asFormat(place, () => joined(fit, best)),
  }
}

function isAmong<T>(items: readonly T[]): (item: T) => boolean {
  return (item) => items.includes(item)
}

/** Copies the optimiser's arrays from an open file into a trainer, block by block. */
export async function restoreArrays(
  file: SafetensorsFile,
  { parameters }: Graph,
  { counts }: ReadTrainer,
  trainer: NativeTrainer,
): Promise<void> {
  for (const array of counts.arrays) {
    for (const { name, offset: start } of arraySpecs(array, parameters)) {
      await file.readFloat32Blocks(name, (block, offset) =>
        trainer.writeStateArray(array, start + offset, block),
      )
    }
  }
}

/** What `check` returns; what it throws becomes an error of the file. */
export function asFormat<T>(place: string, check: () => T): T {
  try {
    return check()
  } catch (cause) {
    throw formatError(place, cause)
  }
}

/** The error for something in a file that was refused. Errors of memory and devices stay as they are. */
export function formatError(place: string, cause: unknown): unknown {
  const isRefusal =
    cause instanceof GruError &&
    (cause.code === 'ERR_GRU_VALUE' ||
      cause.code === 'ERR_GRU_TYPE' ||
      cause.code === 'ERR_GRU_SHAPE')
  if (!isRefusal) return cause
  return new GruError('ERR_GRU_FORMAT', `${place}: ${cause.message}`, { cause })
}

function checkCounts(trainer: unknown): Omit<TrainerProgress, 'fit'> & {
  updates: number
  passes: number
  options: unknown
  fit: unknown
} {
  const given = checkOptions('trainer', trainer, KEYS)
  if (given.version !== FORMAT_VERSION) {
    const expected = `the format's version ${FORMAT_VERSION}`
    throw argumentError('ERR_GRU_VALUE', 'version', expected, describe(given.version))
  }
  const count = (name: 'updates' | 'passes' | 'skippedSteps' | 'epochs'): number =>
    checkInteger(name, given[name], 0, Number.MAX_SAFE_INTEGER)
  return {
    updates: count('updates'),
    passes: count('passes'),
    skippedSteps: count('skippedSteps'),
    epochs: count('epochs'),
    options: given.options,
    fit: given.fit,
  }
}

// The model's check has found the tensors of all of these.

function readBest(file: SafetensorsFile, { parameters }: Graph): Promise<Float32Array> {
  return readFlat(file, arraySpecs(BEST, parameters))
}

async function readCarried(
  file: SafetensorsFile,
  { states }: Graph,
  batches: readonly number[],
): Promise<NativeTrainerState['carried']> {
  const carried: NativeTrainerState['carried'] = []
  for (const [place, batch] of batches.entries()) {
    const values: Float32Array[] = []
    for (const spec of carriedSpecs(place, batch, states)) values.push(await readFlat(file, [spec]))
    carried.push({ batch, values })
  }
  return carried
}

/** The state of a training, which is JSON and one array. */
function joined(fit: unknown, bestParameters: Float32Array | undefined): object | undefined {
  if (fit === undefined) return undefined
  return { ...checkOptions('fit', fit, Object.keys(Object(fit) as object)), bestParameters }
}
