/**
 * The whole native surface: everything that native/binding offers and that lib may call.
 *
 * The addon exports one function, {@link initialize}. Each loaded copy of lib calls it once and gets its own surface:
 * classes and functions whose errors its own maker makes. The functions of one surface refuse an object of another
 * surface with ERR_GRU_TYPE and a message that says so.
 *
 * Rules for every function:
 * - Tensors are flat, row-major typed arrays; shapes are in brackets. The native side checks the type, memory and
 *   length of each array again, with the same messages as lib, so that no call from JavaScript can access foreign
 *   memory.
 * - A failure is an error that the surface's maker makes from a code (ERR_GRU_*) and a message. An aborted job fails
 *   with the code 'ERR_GRU_ABORTED', which lib turns into the signal's reason. A call that returns a promise never
 *   throws: every failure, including wrong arguments, rejects the promise.
 * - Arrays over shared or detached memory are refused with ERR_GRU_TYPE. An array that a call writes overlaps no other
 *   array of the call, except that `state` may be `initialState`, and `cell` may be `initialCell`.
 * - A `...Sync` call reads and writes the arrays in place, on the calling thread. It throws ERR_GRU_BUSY while a
 *   promise of the same object (or of its model, or its trainer) is pending. The message has the name of the call in
 *   lib, the pending calls, and what to do.
 * - A new array that a promise resolves to may be written by the engine's threads before that: no code knows it until then.
 * - A call that returns a promise copies its inputs before it returns, and runs on the engine's own threads (never
 *   libuv's). A single step that takes some microseconds on the CPU is computed before the call returns, if no job of the
 *   same object is pending: another thread would take longer to begin. Just before it settles, it writes its results into the given arrays on the JavaScript thread: all of
 *   them, or none if it fails. If an array was detached meanwhile, it fails with ERR_GRU_TYPE.
 * - Jobs of one object begin in the order of the calls. On the CPU those that only compute with it (forward of a layer,
 *   predictions, steps of different sessions) may run at the same time; any other job runs alone. Jobs of different
 *   objects run at the same time.
 * - A disposed object throws ERR_GRU_DISPOSED, and so do the passes of a disposed NativeRecurrent and the trainers of a
 *   disposed NativeModel. `dispose` may be called again and does not stop pending jobs. After them, or immediately if
 *   none is pending, the object's memory and that of its passes or trainers is freed.
 * - The native side tells V8 how much memory an object holds on its device whenever it changes. While jobs are pending,
 *   it reports the memory after the last job. `memory` tells the same bytes.
 * - The native memory of an object that was collected is freed by its finalizer, or when a later object is made.
 * - A method that is called on an object of another class throws ERR_GRU_TYPE.
 */

/**
 * A Float32Array over an ArrayBuffer, not over a SharedArrayBuffer: `Float32Array<ArrayBuffer>` since TypeScript 5.7. It is
 * written as what `slice` returns because the compilers before know no such parameter; there it is `Float32Array`.
 */
export type NonSharedFloat32Array = ReturnType<Float32Array['slice']>

/** As {@link NonSharedFloat32Array}. */
export type NonSharedFloat64Array = ReturnType<Float64Array['slice']>

/** As {@link NonSharedFloat32Array}. */
export type NonSharedInt32Array = ReturnType<Int32Array['slice']>

/** As {@link NonSharedFloat32Array}. */
export type NonSharedUint8Array = ReturnType<Uint8Array['slice']>

/** Makes the error for a failure of the native side. */
export type CreateError = (code: string, message: string) => Error

/**
 * A new instance of the surface, whose errors `createError` makes. If `createError` throws, and during this call,
 * errors are plain ones with a `code`. This is also the case if the program keeps only single functions or classes of
 * the surface, and not the surface itself.
 */
export function initialize(createError: CreateError): NativeSurface

