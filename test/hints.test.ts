import {
  Dataset,
  GRU,
  type LossKind,
  Model,
  type ModelOptions,
  Schedule,
  Seq2Seq,
  SequenceModel,
  Trainer,
} from '../lib'
import { meantOption, OTHER_NAMES } from '../lib/hints'
import { expectGruError, expectGruRejection, outcome } from './support/errors'
import { options as gruOptions } from './support/gru'

const input = { features: 1 }
const output = { size: 1, loss: 'meanSquaredError', every: 'last' } as const
const makeModel = (): SequenceModel =>
  new SequenceModel({ input, gru: { hiddenSize: 2 }, output, device: 'cpu' })

const hint = (key: string, meant: string): RegExp =>
  new RegExp(`got the key "${key}" \\(did you mean ${meant}\\?\\)$`)

const makeGraph = (layer: object): Model =>
  new Model({
    ...{ inputs: { x: input }, layers: { layer }, outputs: { layer: { loss: output.loss } } },
    device: 'cpu',
  } as unknown as ModelOptions)

const makeLoss = (kind: LossKind, key: string): Model =>
  new Model({
    inputs: { x: input },
    layers: { layer: { type: 'linear', input: 'x', size: 2 } },
    outputs: { layer: { loss: { kind, [key]: 1 } } },
    device: 'cpu',
  })

const makeSeq2Seq = (): Seq2Seq =>
  new Seq2Seq({
    source: input,
    target: { tokens: 3, embeddingSize: 1, begin: 0, end: 1 },
    encoder: { hiddenSize: 1 },
    decoder: { hiddenSize: 1 },
    device: 'cpu',
  })

/** Calls that take options, each with one more key. */
const calls = {
  gru: (key: string) => new GRU({ ...gruOptions, [key]: 1 }),
  model: (key: string) => new SequenceModel({ input, gru: { hiddenSize: 2, [key]: 1 }, output }),
  features: (key: string) =>
    new SequenceModel({ input: { [key]: 1 } as never, gru: { hiddenSize: 2 }, output }),
  tokens: (key: string) =>
    new SequenceModel({
      input: { tokens: 3, [key]: 1 } as never,
      ...{ gru: { hiddenSize: 2 }, output },
    }),
  head: (key: string) =>
    new SequenceModel({ input, gru: { hiddenSize: 2 }, output: { [key]: 1 } as never }),
  dropout: (key: string) => makeGraph({ type: 'dropout', input: 'x', [key]: 1 }),
  concat: (key: string) => makeGraph({ type: 'concat', [key]: ['x', 'x'] }),
  attention: (key: string) => makeGraph({ type: 'attention', query: 'x', [key]: 'x' }),
  lstm: (key: string) => makeGraph({ type: 'lstm', input: 'x', hiddenSize: 1, [key]: 1 }),
  adam: (key: string) => new Trainer(makeModel(), { optimizer: { kind: 'adam', [key]: 1 } }),
  rmsprop: (key: string) => new Trainer(makeModel(), { optimizer: { kind: 'rmsprop', [key]: 1 } }),
  trainer: (key: string) => new Trainer(makeModel(), { optimizer: { kind: 'sgd' }, [key]: 1 }),
  crossEntropy: (key: string) => makeLoss('crossEntropy', key),
  binaryCrossEntropy: (key: string) => makeLoss('binaryCrossEntropy', key),
  huber: (key: string) => makeLoss('huber', key),
  cosine: (key: string) => new Schedule({ kind: 'cosine', period: 1, [key]: 1 }),
  oneCycle: (key: string) => new Schedule({ kind: 'oneCycle', total: 1, [key]: 1 }),
  plateau: (key: string) => new Schedule({ kind: 'plateau', [key]: 1 }),
  translate: (key: string) => makeSeq2Seq().translateSync(new Float32Array(1), { [key]: 1 }),
  forward: (key: string) => new GRU(gruOptions).forwardSync(new Float32Array(3), { [key]: 1 }),
  batch: (key: string) =>
    new Trainer(makeModel(), { optimizer: { kind: 'sgd' } }).stepSync({ [key]: 1 } as never),
  fit: (key: string) => {
    const data = new Dataset([{ input: new Float32Array(1), target: new Float32Array(1) }])
    const trainer = new Trainer(makeModel(), { optimizer: { kind: 'sgd' } })
    return trainer.fit(data, { epochs: 1, [key]: 1 })
  },
}

