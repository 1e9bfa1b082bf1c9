/**
 * The parts of onnxruntime-node that the bench uses.
 *
 * @module
 */
import { loadPeer, peerVersion } from './load-peer'

export interface OrtTensor {
  readonly data: Float32Array
}

export type OrtResults = Readonly<Record<string, OrtTensor>>

export interface OrtSession {
  run(feeds: OrtResults): Promise<OrtResults>
}

export interface Ort {
  readonly Tensor: new (
    type: string,
    data: Float32Array | Int32Array,
    shape: readonly number[],
  ) => OrtTensor
  readonly InferenceSession: { create(file: string, options: object): Promise<OrtSession> }
}

const PACKAGE = 'onnxruntime-node'

export const ORT_VERSION = peerVersion(PACKAGE)

export function loadOrt(): Ort {
  return loadPeer(PACKAGE) as Ort
}

/** Opens a model. Without `threads` each operator may use all cores, which is ONNX Runtime's default. */
export function openSession(ort: Ort, file: string, threads?: number): Promise<OrtSession> {
  return ort.InferenceSession.create(file, {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    ...(threads !== undefined && { intraOpNumThreads: threads }),
    interOpNumThreads: 1,
  })
}
