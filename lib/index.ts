/**
 * GRU and LSTM layers and sequence models that train and predict inside Node.
 *
 * @module
 */
export type {
  InputBatch,
  ModelInputBatch,
  ModelInputs,
  ModelLengths,
  ModelTargets,
  ModelTrainingBatch,
  TrainingBatch,
} from './batch-forms'
export { Dataset, type ModelTrainingSequence, type TrainingSequence } from './data'
export { GruError, type GruErrorCode } from './errors'
export type { Best } from './fit/early-stopping'
export type { CheckpointOptions } from './fit/checkpoints'
export type { TrainingData } from './fit/epochs'
export type { FitOptions } from './fit/options'
export type { Progress } from './fit/progress'
export type { ValidationResult } from './fit/validation'
export { GRU, type GruOptions, type GruPass, type GruResult, type ResolvedGruOptions } from './gru'
export type { GruStackOptions, UpdateGate } from './gru-options'
export type { SaveOptions } from './graph-model'
export type {
  EmbeddingLayer,
  GruLayer,
  LayerOptions,
  LinearLayer,
  ResolvedLayer,
  SelectLayer,
} from './layers'
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
export type { Metric, MetricMode, MetricRows } from './metrics/metric'
export type { MetricName } from './metrics/options'
export {
  Model,
  type ModelOptions,
  type ModelPredictOptions,
  type ModelPredictSyncOptions,
  type Predictions,
  type ResolvedModelOptions,
} from './model'
export type { Lengths, ModelInput, ModelTarget } from './model-batch'
export type {
  ModelDescription,
  NamedInputOptions,
  NamedOutputOptions,
  ResolvedDescription,
} from './model-description'
export type { Metadata } from './model-file'
export type {
  Every,
  Loss,
  ModelArchitecture,
  ModelInputOptions,
  ModelOutputOptions,
  ResolvedArchitecture,
} from './model-options'
export type { AdamOptions, OptimizerOptions, RmspropOptions, SgdOptions } from './optimizer'
export type { ParameterGroup, ResolvedParameterGroup } from './parameter-groups'
export type { ParameterPatterns } from './parameter-patterns'
export type { Parameters } from './parameters'
export type { RecordEntry, TrainingRecord } from './records/record'
export {
  type CsvOptions,
  type JsonLinesOptions,
  openRecords,
  type RecordOptions,
  type TensorBoardOptions,
} from './records/open'
export type { ForwardOptions, ForwardSyncOptions } from './recurrent-call'
export type { DeviceOptions, Precision, RecurrentStackOptions } from './recurrent-options'
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
  ScheduleOptions,
  StepSchedule,
  WarmupOptions,
} from './schedules/options'
export { Schedule, type ScheduleState } from './schedules/schedule'
export {
  type LoadOptions,
  type PredictOptions,
  type PredictSyncOptions,
  type ResolvedSequenceModelOptions,
  SequenceModel,
  type SequenceModelOptions,
} from './sequence-model'
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
export type { StepOptions, StepSyncOptions } from './training-call'
export type { PassBackwardOptions, TrainingPass } from './training-pass'
