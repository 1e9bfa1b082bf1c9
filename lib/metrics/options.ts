/**
 * The metrics that a caller asks for.
 *
 * @module
 */
import { argumentError, describe, quote } from '../errors'
import type { Graph, GraphOutput } from '../graph'
import type { LossKind } from '../losses'
import { checkValueName } from '../records/record'
import { checkOneOf } from '../validate'
import { BinaryAccuracy, ClassAccuracy } from './accuracy'
import { MeanAbsoluteError, valueColumns } from './mean-absolute-error'
import type { Metric, MetricMode, MetricSums, ValueCounts } from './metric'
import { Perplexity } from './perplexity'

/** A metric that the library has. */
interface KnownMetric {
  readonly mode: MetricMode
  /** Makes the metric for an output; undefined if it does not suit the output. */
  readonly of: (output: GraphOutput) => MetricSums | undefined
}

const ACCURACIES: { readonly [K in LossKind]?: (output: GraphOutput) => MetricSums } = {
  crossEntropy: () => new ClassAccuracy(),
  binaryCrossEntropy: (output) => new BinaryAccuracy(valuesOf(output)),
}

const everyValue: ValueCounts = () => true
const presentValue: ValueCounts = (target) => !Number.isNaN(target)

/** Which values of an output's targets count. */
function valuesOf({ targetForm }: GraphOutput): ValueCounts {
  return targetForm.missing ? presentValue : everyValue
}

const METRICS = {
  accuracy: {
    mode: 'max',
    of: (output) => ACCURACIES[output.loss.kind]?.(output),
  },
  perplexity: {
    mode: 'min',
    of: ({ loss }) => (loss.kind === 'crossEntropy' ? new Perplexity() : undefined),
  },
  meanAbsoluteError: {
    mode: 'min',
    of: (output) => {
      const columns = valueColumns(output.loss)
      return columns && new MeanAbsoluteError(columns, valuesOf(output))
    },
  },
} satisfies Readonly<Record<string, KnownMetric>>

/**
 * A metric of the library:
 *
 * - accuracy: for crossEntropy the share of predictions whose largest logit is the target's; for binaryCrossEntropy the
 *   share of right values, where a logit above 0 means 1, and a target above 0.5 too
 * - perplexity: exp(mean cross entropy), each prediction counting the same; for crossEntropy
 * - meanAbsoluteError: the mean of |prediction - target| over all values; for meanSquaredError, meanAbsoluteError, huber,
 *   gaussian (of the means) and quantile (of the median, if 0.5 is one of the quantiles)
 *
 * Padding, rows of the ignored class and, with `ignoreMissing`, missing values are left out. No metric suits an output with the loss 'ctc'. If a {@link Model}
 * has several outputs, it is computed for each output that it suits, and its name is `OUTPUT.accuracy`.
 */
export type MetricName = keyof typeof METRICS

const NAMES = Object.keys(METRICS) as readonly MetricName[]
const MODES: readonly MetricMode[] = ['min', 'max']
const METHODS = ['reset', 'update', 'result'] as const

/** A metric of one output. */
export interface CheckedMetric {
  /** Its name in messages: `metrics[0]` */
  readonly argument: string
  readonly name: string
  readonly mode: MetricMode | undefined
  /** The number of its output. */
  readonly output: number
  readonly metric: MetricSums
}

/** Checks the caller's metrics, and makes those that are given by name. */
export function checkMetrics(graph: Graph, value: unknown): readonly CheckedMetric[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) {
    throw argumentError('ERR_GRU_TYPE', 'metrics', 'an Array of metrics', describe(value))
  }
  return Array.from(value as readonly unknown[]).flatMap((given, index) => {
    const argument = `metrics[${index}]`
    return typeof given === 'object' && given !== null
      ? [checkOwn(argument, graph, given)]
      : checkNamed(argument, graph, given)
  })
}

function checkNamed(argument: string, { outputs }: Graph, value: unknown): CheckedMetric[] {
  if (typeof value !== 'string') {
    const expected = 'the name of a metric, or an object with reset, update and result'
    throw argumentError('ERR_GRU_TYPE', argument, expected, describe(value))
  }
  const kind = checkOneOf(argument, value, NAMES)
  const { mode, of }: KnownMetric = METRICS[kind]
  const found: CheckedMetric[] = []
  for (const [index, output] of outputs.entries()) {
    const metric = of(output)
    const name = outputs.length === 1 ? kind : `${output.layer}.${kind}`
    if (metric !== undefined) found.push({ argument, name, mode, output: index, metric })
  }
  if (found.length > 0) return found
  const losses = outputs.map(({ loss }) => quote(loss.kind)).join(', ')
  const expected = `a metric that suits the model's loss, ${losses}`
  throw argumentError('ERR_GRU_VALUE', argument, expected, quote(kind))
}

function checkOwn(argument: string, graph: Graph, value: object): CheckedMetric {
  const given: Readonly<Record<string, unknown>> = value as Record<string, unknown>
  for (const method of METHODS) {
    if (typeof given[method] === 'function') continue
    const got = describe(given[method])
    throw argumentError('ERR_GRU_TYPE', `${argument}.${method}`, 'a function', got)
  }
  const { name, mode, output } = given
  if (typeof name !== 'string') {
    throw argumentError('ERR_GRU_TYPE', `${argument}.name`, 'a string', describe(name))
  }
  checkValueName(`${argument}.name`, name)
  return {
    argument,
    name,
    mode: mode === undefined ? undefined : checkOneOf(`${argument}.mode`, mode, MODES),
    output: checkOutput(`${argument}.output`, graph, output),
    metric: value as Metric,
  }
}

function checkOutput(argument: string, { outputs }: Graph, value: unknown): number {
  const names = outputs.map(({ layer }) => layer)
  const isOnly = value === undefined && outputs.length === 1
  const index = isOnly ? 0 : names.indexOf(checkOneOf(argument, value, names))
  if (outputs[index]!.targetForm.kind !== 'labels') return index
  const expected = 'an output with a target for each prediction'
  throw argumentError('ERR_GRU_VALUE', argument, expected, `${quote(names[index]!)} with labels`)
}
