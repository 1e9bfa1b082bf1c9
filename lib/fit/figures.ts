/**
 * The figures of an epoch, by their names in records and for `monitor`.
 *
 * @module
 */
import { argumentError, describe, quote } from '../errors'
import type { MetricMode } from '../metrics/metric'
import type { CheckedMetric } from '../metrics/options'
import { checkOneOf } from '../validate'
import type { ValidationResult, ValidationSet } from './validation'

/** The results of an epoch. */
export interface EpochResult {
  readonly meanLoss: number
  /** Of each set of validation data, in their order. */
  readonly validation: readonly ValidationResult[]
}

/** One figure of an epoch. */
export interface Figure {
  readonly name: string
  /** Undefined if it is the caller's own metric without a mode. */
  readonly mode: MetricMode | undefined
  readonly of: (epoch: EpochResult) => number
}

/** The values of an update in records. Metrics cannot have these names. */
export const UPDATE_FIGURES = [
  'batch',
  'loss',
  'meanLoss',
  'gradNorm',
  'learningRate',
  'samplesPerSecond',
] as const

/**
 * The figures of an epoch: `meanLoss`; with one validation set `validationLoss` and the metrics' names; with several
 * `SET.loss` and `SET.METRIC`.
 */
export function checkFigures(
  sets: readonly ValidationSet[],
  metrics: readonly CheckedMetric[],
): readonly Figure[] {
  const figures: Figure[] = [{ name: 'meanLoss', mode: 'min', of: ({ meanLoss }) => meanLoss }]
  for (const [index, { name: set }] of sets.entries()) {
    const prefix = set === undefined ? '' : `${set}.`
    const loss = set === undefined ? 'validationLoss' : `${set}.loss`
    figures.push({ name: loss, mode: 'min', of: (epoch) => epoch.validation[index]!.loss })
    for (const { name, mode } of metrics) {
      const of = (epoch: EpochResult): number => epoch.validation[index]!.metrics[name]!
      figures.push({ name: prefix + name, mode, of })
    }
  }
  checkNames(figures, isFaultOfSets(sets, metrics) ? 'validation' : 'metrics')
  return figures
}

/** Whether names that are the same come from the names of sets: the names within a set differ. */
function isFaultOfSets(sets: readonly ValidationSet[], metrics: readonly CheckedMetric[]): boolean {
  const names = ['loss', ...metrics.map(({ name }) => name)]
  return sets.some(({ name }) => name !== undefined) && new Set(names).size === names.length
}

function checkNames(figures: readonly Figure[], argument: string): void {
  const taken = new Set<string>(UPDATE_FIGURES)
  taken.delete('meanLoss')
  for (const { name } of figures) {
    if (taken.has(name)) {
      const expected = 'names that no other figure has'
      throw argumentError('ERR_GRU_VALUE', argument, expected, `${quote(name)} again`)
    }
    taken.add(name)
  }
}

/** The figure that tells the best epoch. */
export type WatchedFigure = Figure & { readonly mode: MetricMode }

/** Checks which figure is watched: by default the first validation set's loss, else the mean loss. */
export function checkMonitor(figures: readonly Figure[], value: unknown): WatchedFigure {
  const names = figures.map(({ name }) => name)
  const name = value === undefined ? (names[1] ?? names[0]!) : checkOneOf('monitor', value, names)
  const figure = figures[names.indexOf(name)]!
  const { mode } = figure
  if (mode !== undefined) return { ...figure, mode }
  const expected = "a figure whose metric has the mode 'min' or 'max'"
  throw argumentError('ERR_GRU_VALUE', 'monitor', expected, describe(name))
}
