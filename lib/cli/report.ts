/**
 * The report of a training run: one HTML page without other files.
 *
 * @module
 */
import { firstOf } from '../formats/faults'
import { drawForecast, drawLosses } from './charts'
import { errorRows, type ErrorRow } from './error-table'
import type { Evaluation } from './evaluation'
import type { Fitted } from './fitting'
import type { Forecaster, ForecastFacts } from './forecaster'
import { escapeHtml } from './html'
import type { Job } from './job'
import { formatCount, formatForecast } from '../forecasting/numbers'
import { findOtherCategories } from './other-categories'
import { STYLE } from './report-style'
import { isoDay, type Table } from './table'
import type { Days, Parts } from './windows'

/** Everything that a report shows. */
export interface Results {
  readonly job: Job
  readonly table: Table
  readonly parts: Parts
  readonly fitted: Fitted
  readonly evaluation: Evaluation
  /** The forecast of the day after the table. */
  readonly tomorrow: { readonly date: Date; readonly value: number }
}

/** The page. Equal results give equal pages. */
export function renderReport(results: Results): string {
  const { job, evaluation, fitted, tomorrow } = results
  const label = job.unit === '' ? job.target : `${job.target}, ${job.unit}`
  const { change } = fitted.forecaster.facts
  const value = formatForecast(tomorrow.value, change.standardDeviation, job.unit)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(job.name)}: ${escapeHtml(job.target)} tomorrow</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<p class="over">${escapeHtml(job.name)}</p>
<h1>Forecasting <code>${escapeHtml(job.target)}</code> one day ahead</h1>
<p class="lead">After the last day of the data, on ${isoDay(tomorrow.date)}: <strong>${escapeHtml(value)}</strong></p>
</header>
<section>
<h2>Error over the test part</h2>
${renderErrors(evaluation, job.unit)}
</section>
<section>
<h2>Forecast against truth</h2>
<p>Every day of the test part, forecast from the ${job.window} days before it.</p>
${drawForecast(evaluation, label)}
</section>
<section>
<h2>Loss</h2>
<p>${escapeHtml(describeLoss(fitted))}</p>
${drawLosses(fitted.epochs, fitted.best)}
</section>
<section>
<h2>The job</h2>
${renderFacts(results)}
</section>
</main>
</body>
</html>
`
}

/** Describes a model whose target changed by the same on all days of the training part. */
export function describeSteady({ target, unit, change }: ForecastFacts): string {
  const size = formatForecast(change.mean, change.mean, unit)
  return (
    `${target} changes by ${size} on every day of the training part: ` +
    'there is nothing to learn, and the model forecasts this change'
  )
}

function describeLoss({ forecaster, best, steady }: Fitted): string {
  if (steady) return `${describeSteady(forecaster.facts)}.`
  return (
    'Mean squared error on the scale that the model is trained on, where 1 is the variance of the ' +
    `change from day to day. The model is that of epoch ${formatCount(best.epoch)}, the best by validation.`
  )
}

function renderErrors(evaluation: Evaluation, unit: string): string {
  const suffix = unit === '' ? '' : ` in ${escapeHtml(unit)}`
  const row = ({ name, mae, rmse }: ErrorRow, attribute = ''): string =>
    `<tr${attribute}><th scope="row">${escapeHtml(name)}</th>` +
    `<td>${mae}</td><td>${rmse}</td></tr>`
  const [model, ...baselines] = errorRows(evaluation)
  return `<table class="errors">
<thead><tr><th></th><th scope="col">mean absolute error${suffix}</th>
<th scope="col">root mean squared error${suffix}</th></tr></thead>
<tbody>
${[row(model, ' class="model"'), ...baselines.map((baseline) => row(baseline))].join('\n')}
</tbody>
</table>`
}

function renderFacts({ job, table, parts, fitted }: Results): string {
  const { training, model } = job
  const { parameterCount, options } = fitted.forecaster.model
  const features = 'features' in options.input ? options.input.features : 0
  const part = ({ begin, end }: Days): string =>
    `${isoDay(table.dates[begin]!)} to ${isoDay(table.dates[end - 1]!)}, ${end - begin} days`
  const layers = model.numLayers === 1 ? '1 layer' : `${model.numLayers} layers`
  const facts = [
    ['data', `${job.source}, ${table.rows} days`],
    ['training part', part(parts.training)],
    ['validation part', part(parts.validation)],
    ['test part', part(parts.test)],
    ['columns', Object.keys(job.columns).join(', ')],
    ...describeOtherCategories(table, fitted.forecaster),
    ['input', `${job.window} days of ${features} features, scaled by the training part alone`],
    ['model', `GRU, ${layers} of ${model.hiddenSize}, then a linear head`],
    ['parameters', formatCount(parameterCount)],
    ['optimizer', `AdamW, learning rate ${training.learningRate}`],
    ['regularization', `weight decay ${training.weightDecay}, dropout ${model.dropout}`],
    ['gradient norm', `clipped to ${training.clipNorm}`],
    ['training', `${training.epochs} epochs, batches of ${training.batch}, seed ${job.seed}`],
  ]
  const items = facts.map(([term, text]) => `<dt>${term!}</dt><dd>${escapeHtml(text!)}</dd>`)
  return `<dl>\n${items.join('\n')}\n</dl>`
}

/** The categories that the model does not know, if there are any. */
function describeOtherCategories(table: Table, { facts }: Forecaster): string[][] {
  const others = findOtherCategories(table, facts.columns)
  if (others.length === 0) return []
  const texts = firstOf(others, ({ column, category, rows }) => {
    return `${category} of ${column} (${rows.length === 1 ? '1 day' : `${rows.length} days`})`
  })
  return [['not in the training part', texts.join(', ')]]
}
