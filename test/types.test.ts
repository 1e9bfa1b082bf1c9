import { expectTypeOf } from 'expect-type'
import * as library from '../lib'
import {
  type BatchLosses,
  type CudaDevice,
  Dataset,
  type FitOptions,
  type ForwardOptions,
  type ForwardSyncOptions,
  GRU,
  GruError,
  type GruErrorCode,
  type GruOptions,
  type GruPass,
  type GruResult,
  type Gradients,
  type LayerOptions,
  type LayerStates,
  type Loss,
  type LossKind,
  LSTM,
  type Metric,
  Model,
  type ModelSession,
  type ModelStates,
  type LstmForwardOptions,
  type LstmGradients,
  type LstmPass,
  type LstmResult,
  type OptimizerOptions,
  type Parameters as NamedParameters,
  type Predictions,
  type PredictionsOf,
  type Progress,
  type ResolvedLayer,
  type Runtime,
  type Schedule,
  SequenceModel,
  type SequenceSession,
  type Series,
  type SomeModelStates,
  type SequenceModelOptions,
  type StepResult,
  type StepSyncOptions,
  Trainer,
  type TrainerOptions,
  type ModelTrainingBatch,
  type TrainingBatch,
  type TrainingData,
  type TrainingPass,
  type Translation,
} from '../lib'

// The compiler checks the assertions on types (`npm run typecheck`). At run time they do nothing.

test('the package exports its public names and no others', () => {
  const names = [
    ...[
      'Batcher',
      'Dataset',
      'Forecaster',
      'GRU',
      'GruError',
      'LSTM',
      'Model',
      'Schedule',
      'Seq2Seq',
    ],
    ...['SequenceModel', 'Table', 'Trainer'],
    ...['openRecords', 'runtime', 'setThreads'],
  ]
  expect(Object.keys(library).sort()).toEqual(names)
})

test('a layer needs two sizes and knows the other options', () => {
  expectTypeOf<{ inputSize: number; hiddenSize: number }>().toExtend<GruOptions>()
  expectTypeOf<{ inputSize: number }>().not.toExtend<GruOptions>()
  expectTypeOf<GruOptions['updateGate']>().toEqualTypeOf<'retain' | 'replace' | undefined>()
  expectTypeOf(GRU).toBeConstructibleWith({ inputSize: 1, hiddenSize: 1, seed: undefined })
  expectTypeOf<GRU['options']['numLayers']>().toEqualTypeOf<number>()
  expectTypeOf<GRU>().toExtend<Disposable>()
  expect(GRU).toBeDefined()
})

test('the forms of a forward call differ in promise and signal', () => {
  expectTypeOf<GRU['forward']>().parameters.toEqualTypeOf<
    [input: Float32Array, options?: ForwardOptions | undefined]
  >()
  expectTypeOf<GRU['forward']>().returns.resolves.toEqualTypeOf<GruResult>()
  expectTypeOf<GRU['forwardSync']>().returns.toEqualTypeOf<GruResult>()
  expectTypeOf<GRU['forwardTraining']>().returns.resolves.toEqualTypeOf<GruPass>()
  expectTypeOf<GRU['forwardTrainingSync']>().returns.toEqualTypeOf<GruPass>()
  expectTypeOf<ForwardOptions>().toHaveProperty('signal')
  expectTypeOf<ForwardSyncOptions>().not.toHaveProperty('signal')
  expectTypeOf<number[]>().toExtend<ForwardOptions['lengths']>()
  expectTypeOf<Int32Array>().toExtend<ForwardOptions['lengths']>()
  expectTypeOf<Float64Array>().not.toExtend<ForwardOptions['initialState']>()
  expect(new GruError('ERR_GRU_VALUE', 'text').code).toBe('ERR_GRU_VALUE')
})

test('an LSTM has a cell state beside the state, wherever it has one', () => {
  expectTypeOf(LSTM).toBeConstructibleWith({ inputSize: 1, hiddenSize: 1, seed: undefined })
  expectTypeOf<LSTM['options']>().not.toHaveProperty('resetAfter')
  expectTypeOf<LSTM['forward']>().parameters.toEqualTypeOf<
    [input: Float32Array, options?: LstmForwardOptions | undefined]
  >()
  expectTypeOf<LSTM['forward']>().returns.resolves.toEqualTypeOf<LstmResult>()
  expectTypeOf<LSTM['forwardTraining']>().returns.resolves.toEqualTypeOf<LstmPass>()
  expectTypeOf<LstmPass['backwardSync']>().returns.toEqualTypeOf<LstmGradients>()
  expectTypeOf<LstmGradients['initialCell']>().toEqualTypeOf<Float32Array<ArrayBuffer>>()
  expectTypeOf<LstmForwardOptions>().toHaveProperty('signal')
  expectTypeOf<ForwardOptions>().not.toHaveProperty('initialCell')
  expect(Object.keys(LSTM.prototype)).toEqual([])
})

