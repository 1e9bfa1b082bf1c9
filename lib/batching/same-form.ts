/**
 * Whether one model can take the place of another one.
 *
 * @module
 */
import { argumentError } from '../errors'
import type { Graph } from '../graph'
import type { ModelInternals } from '../graph-model'

/**
 * Checks that a model takes the same requests and gives answers of the same form as another one. What messages call an
 * input tells the class too: `input` of a SequenceModel, `inputs.NAME` of a Model.
 */
export function checkSameForm(old: ModelInternals, next: ModelInternals): void {
  const [expected, got] = [describeForm(old.core.graph), describeForm(next.core.graph)]
  if (expected === got) return
  throw argumentError('ERR_GRU_VALUE', 'model', `the form of the old one, ${expected}`, got)
}

function describeForm({ inputs, outputs }: Graph): string {
  const read = inputs.map(({ argument, tokens, size, group }) => {
    const first = inputs.find((input) => input.group === group)!.argument
    const joined = first === argument ? '' : ` with the steps of ${first}`
    return `${argument} (${size} ${tokens ? 'tokens' : 'features'}${joined})`
  })
  const predicted = outputs.map(({ output, width, every, input }) => {
    const rows = every === 'step' ? 'each step' : 'the whole'
    return `${output} (${width} for ${rows} of ${inputs[input]!.argument})`
  })
  return [...read, ...predicted].join(', ')
}
