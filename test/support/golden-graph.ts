import * as path from 'node:path'
import {
  type LossOptions,
  Model,
  type ModelOptions,
  type OptimizerOptions,
  type ParameterGroup,
} from '../../lib'
import type { Safetensors } from '../../lib/formats/safetensors-writer'
import { readWhole } from './safetensors'

/** A graph, a batch, and the training by it; what some cases have alone is optional. */
export interface Case {
  readonly graph: ModelOptions
  readonly lengths: Record<string, number[]>
  readonly batch: number
  readonly optimizer: OptimizerOptions['kind']
  readonly hyper: Omit<OptimizerOptions, 'kind'>
  readonly groups?: readonly ParameterGroup[]
  readonly frozen?: readonly string[]
  readonly averageDecay?: number
  readonly averageLoss?: number
  /** Slices of sequences. */
  readonly accumulate?: readonly (readonly [number, number])[]
  readonly clipNorm?: number
  readonly losses: number[]
  readonly gradNorms: number[]
}

export async function readCase(name: string): Promise<{ golden: Case; content: Safetensors }> {
  const content = await readWhole(path.join(__dirname, '../golden-graph', `${name}.safetensors`))
  return { golden: JSON.parse(content.metadata['case']!) as Case, content }
}

/** The tensors whose names begin so, under the rest of their names. */
export function tensors(content: Safetensors, prefix: string): Record<string, Float32Array> {
  const found = [...content.tensors].filter(([name]) => name.startsWith(prefix))
  return Object.fromEntries(
    found.map(([name, tensor]) => [name.slice(prefix.length), tensor.data as Float32Array]),
  )
}

/** In files, integers are float32 too. */
function withIntegers(
  arrays: Record<string, Float32Array>,
  isIntegers: (name: string) => boolean,
): Record<string, Float32Array | Int32Array> {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, values]) => [
      name,
      isIntegers(name) ? Int32Array.from(values) : values,
    ]),
  )
}

export function inputsOf({ graph }: Case, content: Safetensors) {
  return withIntegers(tensors(content, 'input.'), (name) => 'tokens' in graph.inputs[name]!)
}

export function targetsOf({ graph }: Case, content: Safetensors) {
  return withIntegers(
    tensors(content, 'target.'),
    (name) => (graph.outputs[name]!.loss as LossOptions).kind === 'crossEntropy',
  )
}

/** A model for a case, with its initial parameters. */
export function modelOf({ graph }: Case, content: Safetensors): Model {
  const model = new Model(graph)
  model.setParameters(tensors(content, 'init.'))
  return model
}
