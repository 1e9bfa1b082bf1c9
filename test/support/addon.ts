import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import * as path from 'node:path'
import type * as Binding from '../../binding'

export const addonPath = path.resolve(
  process.env['GRU_NATIVE_ADDON'] ?? path.join(__dirname, '../../build/Release/gru_native.node'),
)

/** What the addon exports. */
export const exported = createRequire(__filename)(addonPath) as typeof Binding
export const { initialize } = exported

/** The class of errors in these tests. lib's own class is GruError. */
export class TestError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}

/** The native part itself, without lib's checks. */
export const addon = initialize((code, message) => new TestError(code, message))

export const lstmOptions: Binding.NativeRecurrentOptions = {
  inputSize: 3,
  hiddenSize: 4,
  numLayers: 1,
  bias: true,
  batchFirst: false,
  dropout: 0,
  bidirectional: false,
}

export const gruOptions: Binding.NativeGruOptions = {
  ...lstmOptions,
  resetAfter: true,
  updateGate: 'retain',
}

/** The device of all tests that do not name another one. GRU_NATIVE_DEVICE chooses it, as in lib. */
export const device: Binding.NativeDeviceOptions = {
  name: process.env['GRU_NATIVE_DEVICE'] || 'cpu',
  precision: 'float32',
}

/** The parts of a chain: tokens (or features if there are 0 tokens), a layer, a head. */
export interface ChainOptions {
  readonly tokens?: number
  readonly gru?: Binding.NativeGruOptions
  readonly outputSize?: number
  readonly loss?: Binding.NativeLossOptions | 'crossEntropy' | 'meanSquaredError'
  readonly every?: 'step' | 'last'
}

/**
 * The graph of a SequenceModel, by default from 5 tokens to 5 classes at every step. It uses no outer variables, for
 * {@link prelude}.
 */
function graphOfChain(
  gru: Binding.NativeGruOptions,
  { tokens = 5, outputSize = 5, loss = 'crossEntropy', every = 'step' }: ChainOptions,
): Binding.NativeGraphOptions {
  const { inputSize, batchFirst, ...stack } = gru
  const isTokens = tokens > 0
  const embedding = { name: 'embedding', type: 'embedding', inputs: ['input'], size: inputSize }
  const numbers = { labelSmoothing: 0, classWeights: new Float32Array(0), ignoredClass: null }
  const plain: Binding.NativeLossOptions =
    loss === 'crossEntropy'
      ? { kind: 'crossEntropy', ...numbers }
      : { kind: 'meanSquaredError', ignoreMissing: false }
  const names = { layer: 'head', argument: 'output', target: 'target', output: 'output' }
  const last = { name: 'last', type: 'select', inputs: ['gru'], step: 'last' }
  return {
    inputs: [
      {
        ...{ name: 'input', argument: 'input', lengths: 'lengths', tokens: isTokens },
        size: isTokens ? tokens : inputSize,
      },
    ],
    layers: [
      ...(isTokens ? [embedding] : []),
      { name: 'gru', type: 'gru', inputs: [isTokens ? 'embedding' : 'input'], ...stack },
      ...(every === 'last' ? [last] : []),
      {
        name: 'head',
        type: 'linear',
        inputs: [every === 'last' ? 'last' : 'gru'],
        size: outputSize,
        activation: 'none',
      },
    ] as Binding.NativeLayerOptions[],
    outputs: [{ ...names, loss: typeof loss === 'object' ? loss : plain, weight: 1 }],
    batchFirst,
  }
}

export function chain(options: ChainOptions = {}): Binding.NativeGraphOptions {
  return graphOfChain(options.gru ?? gruOptions, options)
}

export const trainerOptions: Binding.NativeTrainerOptions = {
  kind: 'adam',
  learningRate: 1e-2,
  momentum: 0,
  beta1: 0.9,
  beta2: 0.999,
  decay: 0.99,
  epsilon: 1e-8,
  weightDecay: 0,
  clipNorm: 0,
  clipValue: 0,
  parameters: [],
  averageDecay: null,
  nonFinite: 'throw',
  recomputeActivations: false,
}

/** A batch of two sequences of six steps. */
export const STEPS = 6
export const BATCH = 2
/** The numbers of values in its arrays, for a layer of gruOptions. */
export const INPUT = STEPS * BATCH * gruOptions.inputSize
export const OUTPUT = STEPS * BATCH * gruOptions.hiddenSize
export const STATE = BATCH * gruOptions.hiddenSize
/** A batch of tokens for a model of chain(). */
export const tokens = Int32Array.from({ length: STEPS * BATCH }, (_, i) => (i * 3) % 5)
export const classes = Int32Array.from({ length: STEPS * BATCH }, (_, i) => (i * 2) % 5)

export function createGru(changes = {}): Binding.NativeRecurrent {
  return new addon.NativeGru({ ...gruOptions, ...changes }, 7, device)
}

