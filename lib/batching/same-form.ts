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

/** In the order of the names, since the order in a graph makes no difference to a caller. */
function describeForm({ inputs, outputs }: Graph): string {
  const ordered = inOrder(inputs, ({ argument }) => argument)
  const firstOf = (group: number): string =>
    ordered.find((input) => input.group === group)!.argument
  const read = ordered.map(({ argument, tokens, size, group }) => {
    const first = firstOf(group)
    const joined = first === argument ? '' : ` with the steps of ${first}`
    return `${argument} (${size} ${tokens ? 'tokens' : 'features'}${joined})`
  })
  const predicted = inOrder(outputs, ({ output }) => output).map(
    ({ output, width, every, input }) => {
      const rows = every === 'step' ? 'each step' : 'each sequence'
      return `${output} (${width} for ${rows} of ${firstOf(inputs[input]!.group)})`
    },
  )
  return [...read, ...predicted].join(', ')
}

function inOrder<T>(values: readonly T[], nameOf: (value: T) => string): T[] {
  return [...values].sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1))
}
