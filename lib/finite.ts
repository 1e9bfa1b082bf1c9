/**
 * The search for numbers that are not finite in what a model is to be trained on. A single one makes every
 * gradient NaN, and afterwards nobody can tell where it came from.
 *
 * @module
 */
import { types } from 'node:util'
import type { NativeModelOptions } from '../binding'
import { argumentError } from './errors'
import { type CheckedBatch, inputWidth, targetWidth } from './model-batch'

type Values = Float32Array | Int32Array

/** Where a number lies, in words, from its index; undefined where it is padding, which nothing reads. */
type Place = (index: number) => string | undefined

/**
 * Checks the numbers of one sequence.
 *
 * @param argument - what messages call the sequence: 'data.sequences[3]'
 */
export function checkFiniteSequence(
  argument: string,
  model: Readonly<NativeModelOptions>,
  { input, target }: { readonly input: Values; readonly target: Values },
): void {
  const place =
    (width: number, hasSteps: boolean): Place =>
    (index) =>
      `${hasSteps ? `step ${Math.floor(index / width)}, ` : ''}column ${index % width}`
  checkFinite(`${argument}.input`, input, place(inputWidth(model), true))
  checkFinite(`${argument}.target`, target, place(targetWidth(model), model.every === 'step'))
}

/**
 * Checks the numbers of a batch, but for those past the sequences' lengths.
 *
 * @param argument - what messages call the batch: 'data: batch 2 of epoch 1'
 */
export function checkFiniteBatch(
  argument: string,
  model: Readonly<NativeModelOptions>,
  batch: CheckedBatch,
): void {
  const { input, target } = batch
  checkFinite(
    `${argument}: input`,
    input,
    stepPlace(batch, inputWidth(model), model.gru.batchFirst),
  )
  const width = targetWidth(model)
  const place =
    model.every === 'step'
      ? stepPlace(batch, width, model.gru.batchFirst)
      : sequencePlace(batch, width)
  checkFinite(`${argument}: target`, target, place)
}

/** Of an array [steps, batch, width], or [batch, steps, width]. */
function stepPlace(
  { steps, batch, lengths }: CheckedBatch,
  width: number,
  batchFirst: boolean,
): Place {
  return (index) => {
    const row = Math.floor(index / width)
    const sequence = batchFirst ? Math.floor(row / steps) : row % batch
    const step = batchFirst ? row % steps : Math.floor(row / batch)
    if (step >= (lengths?.[sequence] ?? steps)) return undefined
    return `sequence ${sequence}, step ${step}, column ${index % width}`
  }
}

/** Of an array [batch, width]. */
function sequencePlace({ steps, lengths }: CheckedBatch, width: number): Place {
  return (index) => {
    const sequence = Math.floor(index / width)
    if ((lengths?.[sequence] ?? steps) === 0) return undefined
    return `sequence ${sequence}, column ${index % width}`
  }
}

function checkFinite(argument: string, values: Values, placeOf: Place): void {
  if (types.isInt32Array(values)) return
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!
    if (Number.isFinite(value)) continue
    const place = placeOf(index)
    if (place === undefined) continue
    const got = `${value} in ${place} (all counted from 0)`
    throw argumentError('ERR_GRU_VALUE', argument, 'finite numbers', got)
  }
}
