/**
 * What happens in a training run, in words.
 *
 * @module
 */
import { visible } from '../errors'
import { firstOf } from '../formats/faults'
import { formatCount, formatLoss } from '../forecasting/numbers'
import type { ForecastPath, PartResult, RunResults } from '../forecasting/results'
import { textTable } from '../text-table'
import { errorTable } from './contender-table'
import type { TrainedEvent, TrainEvent } from './events'
import { forecastTable } from './forecast-output'

type Units = Readonly<Record<string, string>>

/** An event as lines of text. */
export function describeEvent(
  event: Exclude<TrainEvent, { readonly event: 'epoch' | 'best' }>,
  units: Units,
): string {
  switch (event.event) {
    case 'table':
      return describeTable(event.table)
    case 'live':
      return `the report, while the model trains: ${event.url}\n`
    case 'interrupted':
      return `interrupted: the best epoch so far, ${event.bestEpoch}, is saved and evaluated; once more ends at once\n`
    case 'trained':
      return describeTrained(event)
    case 'evaluation': {
      const sentences = event.verdict.map((sentence) => `${visible(sentence)}\n`)
      return `\n${[...event.evaluation.map(errorTable), ...sentences].join('')}\n`
    }
    case 'forecast':
      return describeForecasts(event.quantiles, event.forecasts, units)
    case 'saved':
      return `\nsaved ${event.files.join(', ')}\n`
  }
}

/** Terms and texts in two columns, with no character that a terminal could execute. */
function terms(rows: readonly (readonly [string, string])[]): string {
  return textTable(
    rows.map((row) => row.map(visible)),
    2,
  ).replaceAll(/ +\n/g, '\n')
}

function describeTable({ path, facts, repairs }: RunResults['table']): string {
  return terms([['table', path], ...facts, ...repairs.map((text) => ['repaired', text] as const)])
}

function describeTrained(event: TrainedEvent): string {
  const { model, parts, notes } = event
  const parameters = `${formatCount(model.parameterCount)} parameters`
  return terms([
    ['model', `${model.description}, ${parameters}`],
    ['training', describePart(parts.training)],
    ['validation', describePart(parts.validation)],
    ['test', describePart(parts.test)],
    ...firstOf(notes, (text) => text).map((text) => ['note', text] as const),
    ['best', describeBest(event)],
  ])
}

function describePart({ first, last, windows }: PartResult): string {
  return `${first} to ${last}, ${formatCount(windows)} ${windows === 1 ? 'forecast' : 'forecasts'}`
}

function describeBest({ steady, bestEpoch, validationLoss }: TrainedEvent): string {
  if (steady) {
    return 'the target changes by the same in the whole training part: there is nothing to learn, and the model forecasts this change'
  }
  if (bestEpoch === 0) return 'no epoch was better than the model before training'
  return `epoch ${bestEpoch}, validation loss ${formatLoss(validationLoss)}`
}

/** More rows than these are read in the file of forecasts. */
const MOST_ROWS = 60

function describeForecasts(
  quantiles: readonly number[],
  forecasts: readonly ForecastPath[],
  units: Units,
): string {
  const fitting = Math.max(1, Math.floor(MOST_ROWS / (forecasts[0]?.times.length ?? 1)))
  const paths = forecasts.slice(0, fitting)
  const others = forecasts.length - paths.length
  const more = others === 0 ? '' : `  and ${others} more in forecasts.csv\n`
  return forecastTable({ quantiles, paths, units }) + more
}
