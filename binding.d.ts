/**
 * The whole native surface: what native/binding offers and lib may call, and nothing else.
 *
 * The addon exports one function, {@link initialize}. Each copy of lib that is loaded calls it once, and gets a
 * surface of its own: classes and functions whose errors its own maker makes. An object of one surface is refused by
 * the functions of another with ERR_GRU_TYPE and a message that says so.
 *
 * Rules that hold for every function:
 * - Tensors are flat, row-major typed arrays; shapes are in brackets. The native side checks type, memory
 *   and length of each again, in lib's words, so that no call from JavaScript can touch foreign memory.
 * - A failure is the error that the surface's maker makes of a code (ERR_GRU_*) and a message; an aborted
 *   job fails with the code 'ERR_GRU_ABORTED', which lib turns into the signal's reason. A call that returns
 *   a promise never throws: all that fails, wrong arguments among it, rejects the promise.
 * - Arrays over shared or detached memory are refused with ERR_GRU_TYPE. Arrays that a call writes overlap no other
 *   array of the call, but for `state`, which may be `initialState`, and `cell`, which may be `initialCell`.
 * - A `...Sync` call reads and writes the arrays in place, on the calling thread. It throws ERR_GRU_BUSY
 *   while a promise of the same object (or of its model, or its trainer) is pending; the message names the call,
 *   as lib calls it, the calls that are pending, and what to do.
 * - A call that returns a promise copies its inputs before it returns, runs on the engine's own threads
 *   (never libuv's), and writes its results into the given arrays on the JavaScript thread just before it
 *   settles: all of them, or none where it fails. An array that was detached meanwhile fails it with
 *   ERR_GRU_TYPE. Jobs of one object run one after another, in the order of the calls. Different objects'
 *   jobs run side by side.
 * - A disposed object throws ERR_GRU_DISPOSED, and so do the passes of a disposed NativeRecurrent and the trainers
 *   of a disposed NativeModel; `dispose` is idempotent and lets pending jobs finish. Then, or at once where none is
 *   pending, the object's memory is freed, with that of its passes or trainers.
 * - V8 is told of the memory that an object holds on its device as it grows and shrinks, or as the last job left it
 *   while others are pending.
 * - A method that is called on an object of another class throws ERR_GRU_TYPE.
 */

/** Makes the error for a failure of the native side. */
export type CreateError = (code: string, message: string) => Error

/**
 * A new instance of the surface, whose errors `createError` makes. Where it throws, and in this very call, errors are
 * plain ones with a `code`; so they are, too, once nothing but single functions or classes of the surface is left.
 */
export function initialize(createError: CreateError): NativeSurface

/** What one copy of lib works with. */
export interface NativeSurface {
  /** The maker of errors, as it was given. Whoever keeps the surface keeps it. */
  readonly createError: CreateError
  readonly shapeFormulas: ShapeFormulas
  /** What the engine runs on, as it is now. */
  runtime(): NativeRuntime
  /** The GPUs there are. Loads the CUDA plug-in, as the first use of a device 'cuda' or 'auto' does. */
  cudaRuntime(): CudaRuntime
  /** Sets the number of computing threads, 1 to 1024. Results do not depend on it, to the bit. */
  setThreads(threads: number): void
  /**
   * Those of the variables that choose instruction set, BLAS and threads, as they were read. Only the first call in a
   * process gets them, so that each is told of once, however many worker threads there are.
   */
  takeIgnoredVariables(): IgnoredVariable[]
  /**
   * The graph that a model of such options has; no model is made, and no memory for its values. Throws ERR_GRU_VALUE
   * where layers, inputs and outputs do not fit together; the message names the one that does not, as `layers.head`.
   */
  describeGraph(options: NativeGraphOptions): NativeGraphDescription
  /**
   * The scalar double-precision reference (native/reference/reference.h), forward and backward at once, for tests
   * and for whoever wants to check a result. Time-major whatever options.batchFirst says; synchronous and slow.
   */
  referenceGru(
    options: NativeGruOptions,
    parameters: Float64Array,
    call: ReferenceCall,
  ): ReferenceResult
  /** The same of an LSTM. */
  referenceLstm(
    options: NativeRecurrentOptions,
    parameters: Float64Array,
    call: LstmReferenceCall,
  ): LstmReferenceResult
  readonly AbortFlag: new () => AbortFlag
  /** @param seed for initial values and dropout: an integer from 0 to 2^53 - 1 */
  readonly NativeGru: new (
    options: NativeGruOptions,
    seed: number,
    device: NativeDeviceOptions,
  ) => NativeRecurrent
  /** @param seed as of NativeGru */
  readonly NativeLstm: new (
    options: NativeRecurrentOptions,
    seed: number,
    device: NativeDeviceOptions,
  ) => NativeRecurrent
  /** For `instanceof`: only the forwardTraining calls make one. */
  readonly NativePass: abstract new () => NativePass
  readonly NativeModel: new (
    options: NativeGraphOptions,
    seed: number,
    device: NativeDeviceOptions,
  ) => NativeModel
  readonly NativeTrainer: new (model: NativeModel, options: NativeTrainerOptions) => NativeTrainer
  readonly NativeTrainingPass: new (
    trainer: NativeTrainer,
    batch: NativeModelBatch,
  ) => NativeTrainingPass
}

