/**
 * Arrays of sequences of different lengths as one array of a batch.
 *
 * @module
 */
import { types } from 'node:util'

/** Joins arrays [own steps, width] into one [steps, batch, width], or [batch, steps, width], with zeros after their ends. */
export function padded<T extends Float32Array | Int32Array>(
  sequences: readonly T[],
  steps: number,
  width: number,
  batchFirst: boolean,
): T {
  const count = sequences.length * steps * width
  const batch = types.isInt32Array(sequences[0]) ? new Int32Array(count) : new Float32Array(count)
  const stride = batchFirst ? width : sequences.length * width
  for (const [index, sequence] of sequences.entries()) {
    let row = index * (batchFirst ? steps * width : width)
    for (let from = 0; from < sequence.length; from += width, row += stride) {
      for (let column = 0; column < width; column++) batch[row + column] = sequence[from + column]!
    }
  }
  return batch as T
}
