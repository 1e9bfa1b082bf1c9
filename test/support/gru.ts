import type { GruOptions } from '../../lib'
import { randomSource, uniform } from './numbers'

export const options: GruOptions = { inputSize: 3, hiddenSize: 4, seed: 7 }
const random = randomSource(7)
/** Five steps of two sequences. */
export const input = uniform(random, 5 * 2 * 3)
/** The gradient of a loss with respect to their output. */
export const dOutput = uniform(random, 5 * 2 * 4)