/**
 * How messages spell out the number of an array's values: `state: expected numLayers*D*batch*hiddenSize = 8 values,
 * got 7 values`. One list for the checks of lib and those of the binding.
 */
export interface ShapeFormulas {
  readonly layerInput: string
  readonly layerOutput: string
  readonly layerState: string
  readonly parameters: string
  /** Input of a model: tokens, or features */
  readonly tokens: string
  readonly features: string
  /** Targets and predictions of a model, at every step or after the last: classes, or values */
  readonly stepClasses: string
  readonly lastClasses: string
  readonly stepValues: string
  readonly lastValues: string
}

export interface NativeRuntime {
  /** Version of the native part: the package's. */
  version: string
  /** Instruction set in use: 'baseline', 'avx2', 'avx512' or 'neon'. GRU_NATIVE_ISA chooses at load. */
  isa: string
  /** Every instruction set that this machine can run, best first. */
  isas: string[]
  /** Threads that compute, the caller's among them. GRU_NATIVE_THREADS or setThreads choose. */
  threads: number
  /**
   * Name of the BLAS that multiplies large matrices of gradients, or 'none': the engine's own tiles do it
   * where they are faster, which is with every instruction set but 'baseline', and where no BLAS is linked.
   * GRU_NATIVE_BLAS=on or off decides otherwise.
   */
  blas: string
}

export interface CudaDevice {
  /** What the option `device` calls it: 'cuda:0' and so on. */
  device: string
  /** The GPU's name. */
  name: string
  /** Bytes in all. */
  memory: number
  /** As '9.0'. */
  computeCapability: string
  multiprocessors: number
}

export interface CudaRuntime {
  /** Whether there is a CUDA device. */
  available: boolean
  /** Where there is none, why, and what to do about it; else ''. */
  reason: string
  devices: CudaDevice[]
}
/** A variable of the environment whose value cannot be followed. */
export interface IgnoredVariable {
  /** As 'GRU_NATIVE_ISA'. */
  variable: string
  value: string
  /** What it may be, in words. */
  expected: string
  /** What is in use in its place. */
  used: string
}
/** A request to stop, shared with the jobs it was given to; they look at it between time steps. */
export interface AbortFlag {
  abort(): void
}

/** What layers of every cell are made of. */
export interface NativeRecurrentOptions {
  inputSize: number
  hiddenSize: number
  numLayers: number
  bias: boolean
  batchFirst: boolean
  dropout: number
  bidirectional: boolean
}

export interface NativeGruOptions extends NativeRecurrentOptions {
  resetAfter: boolean
  updateGate: 'retain' | 'replace'
}

export interface NativeDeviceOptions {
  /** 'cpu', 'cuda' or 'cuda:N', or 'auto'; in test builds also 'cuda-emulated' or 'cuda-emulated:N'. */
  name: string
  /** What large matrix products multiply; only 'float32' on the CPU. */
  precision: 'float32' | 'tf32' | 'bfloat16'
  /** What messages call `name`: the caller's option, or the variable that it comes from. Default 'device'. */
  argument?: string
}