test('gradients come by name', () => {
  expectTypeOf<GruPass['backward']>().returns.resolves.toEqualTypeOf<Gradients>()
  expectTypeOf<GruPass['backwardSync']>().returns.toEqualTypeOf<Gradients>()
  expectTypeOf<Gradients['parameters']>().toEqualTypeOf<NamedParameters>()
  expectTypeOf<GRU['getParameters']>().returns.toEqualTypeOf<NamedParameters>()
  expectTypeOf<SequenceModel['getParameters']>().returns.toEqualTypeOf<NamedParameters>()
  expect(Object.keys(GRU.prototype)).toEqual([])
})

test('results are arrays over an ArrayBuffer, which web APIs take', () => {
  type Owned = Float32Array<ArrayBuffer>
  type Results = [
    ...[GruResult['output'], GruResult['state'], GruPass['output'], GruPass['state']],
    ...[LstmResult['cell'], LstmPass['cell'], Gradients['input'], Gradients['initialState']],
    ...[NamedParameters[string], Predictions[string], PredictionsOf<SequenceModel>],
    ReturnType<SequenceModel['predictSync']>,
    ReturnType<SequenceSession['stepSync']>,
    Awaited<ReturnType<SequenceSession['step']>>,
    ReturnType<ModelSession['stepSync']>[string],
    Awaited<ReturnType<ModelSession['getState']>>,
    ReturnType<ModelSession['getStateSync']>,
    ...[LayerStates['state'], NonNullable<LayerStates['cell']>],
    TrainingPass<PredictionsOf<SequenceModel>>['predictions'],
  ]
  expectTypeOf<Results[number]>().toEqualTypeOf<Owned>()
  expectTypeOf<Model['toBytes']>().returns.resolves.toEqualTypeOf<Uint8Array<ArrayBuffer>>()
  expectTypeOf<Translation['tokens']>().toEqualTypeOf<Int32Array<ArrayBuffer>>()
  expectTypeOf<Series['times']>().toEqualTypeOf<Float64Array<ArrayBuffer>>()
  expectTypeOf<Series['lines']>().toEqualTypeOf<Int32Array<ArrayBuffer>>()
  expect(new GruError('ERR_GRU_TYPE', 'text')).toBeInstanceOf(Error)
})

test('arguments may have the type of an array over any memory', () => {
  type Arrays = Record<string, Float32Array>
  expectTypeOf<Float32Array>().toExtend<ForwardOptions['output']>()
  expectTypeOf<Float32Array>().toExtend<Parameters<SequenceModel['predict']>[0]>()
  expectTypeOf<Arrays>().toExtend<Parameters<GRU['setParameters']>[0]>()
  expectTypeOf<Arrays>().toExtend<Parameters<Model['writeParameters']>[0]>()
  expectTypeOf<{ state: Float32Array }>().toExtend<SomeModelStates[string]>()
  expectTypeOf<ModelStates>().toExtend<SomeModelStates>()
  type Single = TrainingPass<PredictionsOf<SequenceModel>>
  expectTypeOf<Single['backward']>().parameter(0).toEqualTypeOf<Float32Array>()
  expectTypeOf<Arrays>().toExtend<Parameters<TrainingPass<Predictions>['backward']>[0]>()
  expect(Object.keys(Model.prototype)).toEqual([])
})

test('a model reads features or tokens, not both', () => {
  type Input = SequenceModelOptions['input']
  expectTypeOf<{ features: number }>().toExtend<Input>()
  expectTypeOf<{ tokens: number; embeddingSize: number }>().toExtend<Input>()
  expectTypeOf<{ tokens: number }>().not.toExtend<Input>()
  expectTypeOf<SequenceModelOptions['output']['loss']>().toEqualTypeOf<Loss>()
  expectTypeOf<SequenceModelOptions['gru']>().not.toHaveProperty('inputSize')
  expectTypeOf<SequenceModel['predict']>().returns.resolves.toEqualTypeOf<
    Float32Array<ArrayBuffer>
  >()
  expectTypeOf<(typeof SequenceModel)['load']>().returns.resolves.toEqualTypeOf<SequenceModel>()
  expectTypeOf<SequenceModel['save']>().returns.resolves.toBeVoid()
  expect(SequenceModel).toBeDefined()
})