describe("another library's name for an option is told by its name here", () => {
  test.each<[keyof typeof calls, string, string]>([
    ['adam', 'lr', 'learningRate'],
    ['adam', 'learning_rate', 'learningRate'],
    ['adam', 'betas', 'beta1 and beta2'],
    ['adam', 'beta_1', 'beta1'],
    ['adam', 'eps', 'epsilon'],
    ['adam', 'wd', 'weightDecay'],
    ['adam', 'weight_decay', 'weightDecay'],
    ['rmsprop', 'alpha', 'decay'],
    ['rmsprop', 'rho', 'decay'],
    ['crossEntropy', 'ignore_index', 'ignoredClass'],
    ['crossEntropy', 'weight', 'classWeights'],
    ['crossEntropy', 'class_weight', 'classWeights'],
    ['crossEntropy', 'label_smoothing', 'labelSmoothing'],
    ['binaryCrossEntropy', 'pos_weight', 'positiveWeights'],
    ['binaryCrossEntropy', 'weight', 'positiveWeights'],
    ['huber', 'beta', 'delta'],
    ['cosine', 'T_max', 'period'],
    ['cosine', 'eta_min', 'minimum'],
    ['oneCycle', 'max_lr', 'maximum'],
    ['oneCycle', 'total_steps', 'total'],
    ['oneCycle', 'pct_start', 'warmupShare'],
    ['oneCycle', 'div_factor', 'divide'],
    ['oneCycle', 'final_div_factor', 'finalDivide'],
    ['oneCycle', 'anneal_strategy', 'anneal'],
    ['plateau', 'min_lr', 'minimum'],
    ['translate', 'beamSize', 'beams'],
    ['translate', 'numBeams', 'beams'],
    ['translate', 'maxLength', 'limit'],
    ['trainer', 'max_norm', 'clipNorm'],
    ['trainer', 'lr', 'optimizer.learningRate'],
    ['trainer', 'learningRate', 'optimizer.learningRate'],
    ['trainer', 'weight_decay', 'optimizer.weightDecay'],
    ['trainer', 'betas', 'optimizer.beta1 and optimizer.beta2'],
    ['trainer', 'clip_grad_norm', 'clipNorm'],
    ['gru', 'hidden_size', 'hiddenSize'],
    ['gru', 'hidden', 'hiddenSize'],
    ['gru', 'units', 'hiddenSize'],
    ['gru', 'input_size', 'inputSize'],
    ['gru', 'input_dim', 'inputSize'],
    ['gru', 'num_layers', 'numLayers'],
    ['gru', 'layers', 'numLayers'],
    ['gru', 'batch_first', 'batchFirst'],
    ['gru', 'time_major', 'batchFirst'],
    ['gru', 'use_bias', 'bias'],
    ['gru', 'linear_before_reset', 'resetAfter'],
    ['gru', 'random_state', 'seed'],
    ['model', 'num_layers', 'numLayers'],
    ['features', 'input_size', 'features'],
    ['features', 'in_features', 'features'],
    ['tokens', 'embedding_dim', 'embeddingSize'],
    ['dropout', 'p', 'probability'],
    ['dropout', 'rate', 'probability'],
    ['concat', 'input', 'inputs'],
    ['attention', 'key', 'memory'],
    ['lstm', 'hx', 'initialState'],
    ['lstm', 'inputs', 'input'],
    ['head', 'num_classes', 'size'],
    ['head', 'criterion', 'loss'],
    ['head', 'return_sequences', 'every'],
    ['forward', 'batch_size', 'batch'],
    ['forward', 'sequence_lengths', 'lengths'],
    ['forward', 'h0', 'initialState'],
    ['batch', 'labels', 'target'],
    ['batch', 'x', 'input'],
    ['fit', 'batch', 'batchSize'],
    ['fit', 'num_epochs', 'epochs'],
    ['fit', 'validation_data', 'validation'],
  ])('%s: %s', (call, key, meant) => {
    expectGruError(() => calls[call](key), 'ERR_GRU_VALUE', hint(key, meant))
  })
})

describe('a slip of the pen', () => {
  test.each<[keyof typeof calls, string, string]>([
    ['adam', 'learningrte', 'learningRate'],
    ['adam', 'leaningRate', 'learningRate'],
    ['gru', 'hidenSize', 'hiddenSize'],
    ['gru', 'numLayer', 'numLayers'],
    ['fit', 'shufle', 'shuffle'],
  ])('%s: %s', (call, key, meant) => {
    expectGruError(() => calls[call](key), 'ERR_GRU_VALUE', hint(key, meant))
  })
})

describe('no hint', () => {
  test.each(['x', 'foo', 'constructor', '__proto__x', 'lr', 'y'.repeat(100)])('for %s', (key) => {
    expectGruError(() => new GRU({ ...gruOptions, [key]: 1 }), 'ERR_GRU_VALUE', /"$/)
  })

  test('names an option that the call does not have', () => {
    expect(meantOption('betas', ['kind'])).toBeUndefined()
    expect(meantOption('lr', ['hiddenSize'])).toBeUndefined()
    expect(meantOption('', ['kind'])).toBeUndefined()
  })
})

test('calls that return promises give hints too', async () => {
  const gru = new GRU(gruOptions)
  const call = gru.forward(new Float32Array(3), { batch_size: 1 } as never)
  await expectGruRejection(call, 'ERR_GRU_VALUE', hint('batch_size', 'batch'))
})

test('every name of the table stands for options that there are', () => {
  const options = new Set<string>()
  for (const call of Object.values(calls)) {
    const list = /only the keys (.*), got the key/.exec(String(outcome(() => call('~'))))![1]!
    for (const name of list.split(', ')) options.add(name)
  }
  expect(options).toContain('weightDecay')
  for (const [key, meanings] of Object.entries(OTHER_NAMES)) {
    const names = meanings.flat().flatMap((name) => name.split('.'))
    expect([key, names.filter((name) => !options.has(name))]).toEqual([key, []])
  }
})