export interface ParameterSpec {
  /** PyTorch's name, as 'weight_ih_l0'. */
  name: string
  shape: number[]
  /** Of the first element in the flat vector of all parameters. */
  offset: number
  /** Product of `shape`. */
  count: number
}

/**
 * A NativeGru or a NativeLstm. With batchFirst the first two axes of input and output, and of their gradients, change
 * places. An LSTM's calls take two arrays more, after all others: the cell state before the first step, null for zero,
 * and the one after the last, both in the shape of the state. A GRU's do not look at them.
 */
export interface NativeRecurrent {
  /** The device that it is on: 'cpu', 'cuda:0' and so on, never 'auto'. */
  readonly device: string
  readonly parameterCount: number
  parameterSpecs(): ParameterSpec[]
  /**
   * Copies all parameters into `target` [parameterCount]. Throws ERR_GRU_BUSY like a Sync call.
   *
   * @param call - what the message of ERR_GRU_BUSY calls this call; default 'readParameters'
   */
  readParameters(target: Float32Array, call?: string): void
  writeParameters(source: Float32Array, call?: string): void
  /** input [steps, batch, I], initialState [L*D, batch, H] -> output [steps, batch, D*H], state. */
  forwardSync(
    steps: number,
    batch: number,
    lengths: Int32Array | null,
    input: Float32Array,
    initialState: Float32Array | null,
    output: Float32Array,
    state: Float32Array,
    initialCell?: Float32Array | null,
    cell?: Float32Array | null,
  ): void
  forward(
    steps: number,
    batch: number,
    lengths: Int32Array | null,
    input: Float32Array,
    initialState: Float32Array | null,
    output: Float32Array,
    state: Float32Array,
    abort: AbortFlag | null,
    initialCell?: Float32Array | null,
    cell?: Float32Array | null,
  ): Promise<void>
  /** As forwardSync, with dropout, keeping what backward needs. */
  forwardTrainingSync(
    steps: number,
    batch: number,
    lengths: Int32Array | null,
    input: Float32Array,
    initialState: Float32Array | null,
    output: Float32Array,
    state: Float32Array,
    initialCell?: Float32Array | null,
    cell?: Float32Array | null,
  ): NativePass
  forwardTraining(
    steps: number,
    batch: number,
    lengths: Int32Array | null,
    input: Float32Array,
    initialState: Float32Array | null,
    output: Float32Array,
    state: Float32Array,
    abort: AbortFlag | null,
    initialCell?: Float32Array | null,
    cell?: Float32Array | null,
  ): Promise<NativePass>
  dispose(): void
}

/**
 * What a training pass keeps. A backward whose arguments have the right types and shapes uses it up, however it ends; a
 * second one throws ERR_GRU_DISPOSED. Only the forwardTraining calls make one.
 */
export interface NativePass {
  /**
   * Gradients, each under the name of what it belongs to: output [steps, batch, D*H] and state [L*D, batch, H], null
   * for zero -> input, initialState and parameters [parameterCount]. An LSTM's pass takes two arrays more, after all
   * others: cell, null for zero, -> initialCell. Throws ERR_GRU_VALUE where parameters changed since the forward call.
   */
  backwardSync(
    output: Float32Array | null,
    state: Float32Array | null,
    input: Float32Array,
    initialState: Float32Array,
    parameters: Float32Array,
    cell?: Float32Array | null,
    initialCell?: Float32Array | null,
  ): void
  backward(
    output: Float32Array | null,
    state: Float32Array | null,
    input: Float32Array,
    initialState: Float32Array,
    parameters: Float32Array,
    abort: AbortFlag | null,
    cell?: Float32Array | null,
    initialCell?: Float32Array | null,
  ): Promise<void>
  dispose(): void
}

/** What a model reads, as a graph of layers. */
export interface NativeInputOptions {
  /** What layers call it. */
  name: string
  /** What messages call its values and its lengths. */
  argument: string
  lengths: string
  /** Whether it is one token at each step, or values. */
  tokens: boolean
  /** Size of the vocabulary, or values at each step. */
  size: number
}

