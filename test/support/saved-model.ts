import { SequenceModel, type SequenceModelOptions } from '../../lib'
import type { Tensor } from '../../lib/formats/safetensors-dtypes'
import { writeSafetensors } from '../../lib/formats/safetensors-writer'
import { bitsOf } from './numbers'
import { readWhole } from './safetensors'

/** A model with an embedding, two layers and five classes. */
export const options: SequenceModelOptions = {
  input: { tokens: 5, embeddingSize: 3 },
  gru: { hiddenSize: 4, numLayers: 2, dropout: 0.5, resetAfter: false, updateGate: 'replace' },
  output: { size: 5, loss: 'crossEntropy', every: 'last' },
  seed: 2 ** 40 + 1,
}

/** The bits of all parameters, tensor by tensor. */
export const bits = (model: SequenceModel): string[] =>
  Object.values(model.getParameters()).map(bitsOf)

/** Saves a model of {@link options}; returns the bits of its parameters. */
export async function saveOne(file: string, metadata = {}): Promise<string[]> {
  using model = new SequenceModel(options)
  await model.save(file, { metadata })
  return bits(model)
}

export type Change = (tensors: Map<string, Tensor>, metadata: Record<string, string>) => void

/** Saves a model of {@link options}, then saves it again with changed content. */
export async function saveChanged(file: string, change: Change): Promise<void> {
  await saveOne(file)
  const { tensors, metadata } = await readWhole(file)
  const [newTensors, newMetadata] = [new Map(tensors), { ...metadata }]
  change(newTensors, newMetadata)
  await writeSafetensors(file, { tensors: newTensors, metadata: newMetadata })
}
