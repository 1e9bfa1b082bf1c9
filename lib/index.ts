/**
 * GRU and LSTM layers and sequence models that train and predict inside Node.
 *
 * @module
 */
export type * from './global-types'
export type {
  LayerMemory,
  ModelMemory,
  NonSharedFloat32Array,
  NonSharedFloat64Array,
  NonSharedInt32Array,
  NonSharedUint8Array,
  PassMemory,
  SessionMemory,
  TrainerMemory,
} from '../binding'
export type {
  AnyTrainingBatch,
  InputBatch,
  ModelInputBatch,
  ModelInputs,
  ModelLengths,
  ModelTargets,
  ModelTrainingBatch,
  TrainingBatch,
} from './batch-forms'
export {
  type BatchableModel,
  Batcher,
  type BatcherOptions,
  type CloseOptions,
  type RequestInput,
  type RequestOptions,
  type SessionOf,
} from './batching/batcher'
export type { BatcherStatistics, BatchMessage } from './batching/statistics'
export type { BatchLosses } from './batch-losses'
export {
  type AnyTrainingSequence,
  Dataset,
  type ModelTrainingSequence,
  type SequenceOf,
  type TrainingSequence,
} from './data'
export { GruError, type GruErrorCode } from './errors'
export {
  type EvaluationOptions,
  Forecaster,
  type ForecastEvaluation,
  type ForecastOptions,
  type TrainingSummary,
} from './forecasting/forecaster'
export type { ForecastFacts, InputFacts, TargetFacts } from './forecasting/facts'
export type {
  Difference,
  ForecasterOptions,
  ForecastTrainingOptions,
  ForecastUpdate,
  Missing,
  NetworkOptions,
  TrainingEpoch,
} from './forecasting/options'
export type {
  Contender,
  ForecastPath,
  Residual,
  Scores,
  TargetEvaluation,
} from './forecasting/results'
export type { Best } from './fit/early-stopping'
export type { CheckpointOptions } from './fit/checkpoints'
export type { TrainingData } from './fit/epochs'
export type { FitOptions } from './fit/options'
export type { Progress } from './fit/progress'
export type { ValidationResult } from './fit/validation'
export { GRU, type GruOptions, type GruPass, type GruResult, type ResolvedGruOptions } from './gru'
export type { GruStackOptions, ResolvedGruStack, UpdateGate } from './gru-options'
export type { SaveOptions } from './graph-model'
export type {
  Activation,
  AddLayer,
  AttentionLayer,
  ConcatLayer,
  DropoutLayer,
  EmbeddingLayer,
  GruLayer,
  LayerNormLayer,
  LayerOptions,
  LinearLayer,
  LstmLayer,
  ResolvedLayer,
  SelectLayer,
} from './layer-options'
export type {
  BinaryCrossEntropyLoss,
  CrossEntropyLoss,
  CtcLoss,
  GaussianLoss,
  HuberLoss,
  Loss,
  LossKind,
  LossOptions,
  MeanAbsoluteErrorLoss,
  MeanSquaredErrorLoss,
  QuantileLoss,
  ResolvedLoss,
  ResolvedLossOptions,
  ValueLoss,
} from './losses'
export {
  LSTM,
  type LstmBackwardOptions,
  type LstmBackwardSyncOptions,
  type LstmForwardOptions,
  type LstmForwardSyncOptions,
  type LstmGradients,
  type LstmOptions,
  type LstmOutputGradients,
  type LstmPass,
  type LstmResult,
  type ResolvedLstmOptions,
} from './lstm'
export type { Fault, Warning } from './formats/faults'
export type { Metric, MetricMode, MetricRows, RowTarget } from './metrics/metric'
export type { MetricName } from './metrics/options'
export {
  Model,
  type ModelOptions,
  type ModelPredictOptions,
  type ModelPredictSyncOptions,
  type Predictions,
  type ResolvedModelOptions,
} from './model'
export type { Lengths, ModelInput } from './model-batch'
export type {
  ModelDescription,
  NamedInputOptions,
  NamedOutputOptions,
  ResolvedDescription,
  ResolvedNamedOutput,
} from './model-description'
export type { LoadOptions } from './base-model'
export type { FileSource } from './formats/open-bytes'
export type { Metadata } from './model-file'
export type { LayerStates, ModelStates, SomeModelStates, StateOptions } from './model-states'
export type {
  Every,
  ModelArchitecture,
  ModelInputOptions,
  ModelOutputOptions,
  ResolvedArchitecture,
  ResolvedOutput,
} from './model-options'
export type {
  AdamOptions,
  OptimizerOptions,
  ResolvedOptimizer,
  RmspropOptions,
  SgdOptions,
} from './optimizer'
export type { ParameterGroup, ResolvedParameterGroup } from './parameter-groups'
export type { ParameterPatterns } from './parameter-patterns'
export type { Parameters, SomeParameters } from './parameters'
export type { RecordEntry, TrainingRecord } from './records/record'
export {
  type CsvOptions,
  type JsonLinesOptions,
  openRecords,
  type RecordOptions,
  type TensorBoardOptions,
} from './records/open'
export type { ForwardOptions, ForwardSyncOptions } from './recurrent-call'
export type {
  DeviceOptions,
  Precision,
  RecurrentStackOptions,
  ResolvedDevice,
} from './recurrent-options'
export type {
  BackwardOptions,
  BackwardSyncOptions,
  Gradients,
  OutputGradients,
} from './recurrent-pass'
export { type CudaDevice, type CudaRuntime, type Runtime, runtime, setThreads } from './runtime'
export type {
  ConstantSchedule,
  CosineSchedule,
  ExponentialSchedule,
  MultiStepSchedule,
  OneCycleSchedule,
  PlateauSchedule,
  ResolvedSchedule,
  ResolvedScheduleOf,
  ResolvedWarmup,
  ScheduleOptions,
  StepSchedule,
  WarmupOptions,
} from './schedules/options'
export type { PlateauState } from './schedules/plateau'
export { Schedule, type ScheduleState } from './schedules/schedule'
export { type ResolvedSeq2SeqOptions, Seq2Seq, type Seq2SeqOptions } from './seq2seq'
export type {
  CellStack,
  ResolvedSeq2SeqArchitecture,
  Seq2SeqArchitecture,
  Seq2SeqAttention,
  Seq2SeqSource,
  Seq2SeqTarget,
} from './seq2seq-options'
export {
  type PredictOptions,
  type PredictSyncOptions,
  type ResolvedSequenceModelOptions,
  SequenceModel,
  type SequenceModelOptions,
} from './sequence-model'
export type {
  DecoderSession,
  ModelSession,
  ModelSessionStepOptions,
  SequenceSession,
  SessionCallOptions,
  SessionOptions,
  SessionStepOptions,
  SingleSession,
} from './session'
export type { LabelTarget, ModelTarget, SequenceTarget } from './targets'
export type { DateOrder } from './tables/date-forms'
export type { TableOptions } from './tables/options'
export type { Repair, Series, TableColumn, TableData } from './tables/series'
export { Table } from './tables/table'
export type {
  Frequency,
  IrregularFrequency,
  RegularFrequency,
  TimeAxis,
  TimeUnit,
} from './tables/time-axis'
export { Trainer } from './trainer'
export type {
  AverageOptions,
  NonFinite,
  ResolvedTrainerOptions,
  TrainerOptions,
} from './trainer-options'
export type {
  AbortableBatch,
  BatchOf,
  EvaluateResult,
  InputsOf,
  PredictionsOf,
  StepResult,
  TrainableModel,
  UpdateResult,
} from './trainer-types'
export type {
  CarryOptions,
  EvaluateOptions,
  StepOptions,
  StepSyncOptions,
  UpdateOptions,
} from './training-call'
export type { PassBackwardOptions, PredictionGradients, TrainingPass } from './training-pass'
export type {
  DecoderSessionOptions,
  DecoderSessionSyncOptions,
  LengthPenalty,
  TranslateOptions,
  TranslateSyncOptions,
  Translation,
} from './translation'