export function createLstm(changes = {}): Binding.NativeRecurrent {
  return new addon.NativeLstm({ ...lstmOptions, ...changes }, 7, device)
}

export function createModel(options: ChainOptions = {}): Binding.NativeModel {
  return new addon.NativeModel(chain(options), 7, device)
}

/** The arguments of a call of a chain or its trainer: a batch of the input, and one array more. */
export function call<T extends Float32Array | Int32Array>(
  values: Float32Array | Int32Array,
  array: T,
  { steps = STEPS, batch = BATCH, lengths = null as Int32Array | null } = {},
): [batch: number, inputs: Binding.NativeInputBatch[], arrays: T[]] {
  return [batch, [{ steps, lengths, values }], [array]]
}

/** What a trainer takes, from the arguments of a call of its model. Needs nothing around it, for {@link prelude}. */
export function batchOf(
  batch: number,
  inputs: Binding.NativeInputBatch[],
  targets: (Float32Array | Int32Array)[],
): Binding.NativeTrainingBatch {
  return { batch, inputs, targets }
}

/** The arguments of a trainer's stepSync with one such batch. As {@link batchOf}. */
export function stepCall(
  batch: number,
  inputs: Binding.NativeInputBatch[],
  targets: (Float32Array | Int32Array)[],
): [Binding.NativeTrainingBatch[], Binding.NativeStepOptions] {
  return [[{ batch, inputs, targets }], { learningRate: null }]
}

/** The arguments of a GRU's forwardSync. The promise forms have an abort flag after them. */
export type ForwardArguments = [
  steps: number,
  batch: number,
  lengths: Int32Array | null,
  input: Float32Array,
  initialState: Float32Array | null,
  output: Float32Array,
  state: Float32Array,
]
/** The arguments of a GRU pass's backwardSync. */
export type BackwardArguments = [
  output: Float32Array | null,
  state: Float32Array | null,
  input: Float32Array,
  initialState: Float32Array,
  parameters: Float32Array,
]

export function emptyResult(): { readonly output: Float32Array; readonly state: Float32Array } {
  return { output: new Float32Array(OUTPUT), state: new Float32Array(STATE) }
}

/** Numbers from -1 to 1 with a long period. */
export function wave(count: number, phase = 0): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(1 + phase + i * 0.7))
}

/** The error that a call throws or with which its promise rejects; undefined if it does not fail. */
export async function errorOf(call: () => unknown): Promise<Partial<TestError> | undefined> {
  try {
    await call()
    return undefined
  } catch (error) {
    return error as Partial<TestError>
  }
}

/** The code of that error. */
export async function codeOf(call: () => unknown): Promise<unknown> {
  return (await errorOf(call))?.code
}

/** An emulated GPU takes a thousand times as long as a CPU for a step. */
const trainingStep =
  device.name === 'cuda-emulated'
    ? { hiddenSize: 24, steps: 8, batch: 4 }
    : { hiddenSize: 128, steps: 64, batch: 16 }

/** Definitions for scripts that run in a worker or in their own process. */
export const prelude = `
  const { initialize } = require(${JSON.stringify(addonPath)})
  class TestError extends Error {
    constructor(code, message) {
      super(message)
      this.code = code
    }
  }
  const addon = initialize((code, message) => new TestError(code, message))
  const gruOptions = ${JSON.stringify(gruOptions)}
  const chain = (options = {}) => (${graphOfChain.toString()})(options.gru ?? gruOptions, options)
  ${batchOf.toString()}
  ${stepCall.toString()}
  const trainerOptions = ${JSON.stringify(trainerOptions)}
  const device = ${JSON.stringify(device)}
  /** Training steps of some milliseconds each, all pending at the same time: promises of their losses. */
  function startTraining(count) {
    const { hiddenSize, steps, batch } = ${JSON.stringify(trainingStep)}
    const gru = { ...gruOptions, hiddenSize }
    const model = new addon.NativeModel(chain({ gru }), 1, device)
    const trainer = new addon.NativeTrainer(model, trainerOptions)
    const tokens = new Int32Array(steps * batch)
    return Array.from({ length: count }, () =>
      trainer
        .step(...stepCall(batch, [{ steps, lengths: null, values: tokens }], [tokens]), null)
        .then(({ loss }) => loss),
    )
  }
`

/** How a process ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: string | null
  readonly output: string
}

/** Runs a script after the prelude in its own Node process. `kill` sends it a signal once it has printed a word. */
export function runProcess(
  script: string,
  kill?: { readonly on: string; readonly signal: NodeJS.Signals },
): Promise<Exit> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['-e', prelude + script], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    const collect = (chunk: Buffer): void => {
      output += chunk.toString()
      if (kill !== undefined && output.includes(kill.on)) child.kill(kill.signal)
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.on('close', (code, signal) => {
      resolve({ code, signal, output })
    })
  })
}