/** The surface for one copy of lib. */
export interface NativeSurface {
  /** The given maker of errors. The surface keeps it alive. */
  readonly createError: CreateError
  readonly shapeFormulas: ShapeFormulas
  readonly limits: NativeLimits
  /** What the engine uses now. */
  runtime(): NativeRuntime
  /**
   * The existing GPUs. Loads the CUDA plug-in, as the first use of a device 'cuda' or 'auto' does.
   *
   * @param cudaPlugin - as {@link NativeDeviceOptions.cudaPlugin}
   */
  cudaRuntime(cudaPlugin: string): CudaRuntime
  /** Sets the number of computing threads, 1 to 1024. Results have the same bits for every number. */
  setThreads(threads: number): void
  /**
   * The ignored ones among the variables that choose instruction set, BLAS and threads, as they were read. Only the
   * first call in a process gets them, so that each is reported once, however many worker threads there are.
   */
  takeIgnoredVariables(): IgnoredVariable[]
  /**
   * The graph of a model with these options. No model is made, and no memory for values is allocated. Throws
   * ERR_GRU_VALUE if layers, inputs and outputs do not fit together; the message names the wrong one, such as
   * `layers.head`.
   */
  describeGraph(options: NativeGraphOptions): NativeGraphDescription
  /** The number of parameters of a layer with these options. No layer is made. */
  countGruParameters(options: NativeGruOptions): number
  countLstmParameters(options: NativeRecurrentOptions): number
  /**
   * One step of different sessions of one model, none of them of a decoder, as one batch: the rows of the first session, then those of the next
   * one. The states of all of them change, or none, unless the device fails. `inputs` and `outputs` are as of
   * NativeSession.step, of all rows.
   */
  stepSessions(
    sessions: NativeSession[],
    inputs: (Float32Array | Int32Array)[],
    outputs: Float32Array[],
    abort: AbortFlag | null,
  ): Promise<void>
  /**
   * The scalar double-precision reference (native/reference/reference.h), forward and backward in one call, to check
   * results. It is always time-major and ignores options.batchFirst. It is synchronous and slow.
   */
  referenceGru(
    options: NativeGruOptions,
    parameters: Float64Array,
    call: ReferenceCall,
  ): ReferenceResult
  /** The same for an LSTM. */
  referenceLstm(
    options: NativeRecurrentOptions,
    parameters: Float64Array,
    call: LstmReferenceCall,
  ): LstmReferenceResult
  /** The same of a graph: predictions, the sum of its outputs' losses, and the gradients of that. `parameters` lie as in describeGraph. */
  referenceGraph(
    options: NativeGraphOptions,
    parameters: Float64Array,
    call: GraphReferenceCall,
  ): GraphReferenceResult
  readonly AbortFlag: new () => AbortFlag
  /** @param seed for initial values and dropout: an integer from 0 to 2^53 - 1 */
  readonly NativeGru: new (
    options: NativeGruOptions,
    seed: number,
    device: NativeDeviceOptions,
  ) => NativeRecurrent
  /** @param seed as for NativeGru */
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
  readonly NativeDecoder: new (model: NativeModel, options: NativeDecoderOptions) => NativeDecoder
  /**
   * @param batch sequences in each step
   * @param decoder of the model: a session of its target, whose sources `encode` reads first
   */
  readonly NativeSession: new (
    model: NativeModel,
    batch: number,
    decoder?: NativeDecoder,
  ) => NativeSession
  readonly NativeTrainingPass: new (
    trainer: NativeTrainer,
    batch: NativeModelBatch,
  ) => NativeTrainingPass
}

/**
 * The formulas for the number of an array's values in messages: `state: expected numLayers*D*batch*hiddenSize = 8
 * values, got 7 values`. The checks of lib and of the binding use the same list.
 */
export interface ShapeFormulas {
  readonly layerInput: string
  readonly layerOutput: string
  readonly layerState: string
  readonly parameters: string
  /** Input of a model: tokens, or features */
  readonly tokens: string
  readonly features: string
  /** Predictions of a model, at every step or after the last */
  readonly stepValues: string
  readonly lastValues: string
  /** The states of a session */
  readonly sessionState: string
}

/** The largest numbers that options may have. */
export interface NativeLimits {
  /** Size of a layer, or of its input */
  readonly layerSize: number
  /** Layers of a recurrent stack */
  readonly layers: number
  /** Computing threads */
  readonly threads: number
}