test('a layer of a Model has the options of its type alone', () => {
  type Attention = { type: 'attention'; query: 'x'; memory: 'y' }
  expectTypeOf<Attention>().toExtend<LayerOptions>()
  expectTypeOf<Attention & { score: 'additive'; size: number }>().toExtend<LayerOptions>()
  expectTypeOf<Attention & { score: 'additive' }>().not.toExtend<LayerOptions>()
  expectTypeOf<{ type: 'concat'; inputs: ['x', 'y'] }>().toExtend<LayerOptions>()
  expectTypeOf<{ type: 'concat'; input: 'x' }>().not.toExtend<LayerOptions>()
  expectTypeOf<{ type: 'dropout'; input: 'x' }>().not.toExtend<LayerOptions>()
  // @ts-expect-error an lstm has no resetAfter
  const wrong: LayerOptions = { type: 'lstm', input: 'x', hiddenSize: 1, resetAfter: true }
  expect(wrong.type).toBe('lstm')
  type Resolved<K> = Extract<ResolvedLayer, { readonly type: K }>
  expectTypeOf<Resolved<'linear'>['activation']>().toEqualTypeOf<
    'none' | 'relu' | 'tanh' | 'sigmoid'
  >()
  expectTypeOf<Resolved<'lstm'>['numLayers']>().toEqualTypeOf<number>()
  expectTypeOf<Resolved<'lstm'>['initialState']>().toEqualTypeOf<string | undefined>()
  expectTypeOf<Resolved<'attention'>['score']>().toEqualTypeOf<'additive' | 'scaledDotProduct'>()
})

test('a loss is a kind, or one with its own options alone', () => {
  expectTypeOf<LossKind>().toExtend<Loss>()
  expectTypeOf<{ kind: 'huber'; delta: number }>().toExtend<Loss>()
  expectTypeOf<{ kind: 'crossEntropy'; ignoredClass: undefined }>().toExtend<Loss>()
  // @ts-expect-error quantiles have no delta
  const wrong: Loss = { kind: 'quantile', delta: 1 }
  expect(wrong).toBeDefined()
})

test('an optimiser has its own options alone', () => {
  expectTypeOf<{ kind: 'sgd'; momentum: number }>().toExtend<OptimizerOptions>()
  expectTypeOf<{ kind: 'adam'; beta1: number }>().toExtend<OptimizerOptions>()
  expectTypeOf<OptimizerOptions['kind']>().toEqualTypeOf<'sgd' | 'adam' | 'adamw' | 'rmsprop'>()
  // @ts-expect-error sgd has no beta1
  const wrong: TrainerOptions = { optimizer: { kind: 'sgd', beta1: 0.9 } }
  expect(wrong.optimizer.kind).toBe('sgd')
})

test('a trainer steps, evaluates and fits', () => {
  expectTypeOf<Trainer['step']>().returns.resolves.toEqualTypeOf<StepResult>()
  type Stepped = Parameters<Trainer['stepSync']>
  expectTypeOf<TrainingBatch | readonly TrainingBatch[]>().toExtend<Stepped[0]>()
  expectTypeOf<ModelTrainingBatch>().not.toExtend<Stepped[0]>()
  expectTypeOf<Stepped[1]>().toEqualTypeOf<StepSyncOptions | undefined>()
  expectTypeOf<Trainer['evaluate']>().returns.resolves.toEqualTypeOf<BatchLosses>()
  expectTypeOf<Trainer['fit']>().returns.toEqualTypeOf<AsyncGenerator<Progress, void, undefined>>()
  expectTypeOf<Dataset>().toExtend<TrainingData>()
  expectTypeOf<TrainingBatch[]>().toExtend<TrainingData>()
  expectTypeOf<AsyncGenerator<TrainingBatch>>().toExtend<TrainingData>()
  expectTypeOf<Progress['validationLoss']>().toEqualTypeOf<number | undefined>()
  expectTypeOf<Progress['best']>().toEqualTypeOf<
    { readonly epoch: number; readonly value: number } | undefined
  >()
  expectTypeOf<{ a: Dataset; b: TrainingBatch[] }>().toExtend<FitOptions['validation']>()
  expectTypeOf<Dataset>().toExtend<FitOptions['validation']>()
  expectTypeOf<Schedule | { kind: 'cosine'; period: number }>().toExtend<FitOptions['schedule']>()
  expectTypeOf<('accuracy' | Metric)[]>().toExtend<FitOptions['metrics']>()
  expectTypeOf<'accurate'[]>().not.toExtend<FitOptions['metrics']>()
  expect(Dataset).toBeDefined()
})

test('errors and runtime are told exactly', () => {
  expectTypeOf<GruError>().toExtend<Error>()
  expectTypeOf<GruError['code']>().toEqualTypeOf<GruErrorCode>()
  expectTypeOf<Runtime['cuda']>().toEqualTypeOf<{
    readonly available: boolean
    readonly reason: string
    readonly devices: CudaDevice[]
  }>()
  expectTypeOf<CudaDevice>().toEqualTypeOf<{
    device: string
    name: string
    memory: number
    computeCapability: string
    multiprocessors: number
  }>()
  expectTypeOf(library.setThreads).parameters.toEqualTypeOf<[threads: number]>()
  expect(Trainer).toBeDefined()
})
