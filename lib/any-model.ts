/**
 * Models of either class, out of a file.
 *
 * @module
 */
import type { SafetensorsFile } from './formats/safetensors-reader'
import { modelInternals } from './graph-model'
import { Model, MODEL_KIND } from './model'
import { kindsIn, readModelOf, type ReadModel } from './model-file'
import type { DeviceOptions } from './recurrent-options'
import { SEQUENCE_MODEL_KIND, SequenceModel } from './sequence-model'

/** A model that was read, of the class that it is of. */
export interface ReadAnyModel extends ReadModel {
  /** Makes the model; where that fails, nothing stays behind. */
  readonly make: (call: string, options: DeviceOptions) => SequenceModel | Model
}

/**
 * Reads the model of an open file, of whichever class.
 *
 * @throws GruError as `readModel`
 */
export async function readAnyModel(file: SafetensorsFile, path: string): Promise<ReadAnyModel> {
  if (kindsIn(file, path)[0] === MODEL_KIND.name) {
    const read = await readModelOf(file, path, MODEL_KIND)
    const { description, seed } = read
    return made(read, (options) => new Model({ ...description, seed, ...options }))
  }
  const read = await readModelOf(file, path, SEQUENCE_MODEL_KIND)
  const { description, seed } = read
  return made(read, (options) => new SequenceModel({ ...description, seed, ...options }))
}

function made(
  read: ReadModel,
  create: (options: DeviceOptions) => SequenceModel | Model,
): ReadAnyModel {
  return {
    ...read,
    make: (call, options) => {
      const model = create(options)
      modelInternals(model).core.restore(call, read.parameters, read.metadata)
      return model
    },
  }
}