export interface NativeRuntime {
  /** Version of the native part: the package's. */
  version: string
  /** Instruction set in use: 'baseline', 'avx2', 'avx512' or 'neon'. GRU_NATIVE_ISA chooses at load. */
  isa: string
  /** Every instruction set that this machine can run, best first. */
  isas: string[]
  /** The number of threads that compute, including the caller's. GRU_NATIVE_THREADS or setThreads set it. */
  threads: number
  /**
   * The name of the BLAS that multiplies large matrices of gradients, or 'none' if the engine's own tiles do it. They
   * do if no BLAS is linked, and with every instruction set except 'baseline', since they are faster there.
   * GRU_NATIVE_BLAS=on or off overrides this.
   */
  blas: string
}

export interface CudaDevice {
  /** Its name in the option `device`: 'cuda:0' and so on. */
  device: string
  /** The GPU's name. */
  name: string
  /** Bytes in all. */
  memory: number
  /** Such as '9.0'. */
  computeCapability: string
  multiprocessors: number
}

export interface CudaRuntime {
  /** Whether there is a CUDA device. */
  available: boolean
  /** If there is none, the reason and what to do about it; otherwise ''. */
  reason: string
  devices: CudaDevice[]
}
/** An environment variable whose value cannot be used. */
export interface IgnoredVariable {
  /** Such as 'GRU_NATIVE_ISA'. */
  variable: string
  value: string
  /** The allowed values, in words. */
  expected: string
  /** What is used in its place. */
  used: string
}
/**
 * A request to stop. It is shared with the jobs that got it. A job that waits for its turn is rejected within `abort()`; one
 * that runs looks at the flag between time steps.
 */
export interface AbortFlag {
  abort(): void
}

/** The bytes that a layer and its passes hold. */
export interface LayerMemory {
  /** All that follows. */
  readonly total: number
  readonly parameters: number
  /**
   * What calls keep for later calls: packed copies of the weights, activations, scratch memory. `trim` frees it, and the
   * next call allocates what it needs.
   */
  readonly working: number
  /** Training passes between forward and backward. */
  readonly passes: number
}

/** The bytes that a model holds, with all objects that compute on its device. */
export interface ModelMemory {
  /** All that follows. */
  readonly total: number
  readonly parameters: number
  /** As {@link LayerMemory.working}. */
  readonly working: number
  /** The sum over its trainers; see {@link TrainerMemory}. */
  readonly trainers: number
  /** Training passes between forward and backward. */
  readonly passes: number
  /** The states of its sessions. */
  readonly sessions: number
}

/** The bytes that a trainer holds, without its model and its passes. */
export interface TrainerMemory {
  /** All that follows. */
  readonly total: number
  /** The sum of the gradients, and those of one batch more if a step had several. */
  readonly gradients: number
  /** What the optimiser has gathered for each parameter. */
  readonly moments: number
  /** The moving average of the parameters. */
  readonly average: number
  /** The states that are carried from step to step. */
  readonly states: number
  /** Activations and the memory of losses, which the next step uses again. `trim` frees it. */
  readonly working: number
}

/** The bytes that a training pass holds. */
export interface PassMemory {
  /** All that follows. */
  readonly total: number
  /** Its copies of the inputs. */
  readonly inputs: number
  /** What backward needs beside them. */
  readonly activations: number
}

/** The bytes that a session holds. The model's weights and the memory of a step are not its own. */
export interface SessionMemory {
  /** All that follows. */
  readonly total: number
  /** The states, 0 before its first step. */
  readonly states: number
}

/** The options that layers of every cell have. */
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
  /** The format of the inputs of large matrix products; only 'float32' on the CPU. */
  precision: 'float32' | 'tf32' | 'bfloat16'
  /** The argument that messages name: the caller's option, or the environment variable. Default 'device'. */
  argument?: string
  /** The file of the CUDA plug-in that is loaded if none is beside the addon. Default '': none. */
  cudaPlugin?: string
}

export interface ParameterSpec {
  /** PyTorch's name, such as 'weight_ih_l0'. */
  name: string
  shape: number[]
  /** Index of the first element in the flat vector of all parameters. */
  offset: number
  /** Product of `shape`. */
  count: number
}

