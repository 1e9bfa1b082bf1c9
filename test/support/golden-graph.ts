import * as path from 'node:path'
import { Model, type ModelOptions, type OptimizerOptions, type ParameterGroup } from '../../lib'
import type { Safetensors } from '../../lib/formats/safetensors-writer'
import { readWhole } from './safetensors'

type Description = Pick<ModelOptions, 'inputs' | 'layers'> & {
  readonly outputs: Record<string, { readonly loss: { readonly kind: string } }>
}

/** A graph, a batch, and the training by it; what some cases have alone is optional. */
export interface Case {
  readonly graph: Description
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
    (name) => graph.outputs[name]!.loss.kind === 'crossEntropy',
  )
}

/** A loss that the package does not have is replaced by another one: predictions do not depend on it. */
export function modelOf({ graph }: Case, content: Safetensors): Model {
  const lossOf = (kind: string) => (kind === 'crossEntropy' ? kind : 'meanSquaredError')
  const outputs = Object.fromEntries(
    Object.entries(graph.outputs).map(([name, { loss }]) => [name, { loss: lossOf(loss.kind) }]),
  )
  const model = new Model({ inputs: graph.inputs, layers: graph.layers, outputs } as ModelOptions)
  model.setParameters(tensors(content, 'init.'))
  return model
}
