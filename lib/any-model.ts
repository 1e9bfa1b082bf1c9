/**
 * Reading a model of any class from a file.
 *
 * @module
 */
import { type CreateModel, restoreModel } from './base-model'
import type { SafetensorsFile } from './formats/safetensors-reader'
import { Model, MODEL_KIND } from './model'
import { kindsIn, type ModelKind, type ReadModel, readModel } from './model-file'
import type { DeviceOptions } from './recurrent-options'
import { Seq2Seq, SEQ2SEQ_KIND } from './seq2seq'
import { SEQUENCE_MODEL_KIND, SequenceModel } from './sequence-model'
import type { TrainableModel } from './trainer-types'

/** A model that was read from a file. */
export interface ReadAnyModel extends ReadModel {
  /** Makes the model, on a device, with the parameters of the file, which is still open. */
  readonly make: (call: string, options: DeviceOptions) => Promise<TrainableModel>
}

/** Reads models of one class. */
interface Reader {
  readonly name: string
  readonly read: (file: SafetensorsFile) => ReadAnyModel
}

function reader<D extends object>(
  kind: ModelKind<D>,
  create: CreateModel<D, TrainableModel>,
): Reader {
  return {
    name: kind.name,
    read: (file) => {
      const read = readModel(file, kind)
      return { ...read, make: (call, options) => restoreModel(call, file, read, options, create) }
    },
  }
}

const SEQUENCE_MODELS = reader(SEQUENCE_MODEL_KIND, (options) => new SequenceModel(options))
const READERS: readonly Reader[] = [
  SEQUENCE_MODELS,
  reader(MODEL_KIND, (options) => new Model(options)),
  reader(SEQ2SEQ_KIND, (options) => new Seq2Seq(options)),
]

/**
 * Reads the model of an open file, of any class.
 *
 * @throws GruError as `readModel`
 */
export function readAnyModel(file: SafetensorsFile): ReadAnyModel {
  const [kind] = kindsIn(file)
  const { read } = READERS.find(({ name }) => name === kind) ?? SEQUENCE_MODELS
  return read(file)
}
