// What `web-check.mjs` computes in Node and in a browser: a layer, a training and a model's file.

/** @param library - the exports of gru-native */
export async function compute({ GRU, LSTM, SequenceModel, Trainer, runtime }) {
  const input = Float32Array.from({ length: 4 * 9 * 3 }, (_, i) => Math.sqrt(i) - 3)
  const layers = [GRU, LSTM].map((Layer) => new Layer({ inputSize: 3, hiddenSize: 20, seed: 1 }))
  const outputs = await Promise.all(layers.map((layer) => layer.forward(input, { batch: 4 })))
  const model = new SequenceModel({
    ...{ input: { tokens: 11, embeddingSize: 6 }, gru: { hiddenSize: 24, numLayers: 2 } },
    ...{ output: { size: 11, loss: 'crossEntropy' }, seed: 2 },
  })
  const trainer = new Trainer(model, { optimizer: { kind: 'adam' }, clipNorm: 1 })
  const tokens = Int32Array.from({ length: 31 * 5 + 1 }, (_, i) => (i * i) % 11)
  const batch = { input: tokens.subarray(0, -1), target: tokens.subarray(1), batch: 5 }
  const losses = []
  for (let update = 0; update < 20; update++) losses.push((await trainer.step(batch)).loss)
  const bytes = await model.toBytes()
  const loaded = await SequenceModel.load(bytes)
  return {
    isa: runtime().isa,
    values: outputs.flatMap(({ output }) => [...output]),
    losses,
    bytes: [...bytes],
    predicted: [...loaded.predictSync(tokens)],
  }
}
