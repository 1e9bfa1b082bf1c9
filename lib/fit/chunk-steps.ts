/**
 * The option `chunkSteps`, and which models can be trained with it.
 *
 * @module
 */
import type { NativeLayerOptions } from '../../binding'
import { argumentError, quote } from '../errors'
import type { Graph } from '../graph'
import { checkPositiveInteger } from '../validate'

/** Checks the steps of a chunk, and that a model's sequences can be cut. */
export function checkChunkSteps(graph: Graph, value: unknown): number {
  const steps = checkPositiveInteger('chunkSteps', value)
  checkOutputs(graph)
  checkLayers(graph)
  checkInputs(graph)
  return steps
}

function refuse(expected: string, got: string): Error {
  return argumentError('ERR_GRU_VALUE', 'chunkSteps', expected, got)
}

/** Every step of an output has its own target. */
function checkOutputs({ outputs }: Graph): void {
  for (const { layer, every, targetForm } of outputs) {
    if (every === 'last') {
      const expected = 'outputs with a prediction at every step'
      throw refuse(expected, `the output ${quote(layer)} with one for each sequence`)
    }
    if (targetForm.kind === 'labels') {
      const expected = 'outputs with a target at every step'
      throw refuse(expected, `the output ${quote(layer)}, whose loss is ctc`)
    }
  }
}

/** Only the states of recurrent layers go from chunk to chunk. */
function checkLayers({ options, states }: Graph): void {
  for (const layer of options.layers) {
    const reason = looksFurther(layer)
    if (reason === undefined) continue
    const expected = 'layers whose states are all that a step needs of the steps before it'
    throw refuse(expected, `the layer ${quote(layer.name)}, ${reason}`)
  }
  if (states.length === 0) throw refuse('a recurrent layer', 'a model without one')
}

/** In which way a layer needs more of a sequence than a chunk and the states before it; undefined where it does not. */
function looksFurther(layer: NativeLayerOptions): string | undefined {
  switch (layer.type) {
    case 'attention':
    case 'select':
      return `whose type is ${layer.type}`
    case 'gru':
    case 'lstm':
      if (layer.bidirectional) return 'which has two directions'
      return layer.inputs.length > 1 ? 'whose initial state is of another layer' : undefined
    default:
      return undefined
  }
}

/** All inputs are cut at the same steps. */
function checkInputs({ inputs }: Graph): void {
  const other = inputs.find(({ group }) => group !== inputs[0]!.group)
  if (other === undefined) return
  const expected = 'inputs with the same steps: those that the model joins'
  throw refuse(expected, `${inputs[0]!.argument} and ${other.argument}, which it does not join`)
}