/**
 * A NativeGru or a NativeLstm. With batchFirst the first two axes of input and output, and of their gradients, are
 * swapped. An LSTM's calls take two more arrays at the end: the cell state before the first step, null for zero, and
 * the one after the last step, both with the shape of the state. A GRU's calls ignore them.
 */
export interface NativeRecurrent {
  /** Its device: 'cpu', 'cuda:0' and so on, never 'auto'. */
  readonly device: string
  readonly parameterCount: number
  parameterSpecs(): ParameterSpec[]
  /**
   * Copies all parameters into `target` [parameterCount].
   *
   * @param call - the name of this call in the message of ERR_GRU_BUSY; default 'readParametersSync'
   * @param promiseForm - the name of the call that waits for its turn; default: there is none
   */
  readParametersSync(target: Float32Array, call?: string, promiseForm?: string): void
  writeParametersSync(source: Float32Array, call?: string, promiseForm?: string): void
  /**
   * A new array of `count` values with copies of all tensors, and 0 in between. An engine's thread writes it directly: the
   * JavaScript thread copies nothing.
   *
   * @param call - the name of this call among pending ones in the message of ERR_GRU_BUSY
   * @param positions - where each tensor begins in the array, in the order of parameterSpecs
   */
  readParameters(call: string, count: number, positions: number[]): Promise<NonSharedFloat32Array>
  /** Copies tensors in, in the order of parameterSpecs. Those that are null keep their values. */
  writeParameters(call: string, tensors: (Float32Array | null)[]): Promise<void>
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
  memory(): LayerMemory
  /** As {@link NativeModel.trimSync}. */
  trimSync(): void
  trim(): Promise<void>
  dispose(): void
}

/**
 * What a training pass keeps. It serves one backward call with arguments of the right types and shapes, whatever the
 * result of that call is. A second one throws ERR_GRU_DISPOSED. Only the forwardTraining calls make one.
 */
export interface NativePass {
  /**
   * Gradients, each with the name of the array that it belongs to: output [steps, batch, D*H] and state
   * [L*D, batch, H], null for zero -> input, initialState and parameters [parameterCount]. An LSTM's pass takes two
   * more arrays at the end: cell, null for zero -> initialCell. Throws ERR_GRU_VALUE if parameters changed since the
   * forward call.
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
  memory(): PassMemory
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

/**
 * A layer by its name; `inputs` are the names of what it reads, which may stand anywhere in the description. Most types
 * read one input or layer, `concat` and `add` two or more, `attention` the query and the memory. `gru` and `lstm` may
 * read a second one: the rows [batch, L*D*H] that are the states before the first step.
 */
export type NativeLayerOptions = { name: string; inputs: string[] } & (
  | { type: 'embedding'; size: number }
  | ({ type: 'gru' } & Omit<NativeGruOptions, 'inputSize' | 'batchFirst'>)
  | ({ type: 'lstm' } & Omit<NativeRecurrentOptions, 'inputSize' | 'batchFirst'>)
  | { type: 'linear'; size: number; activation: 'none' | 'relu' | 'tanh' | 'sigmoid' }
  | { type: 'dropout'; probability: number }
  | { type: 'layerNorm' }
  | { type: 'concat' }
  | { type: 'add' }
  | { type: 'select'; step: 'last' | 'mean' }
  | { type: 'attention'; score: 'additive'; size: number }
  | { type: 'attention'; score: 'scaledDotProduct' }
)

/** A layer whose values are predictions, and what they are trained for. */
export interface NativeOutputOptions {
  layer: string
  /** What messages call the output, its targets and its predictions. */
  argument: string
  target: string
  output: string
  loss: NativeLossOptions
  /** Of its loss, and so of its gradient, beside those of other outputs; at least 0. */
  weight: number
}

/** docs/maths.md has the formulas. */
export type NativeLossOptions =
  | {
      kind: 'crossEntropy'
      /** From 0 to below 1. */
      labelSmoothing: number
      /** [width], each at least 0; empty: 1 for all. */
      classWeights: Float32Array
      /** Any integer of 32 bits, or null for none. */
      ignoredClass: number | null
    }
  | NativeValueLossOptions
  | { kind: 'ctc' }

/** ignoreMissing: whether a value of a target that is NaN has no loss and no gradient, and does not count. */
export type NativeValueLossOptions = { ignoreMissing: boolean } & (
  | { kind: 'meanSquaredError' }
  | { kind: 'meanAbsoluteError' }
  /** delta: above 0 */
  | { kind: 'huber'; delta: number }
  /** quantiles: at least one, each from 0 to 1 */
  | { kind: 'quantile'; quantiles: Float32Array }
  | { kind: 'gaussian' }
  /** positiveWeights: as classWeights */
  | { kind: 'binaryCrossEntropy'; positiveWeights: Float32Array }
)

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
  outputs: { width: number; every: 'step' | 'last'; group: number; target: NativeTargetForm }[]
  /**
   * What a call may begin with and end with, layer by layer, an LSTM's cell behind its state. A recurrent layer that
   * reads an initial state from another layer has none.
   */
  states: NativeState[]
  /** In the order in which they lie in the flat vector of all parameters. */
  parameters: ParameterSpec[]
}