/** A layer by its name; it reads inputs, or layers that stand anywhere in the description. */
export type NativeLayerOptions = { name: string; inputs: string[] } & (
  | { type: 'embedding'; size: number }
  | ({ type: 'gru' } & Omit<NativeGruOptions, 'inputSize' | 'batchFirst'>)
  | { type: 'linear'; size: number }
  | { type: 'select'; step: 'last' }
)

/** A layer whose values are predictions, and what they are trained for. */
export interface NativeOutputOptions {
  layer: string
  loss: 'crossEntropy' | 'meanSquaredError'
  /** What messages call its targets and its predictions. */
  target: string
  output: string
}

export interface NativeGraphOptions {
  inputs: NativeInputOptions[]
  layers: NativeLayerOptions[]
  outputs: NativeOutputOptions[]
  /** Tensors are [batch, steps, ...] instead of [steps, batch, ...]. */
  batchFirst: boolean
}

/** What follows from a NativeGraphOptions. */
export interface NativeGraphDescription {
  /** As the options have them. Inputs of one group have the same steps and lengths. */
  inputs: { group: number }[]
  /** In the order in which they are computed. `every`: whether there is a row for each step, or for each sequence. */
  layers: {
    name: string
    type: NativeLayerOptions['type']
    inputs: string[]
    /** Values in a row. */
    width: number
    every: 'step' | 'last'
    parameterCount: number
  }[]
  /** As the options have them. An output has the steps and lengths of the inputs of its group. */
  outputs: { width: number; every: 'step' | 'last'; group: number }[]
  /** In the order in which they lie in the flat vector of all parameters. */
  parameters: ParameterSpec[]
}

/** A batch of one of a model's inputs. */
export interface NativeInputBatch {
  steps: number
  lengths: Int32Array | null
  /** Features [steps, batch, size] or tokens [steps, batch]. */
  values: Float32Array | Int32Array
}

/** Calls take a batch of every input, and an array for every output, in the order of the options. */
export interface NativeModel {
  /** As of NativeRecurrent. */
  readonly device: string
  readonly parameterCount: number
  parameterSpecs(): ParameterSpec[]
  /** As of NativeRecurrent. */
  readParameters(target: Float32Array, call?: string): void
  writeParameters(source: Float32Array, call?: string): void
  /** outputs: [steps, batch, width] each, or [batch, width] with a row for each sequence. */
  predictSync(batch: number, inputs: NativeInputBatch[], outputs: Float32Array[]): void
  predict(
    batch: number,
    inputs: NativeInputBatch[],
    outputs: Float32Array[],
    abort: AbortFlag | null,
  ): Promise<void>
  dispose(): void
}

export interface NativeOptimizerOptions {
  kind: 'sgd' | 'adam' | 'adamw' | 'rmsprop'
  learningRate: number
  momentum: number
  beta1: number
  beta2: number
  decay: number
  epsilon: number
  weightDecay: number
}

/** What of one tensor of parameters differs from the optimiser's options. */
export interface NativeParameterOptions {
  /** It has no gradient, and no part in norm, clipping and updates. */
  frozen: boolean
  /** Null: the optimiser's. Where a step has a rate, this one keeps its proportion to the optimiser's. */
  learningRate: number | null
  weightDecay: number | null
}

export interface NativeTrainerOptions extends NativeOptimizerOptions {
  /** Bound on the global L2 norm, 0 for none. */
  clipNorm: number
  /** Bound on each gradient's magnitude, 0 for none; applied after clipNorm. */
  clipValue: number
  /** Of each tensor, in the order of parameterSpecs; or none: all follow the optimiser's. */
  parameters: NativeParameterOptions[]
  /** d in average = d * average + (1 - d) * parameters, after each update; null: no average. */
  averageDecay: number | null
  /** What becomes of a step whose loss or gradients are not finite: ERR_GRU_NONFINITE, or `skipped`. */
  nonFinite: 'throw' | 'skip'
}

export interface StepMetrics {
  /** Of each output the mean over its predicted rows (and values), before the update; their sum. 0 from update. */
  loss: number
  /** Global L2 norm of all gradients, before any clipping; 0 from evaluate. */
  gradNorm: number
  /** Whether the step changed nothing, since something was not finite. */
  skipped: boolean
}

/** A batch of every input of a model. */
export interface NativeModelBatch {
  batch: number
  inputs: NativeInputBatch[]
}

