/**
 * A model's layers as a table.
 *
 * @module
 */
import type { Graph } from './graph'
import { textTable } from './text-table'

/**
 * One line for each input and layer, in the order of computation: its name, its type, its inputs, the shape of its
 * values and the number of its parameters. The last line has the number of all parameters.
 */
export function summaryOf({ options, layers, parameterCount }: Graph): string {
  const { batchFirst } = options
  const shape = (every: 'step' | 'last', width?: number): string => {
    const rows = every === 'last' ? ['batch'] : batchFirst ? ['batch', 'steps'] : ['steps', 'batch']
    return `[${[...rows, ...(width === undefined ? [] : [width])].join(', ')}]`
  }
  const rows = [
    ['name', 'type', 'reads', 'values', 'parameters'],
    ...options.inputs.map(({ name, tokens, size }) =>
      tokens
        ? [name, `${size} tokens`, '', shape('step'), '0']
        : [name, 'features', '', shape('step', size), '0'],
    ),
    ...layers.map(({ name, type, inputs, every, width, parameterCount: count }) => [
      name,
      type,
      inputs.join(', '),
      shape(every, width),
      String(count),
    ]),
    ['total', '', '', '', String(parameterCount)],
  ]
  return textTable(rows, 4)
}