/** What the targets of an output look like. */
export interface NativeTargetForm {
  /** A class or some values for each row, or some labels for each sequence. */
  kind: 'classes' | 'values' | 'labels'
  /** Numbers of one target. */
  columns: number
  /** How messages spell out the number of values in the targets of a batch, and of one sequence. */
  formula: string
  sequenceFormula: string
  /** Whether a value that is NaN is missing and does not count. */
  missing: boolean
  /**
   * The integers that classes or labels may be, or the bounds of values; null for values without bounds. An ignored class
   * may lie within or without.
   */
  range: { first: number; last: number; ignored: number | null } | null
}

/**
 * The targets of one output, as its form says: classes [steps, batch] or [batch], values [steps, batch, columns] or [batch,
 * columns], or labels [S, batch] (or [batch, S], batch first) with the number of each sequence's, [batch].
 */
export type NativeTarget = Float32Array | Int32Array | { labels: Int32Array; lengths: Int32Array }

/** A state of a recurrent layer: [L*D, batch, H]. */
export interface NativeState {
  layer: string
  kind: 'state' | 'cell'
  /** Values of one sequence: L*D*H. */
  size: number
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
  readParametersSync(target: Float32Array, call?: string, promiseForm?: string): void
  writeParametersSync(source: Float32Array, call?: string, promiseForm?: string): void
  readParameters(call: string, count: number, positions: number[]): Promise<NonSharedFloat32Array>
  writeParameters(call: string, tensors: (Float32Array | null)[]): Promise<void>
  /**
   * Copies a part of the flat vector of all parameters in, from `offset` on, without drawing the initial values of the
   * others: they are undefined until they are written. For a model that is read from a file.
   */
  fillParameters(call: string, offset: number, source: Float32Array): Promise<void>
  /**
   * outputs: [steps, batch, width] each, or [batch, width] with a row for each sequence. initialStates and states: an
   * array [L*D, batch, H] for each of the graph's states, null for zero, or where the final state is not wanted; a list
   * left out has nothing but null.
   */
  predictSync(
    batch: number,
    inputs: NativeInputBatch[],
    outputs: Float32Array[],
    initialStates?: (Float32Array | null)[],
    states?: (Float32Array | null)[],
  ): void
  predict(
    batch: number,
    inputs: NativeInputBatch[],
    outputs: Float32Array[],
    abort: AbortFlag | null,
    initialStates?: (Float32Array | null)[],
    states?: (Float32Array | null)[],
  ): Promise<void>
  /**
   * Predictions of single sequences, whose steps may differ, as one batch. `inputs`: for each sequence an array of each
   * input, [steps, size] or tokens [steps]; `outputs`: for each sequence an array of each output, [steps, width], or
   * [width] with a row for each sequence.
   */
  predictTogether(
    inputs: (Float32Array | Int32Array)[],
    outputs: Float32Array[],
    abort: AbortFlag | null,
  ): Promise<void>
  /** At any time. While calls are pending, the bytes are those after the last one that ended. */
  memory(): ModelMemory
  /** Frees what calls keep for later calls; see {@link ModelMemory.working}. Throws ERR_GRU_BUSY like a Sync call. */
  trimSync(): void
  trim(): Promise<void>
  dispose(): void
}

