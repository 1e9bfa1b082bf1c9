import { GRU, type GruOptions } from '../../lib'
import { bitsOf, randomSource, uniform } from './numbers'

export const options: GruOptions = { inputSize: 3, hiddenSize: 4, seed: 7 }
const random = randomSource(7)
/** Five steps of two sequences. */
export const input = uniform(random, 5 * 2 * 3)
/** The gradient of a loss with respect to their output. */
export const dOutput = uniform(random, 5 * 2 * 4)

/** A layer for one test, disposed of after it. */
export function makeGru(changes: Partial<GruOptions> = {}): GRU {
  const gru = new GRU({ ...options, ...changes })
  layers.push(gru)
  return gru
}
const layers: GRU[] = []
afterEach(() => {
  for (const gru of layers.splice(0)) gru.dispose()
})

export const parameterBits = (gru: GRU): string[] => Object.values(gru.getParameters()).map(bitsOf)