export interface NativeTrainingBatch extends NativeModelBatch {
  /** Classes [steps, batch] or [batch] each (Int32Array), or values with a last axis more (Float32Array). */
  targets: (Float32Array | Int32Array)[]
}

export interface NativeStepOptions {
  /** In the optimiser's place; null: the optimiser's. */
  learningRate: number | null
}

/** The state of a trainer, except gradients that wait for an update, and of its model at the same moment. */
export interface NativeTrainerState {
  updates: number
  /** Training passes, by which dropout's masks are chosen. */
  passes: number
  /** [parameterCount] */
  parameters: Float32Array
  /** Those that the options make it have, each [parameterCount]. */
  arrays: { firstMoment?: Float32Array; secondMoment?: Float32Array; average?: Float32Array }
}

export interface NativeTrainer {
  /** One update by one or more batches as if they were one. */
  stepSync(batches: NativeTrainingBatch[], options: NativeStepOptions): StepMetrics
  step(
    batches: NativeTrainingBatch[],
    options: NativeStepOptions,
    abort: AbortFlag | null,
  ): Promise<StepMetrics>
  /** The loss without an update, in inference. */
  evaluate(batch: NativeTrainingBatch, abort: AbortFlag | null): Promise<StepMetrics>
  /** The same with the average in the parameters' place. Throws ERR_GRU_VALUE where there is none. */
  evaluateAverage(batch: NativeTrainingBatch, abort: AbortFlag | null): Promise<StepMetrics>
  /** Copies the average into `target` [parameterCount]. Throws ERR_GRU_BUSY like a Sync call, ERR_GRU_VALUE without one. */
  readAverage(target: Float32Array): void
  /** One update by the sum of the gradients that passes gathered. Throws ERR_GRU_VALUE where there are none. */
  updateSync(options: NativeStepOptions): StepMetrics
  update(options: NativeStepOptions): Promise<StepMetrics>
  /** Drops those gradients. */
  discardSync(): void
  discard(): Promise<void>
  /** As it is at the job's turn. */
  readState(): Promise<NativeTrainerState>
  /**
   * Writes the parameters of the model too. Throws ERR_GRU_VALUE, and changes nothing, where the arrays are not those of
   * this trainer. Drops gathered gradients.
   */
  writeState(state: NativeTrainerState): Promise<void>
  dispose(): void
}

/**
 * A training pass for a loss of the caller's own. `new` copies the inputs; then come one forward call and one backward
 * call. A backward whose arguments have the right types and shapes uses it up, however it ends; a second one throws
 * ERR_GRU_DISPOSED, as it does where the trainer or its model is disposed of.
 */
export interface NativeTrainingPass {
  /** outputs: as of NativeModel.predict. */
  forwardSync(outputs: Float32Array[]): void
  forward(outputs: Float32Array[], abort: AbortFlag | null): Promise<void>
  /**
   * Adds to the gradients of the coming update what follows from those of the outputs, in their shapes, null for zero.
   * Throws ERR_GRU_VALUE where parameters changed since the forward call.
   */
  backwardSync(outputs: (Float32Array | null)[]): void
  backward(outputs: (Float32Array | null)[], abort: AbortFlag | null): Promise<void>
  dispose(): void
}

export interface ReferenceCall {
  steps: number
  batch: number
  lengths: Int32Array | null
  /** [steps, batch, I] */
  input: Float64Array
  /** [L*D, batch, H], or null for zero */
  initialState: Float64Array | null
  /** [steps, batch, D*H] */
  dOutput: Float64Array
  /** [L*D, batch, H] */
  dState: Float64Array
  /** With options.dropout > 0: the layer's seed, and which of its training passes (from 0) to repeat. */
  seed: number
  pass: number
}

export interface ReferenceResult {
  output: Float64Array
  state: Float64Array
  dInput: Float64Array
  dInitialState: Float64Array
  dParameters: Float64Array
}

export interface LstmReferenceCall extends ReferenceCall {
  /** [L*D, batch, H], or null for zero */
  initialCell: Float64Array | null
  /** [L*D, batch, H] */
  dCell: Float64Array
}

export interface LstmReferenceResult extends ReferenceResult {
  cell: Float64Array
  dInitialCell: Float64Array
}
