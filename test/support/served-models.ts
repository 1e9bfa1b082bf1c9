import { SequenceModel, type SequenceModelOptions } from '../../lib'

const models: SequenceModel[] = []

export const FEATURES = {
  input: { features: 2 },
  gru: { hiddenSize: 12, numLayers: 2 },
  output: { size: 3, loss: 'meanSquaredError' },
} as const satisfies SequenceModelOptions

export const TOKENS = {
  input: { tokens: 7, embeddingSize: 3 },
  gru: { hiddenSize: 12 },
  output: { size: 7, loss: 'crossEntropy', every: 'last' },
} as const satisfies SequenceModelOptions

/** Takes a while for each request. */
export const SLOW = {
  ...FEATURES,
  gru: { hiddenSize: 256 },
} as const satisfies SequenceModelOptions

/** A model in a file. */
export async function savedModel(
  file: string,
  options: SequenceModelOptions,
): Promise<SequenceModel> {
  const model = new SequenceModel(options)
  models.push(model)
  await model.save(file)
  return model
}

afterAll(() => {
  for (const model of models) model.dispose()
})
