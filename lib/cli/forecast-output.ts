/**
 * Forecasts and epochs as tables, JSON and CSV.
 *
 * @module
 */
import { visible } from '../errors'
import type { EpochResult, ForecastPath } from '../forecasting/results'
import { csvText, numberCell, textCell } from '../formats/csv-cells'
import { textTable } from '../text-table'
import { formatForecast } from '../forecasting/numbers'

/** The forecasts of a model. */
export interface Forecasts {
  /** Increasing. The median is among them. */
  readonly quantiles: readonly number[]
  readonly paths: readonly ForecastPath[]
  /** By target; '' or absent: none. */
  readonly units: Readonly<Record<string, string>>
}

/** A quantile for people: `10 %`. */
export function quantileName(quantile: number): string {
  return `${Number((100 * quantile).toPrecision(12))} %`
}

/** An aligned table for people. Steps beyond the model's horizon have an asterisk. */
export function forecastTable({ quantiles, paths, units }: Forecasts): string {
  const columns = textColumns(paths, units)
  const header = [...columns.map(({ title }) => title), ...quantiles.map(quantileName)]
  const rows = paths.flatMap((path) => {
    const texts = alike(path)
    return path.times.map((time, step) => [
      ...columns.map(({ cell }) => cell(path, step < path.direct ? time : `${time} *`)),
      ...texts.map((ofQuantile) => ofQuantile[step]!),
    ])
  })
  const isBeyond = paths.some(({ times, direct }) => times.length > direct)
  const note = "  * beyond the model's horizon: forecast from its own forecasts\n"
  return textTable([header, ...rows], columns.length) + (isBeyond ? note : '')
}

/** A column of texts in a table of forecasts. */
interface TextColumn {
  readonly title: string
  readonly cell: (path: ForecastPath, time: string) => string
}

/** Series and target are columns only if there are several. A single target is the title. */
function textColumns(
  paths: readonly ForecastPath[],
  units: Forecasts['units'],
): readonly TextColumn[] {
  const labelOf = (target: string): string => {
    const unit = units[target] ?? ''
    return visible(unit === '' ? target : `${target}, ${unit}`)
  }
  const targets = new Set(paths.map(({ target }) => target))
  const isSingle = targets.size === 1
  return [
    ...(new Set(paths.map(({ series }) => series)).size > 1
      ? [{ title: 'series', cell: ({ series }: ForecastPath) => visible(series) }]
      : []),
    ...(isSingle ? [] : [{ title: 'target', cell: ({ target }: ForecastPath) => labelOf(target) }]),
    { title: isSingle ? [...targets].map(labelOf).join() : 'time', cell: (_, time) => time },
  ]
}

/** Numbers whose decimals differ by more are of different sizes. */
const MOST_FURTHER_DECIMALS = 2

/** The values of a path as texts. They have the same number of decimals where this adds few. */
function alike(path: ForecastPath): string[][] {
  const change = changeOf(path)
  const texts = path.quantiles.map((values) =>
    values.map((value) => formatForecast(value, change, '')),
  )
  const decimals = texts.flat().map((text) => text.split('.')[1]?.length ?? 0)
  const most = Math.max(...decimals)
  const isPlain = texts.flat().every((text) => /^-?[\d.]+$/.test(text))
  if (!isPlain || most - Math.min(...decimals) > MOST_FURTHER_DECIMALS) return texts
  return path.quantiles.map((values) => values.map((value) => value.toFixed(most)))
}

/** The size of the differences that a reader of a path looks at: the width of its interval, or the way of its median. */
function changeOf({ quantiles }: ForecastPath): number {
  const [low, high] = [quantiles[0]!, quantiles.at(-1)!]
  const width = low.reduce((sum, value, step) => sum + (high[step]! - value), 0) / low.length
  if (width > 0) return width
  return Math.max(...high) - Math.min(...high)
}

/** One JSON object with all digits. */
export function forecastJson({ quantiles, paths, units }: Forecasts): string {
  const forecasts = paths.map(({ series, target, origin, times, quantiles: values, direct }) => ({
    ...{ series, target, unit: units[target] ?? '', origin, times, quantiles: values },
    beyond: times.map((_, step) => step >= direct),
  }))
  return `${JSON.stringify({ quantiles, forecasts })}\n`
}

/** A row for each step. `beyond` is 1 where the step is beyond the model's horizon. */
export function forecastCsv({ quantiles, paths }: Omit<Forecasts, 'units'>): string {
  const names = quantiles.map((quantile) => `q${quantile}`)
  const header = ['series', 'target', 'origin', 'step', 'time', ...names, 'beyond']
  const rows = paths.flatMap(({ series, target, origin, times, quantiles: values, direct }) =>
    times.map((time, step) => [
      ...[series, target, origin].map(textCell),
      String(step + 1),
      textCell(time),
      ...values.map((ofQuantile) => numberCell(ofQuantile[step]!)),
      step < direct ? '0' : '1',
    ]),
  )
  return csvText([header, ...rows])
}

const EPOCH_COLUMNS = [
  'epoch',
  'loss',
  'validationLoss',
  'learningRate',
  'gradNorm',
  'seconds',
] as const

/** A row for each epoch. */
export function epochsCsv(epochs: readonly EpochResult[]): string {
  const rows = epochs.map((epoch) => EPOCH_COLUMNS.map((column) => numberCell(epoch[column])))
  return csvText([EPOCH_COLUMNS, ...rows])
}