/**
 * Sequences of a model that are computed step by step. `new` throws ERR_GRU_VALUE if a layer needs whole sequences; the
 * message names the layer. It is disposed of with its model, as a trainer. The states are one array: for each of the
 * graph's states in their order [L*D, batch, H]. A call that fails leaves them as they were, except a step whose output
 * was detached while it was pending: that step was made. If the device itself fails while it copies states, later calls
 * fail with ERR_GRU_DEVICE until `reset`, `copyFrom` or `writeStates`.
 *
 * The steps of a session of a decoder have one input, the tokens of the target, and one output, the logits. Its states are
 * those of all recurrent layers behind the target.
 */
export interface NativeSession {
  /** The number of values in the array of states. */
  readonly stateCount: number
  /**
   * Reads the sources of a session of a decoder, and begins with the states that follow from them; ERR_GRU_VALUE for a
   * session of a whole model, and for a second call, also if the first one failed. The first step comes after it. In the
   * batch the target, which may be one step of zeros, says nothing.
   */
  encodeSync(batch: NativeModelBatch): void
  encode(batch: NativeModelBatch, abort: AbortFlag | null): Promise<void>
  /** inputs: [batch, size] or [batch] of tokens each; outputs: [batch, width] each. */
  stepSync(inputs: (Float32Array | Int32Array)[], outputs: Float32Array[]): void
  step(
    inputs: (Float32Array | Int32Array)[],
    outputs: Float32Array[],
    abort: AbortFlag | null,
  ): Promise<void>
  /** The next call that is made begins with the initial states, for a model zeros. Never throws ERR_GRU_BUSY. */
  reset(): void
  /**
   * Takes over the states of a session of the same model or decoder with the same batch; ERR_GRU_VALUE for another one.
   * Sessions of a decoder then share what was read of the sources; ERR_GRU_VALUE if this one has other sources.
   */
  copyFromSync(other: NativeSession): void
  copyFrom(other: NativeSession, abort: AbortFlag | null): Promise<void>
  readStatesSync(target: Float32Array): void
  readStates(target: Float32Array, abort: AbortFlag | null): Promise<void>
  writeStatesSync(source: Float32Array): void
  writeStates(source: Float32Array, abort: AbortFlag | null): Promise<void>
  memory(): SessionMemory
  dispose(): void
}

/**
 * Places of an input of tokens and of an output, whose classes are what comes next of those tokens. `new` throws
 * ERR_GRU_VALUE where the layers behind the target cannot be computed step by step; the message names the layer.
 */
export interface NativeDecoderOptions {
  target: number
  output: number
}

export interface NativeDecodeOptions {
  /** The tokens before the first one and at the end. */
  begin: number
  end: number
  /** Hypotheses that stay at each step; 1: greedy. */
  beams: number
  /** Tokens of a hypothesis at most. */
  limit: number
  /** Hypotheses wanted of each source, at most `beams`. */
  best: number
  /** What a score is divided by, for n tokens: 1, n, ((5 + n) / 6)^alpha. */
  lengthPenalty: 'none' | 'mean' | 'gnmt'
  alpha: number
}

export interface NativeHypothesis {
  /** Without `begin`. The last one is `end`, unless the limit stopped the hypothesis before. */
  tokens: NonSharedInt32Array
  logProbability: number
  score: number
}

/** Finds the likeliest sequences of a model's target. It is disposed of with its model, as a trainer. */
export interface NativeDecoder {
  /**
   * Of each source the best hypotheses, best first. In the batch the target, which may be one step of zeros, says nothing.
   * ERR_GRU_NONFINITE where predictions are no numbers.
   */
  decodeSync(batch: NativeModelBatch, options: NativeDecodeOptions): NativeHypothesis[][]
  decode(
    batch: NativeModelBatch,
    options: NativeDecodeOptions,
    abort: AbortFlag | null,
  ): Promise<NativeHypothesis[][]>
  /** As {@link NativeModel.trimSync}, of what the decoder keeps. Its bytes are in the model's {@link ModelMemory.working}. */
  trimSync(): void
  trim(): Promise<void>
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

/** The options of one tensor of parameters that differ from the optimiser's. */
export interface NativeParameterOptions {
  /** No gradient, no updates, and not counted in the norm. */
  frozen: boolean
  /** Null: the optimiser's. If a step has its own rate, this rate keeps its ratio to the optimiser's. */
  learningRate: number | null
  weightDecay: number | null
}

export interface NativeTrainerOptions extends NativeOptimizerOptions {
  /** Bound on the global L2 norm, 0 for none. */
  clipNorm: number
  /** Bound on each gradient's magnitude, 0 for none; applied after clipNorm. */
  clipValue: number
  /** One for each tensor, in the order of parameterSpecs; or none: all use the optimiser's. */
  parameters: NativeParameterOptions[]
  /** d in average = d * average + (1 - d) * parameters, after each update; null: no average. */
  averageDecay: number | null
  /** What happens to a step whose loss or gradients are not finite: ERR_GRU_NONFINITE, or `skipped`. */
  nonFinite: 'throw' | 'skip'
  /** Whether recurrent layers compute their gates again in backward, instead of keeping them: less memory, the same bits. */
  recomputeActivations: boolean
}

export interface UpdateMetrics {
  /** Global L2 norm of all gradients, before any clipping; 0 from evaluate. */
  gradNorm: number
  /** Whether nothing changed because a value was not finite. */
  skipped: boolean
}

export interface StepMetrics extends UpdateMetrics {
  /** Before the update; the sum of those of all outputs. */
  loss: number
  outputs: OutputMetrics[]
}

/** The loss of one output. */
export interface OutputMetrics {
  /** Times the output's weight: the sum over its rows, divided by the denominator. */
  loss: number
  /** The rows that count, the sum of their classes' weights, or the sequences. Where it is 0, the loss is 0. */
  denominator: number
  /** With 'ctc', the sequences of the batch that have too few steps for their labels. */
  impossible: number[]
}

/** A batch of every input of a model. */
export interface NativeModelBatch {
  batch: number
  inputs: NativeInputBatch[]
}

export interface NativeTrainingBatch extends NativeModelBatch {
  targets: NativeTarget[]
  /**
   * Begins with the states in which the batch at this place of the last such step, or evaluation, ended. ERR_GRU_SHAPE
   * where those are of another number of sequences, ERR_GRU_VALUE where the model has no state to carry, or a reverse
   * direction. Default false.
   */
  carryState?: boolean
}

export interface NativeStepOptions {
  /** Instead of the optimiser's; null: the optimiser's. */
  learningRate: number | null
}

/**
 * The state of a trainer, except gradients that wait for an update and the states that evaluations carry, and of its model
 * at the same moment.
 */
export interface NativeTrainerState {
  updates: number
  /** The number of training passes, which chooses the dropout masks. */
  passes: number
  /** [parameterCount] */
  parameters: NonSharedFloat32Array
  /**
   * The states that steps carry, for each place in a list of batches: [L*D, batch, H] for each of the graph's states, or
   * none with batch 0.
   */
  carried: { batch: number; values: Float32Array[] }[]
  /** The arrays that the options need, each [parameterCount]. */
  arrays: { firstMoment?: Float32Array; secondMoment?: Float32Array; average?: Float32Array }
}

/** What is written of a state before its arrays. */
export interface NativeTrainerCounts extends Pick<
  NativeTrainerState,
  'updates' | 'passes' | 'carried'
> {
  /** The names of the arrays that belong to it. */
  arrays: (keyof NativeTrainerState['arrays'])[]
}

export interface NativeTrainer {
  /** One update with one or more batches as if they were one. */
  stepSync(batches: NativeTrainingBatch[], options: NativeStepOptions): StepMetrics
  step(
    batches: NativeTrainingBatch[],
    options: NativeStepOptions,
    abort: AbortFlag | null,
    carryState?: boolean,
  ): Promise<StepMetrics>
  /** The next step whose state is carried begins at zero. Throws ERR_GRU_BUSY like a Sync call. */
  resetState(): void
  /** The same of evaluations. */
  resetEvaluationState(): void
  /**
   * The loss without an update, in inference. It carries states of its own. outputs: as of NativeModel.predict, for the
   * predictions of the same pass; an empty list or none: they are not stored.
   */
  evaluate(
    batch: NativeTrainingBatch,
    abort: AbortFlag | null,
    outputs?: Float32Array[],
  ): Promise<StepMetrics>
  /** The same with the average instead of the parameters. Throws ERR_GRU_VALUE if there is none. */
  evaluateAverage(
    batch: NativeTrainingBatch,
    abort: AbortFlag | null,
    outputs?: Float32Array[],
  ): Promise<StepMetrics>
  /** Copies the average into `target` [parameterCount]. Throws ERR_GRU_VALUE if there is none. */
  readAverageSync(target: Float32Array): void
  /** A new array with the average, which an engine's thread writes directly. */
  readAverage(): Promise<NonSharedFloat32Array>
  /** One update with the sum of the gradients that passes added. Throws ERR_GRU_VALUE if there are none. */
  updateSync(options: NativeStepOptions): UpdateMetrics
  update(options: NativeStepOptions): Promise<UpdateMetrics>
  /** Discards those gradients. */
  discardSync(): void
  discard(): Promise<void>
  /** The state when the job runs. An engine's thread writes the arrays of [parameterCount] directly. */
  readState(): Promise<NativeTrainerState>
  /**
   * Throws ERR_GRU_VALUE, and changes nothing, if `arrays` are not those of the options in their order, or if the carried
   * states do not fit. Discards gradients that wait for an update. The arrays themselves and the parameters of the model
   * stay: writeStateArray and the model write them.
   */
  writeState(state: NativeTrainerCounts): Promise<void>
  /** Copies a part of an array of the state in, from `offset` on. Throws ERR_GRU_VALUE if the options need no such array. */
  writeStateArray(
    array: keyof NativeTrainerState['arrays'],
    offset: number,
    source: Float32Array,
  ): Promise<void>
  memory(): TrainerMemory
  /** As {@link NativeModel.trimSync}. */
  trimSync(): void
  trim(): Promise<void>
  dispose(): void
}

/**
 * A training pass for a loss that the caller computes. `new` copies the inputs. One forward call and one backward call
 * follow. After a backward call whose arguments have the right types and shapes, the pass cannot be used again, even if
 * the call failed: another call throws ERR_GRU_DISPOSED. So does every call if the trainer or its model is disposed of.
 */
export interface NativeTrainingPass {
  /** outputs: as of NativeModel.predict. */
  forwardSync(outputs: Float32Array[]): void
  forward(outputs: Float32Array[], abort: AbortFlag | null): Promise<void>
  /**
   * Adds to the gradients for the next update those that follow from the gradients of the outputs: in the shapes of the
   * outputs, null for zero. Throws ERR_GRU_VALUE if parameters changed since the forward call.
   */
  backwardSync(outputs: (Float32Array | null)[]): void
  backward(outputs: (Float32Array | null)[], abort: AbortFlag | null): Promise<void>
  memory(): PassMemory
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

export interface GraphReferenceCall {
  batch: number
  /** Of each input: features [steps, batch, size], or tokens [steps, batch], all of them within the vocabulary. */
  inputs: { steps: number; lengths: Int32Array | null; values: Float64Array | Int32Array }[]
  /**
   * Of each output: classes [steps, batch] or [batch]; values with a last axis more; or labels [S, batch] with the
   * number of each sequence's.
   */
  targets: (Float64Array | Int32Array | { labels: Int32Array; lengths: Int32Array })[]
  /** Null for inference; in training the model's seed, and which of its training passes (from 0) to repeat. */
  dropout: { seed: number; pass: number } | null
}

export interface GraphReferenceResult {
  /** [steps, batch, width] each, or [batch, width]; 0 in rows that do not count. */
  outputs: Float64Array[]
  loss: number
  /** The gradients of the loss: of the predictions, in their shapes, and of the parameters. */
  dOutputs: Float64Array[]
  dParameters: Float64Array
}
