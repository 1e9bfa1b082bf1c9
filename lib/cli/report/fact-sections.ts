/**
 * The sections on the table, the job, and how the run was made.
 *
 * @module
 */
import type { PartResult, RunResults } from '../../forecasting/results'
import { formatCount } from '../../forecasting/numbers'
import { formatDuration } from '../durations'
import { definitions, section, shownText } from './markup'
import { momentOf, spanOf } from './words'

const MOST_SENTENCES = 100

/** What was read: facts, repairs and warnings. */
export function tableSection({ table, parts }: RunResults): string {
  return section(
    'table',
    'The table',
    definitions([['file', table.path], ...table.facts, ...describeParts(parts)]),
    '<h3>Repairs</h3>',
    list(table.repairs, 'Nothing was repaired.'),
    '<h3>Warnings</h3>',
    list(table.warnings, 'There are no warnings.'),
  )
}

/** Those that were forecast: none before the evaluation, and for a forecast by a saved model. */
function describeParts(parts: RunResults['parts']): [string, string][] {
  const all: [string, PartResult][] = [
    ['training part', parts.training],
    ['validation part', parts.validation],
    ['test part', parts.test],
  ]
  return all
    .filter(([, { windows }]) => windows > 0)
    .map(([name, part]) => [name, describePart(part)])
}

function describePart({ first, last, windows }: PartResult): string {
  return `${first} to ${last}, ${formatCount(windows)} ${windows === 1 ? 'forecast' : 'forecasts'}`
}

function list(sentences: readonly string[], none: string): string {
  if (sentences.length === 0) return `<p>${none}</p>`
  const shown = sentences.slice(0, MOST_SENTENCES)
  const more = sentences.length - shown.length
  const items = [...shown, ...(more > 0 ? [`and ${formatCount(more)} more`] : [])]
  return `<ul>${items.map((text) => `<li>${shownText(text)}</li>`).join('\n')}</ul>`
}

/** All options of the job, also those that were not given. */
export function jobSection({ job }: RunResults): string {
  if (Object.keys(job).length === 0) return ''
  return section(
    'job',
    'The job',
    '<p>All options, also those that the job did not give.</p>',
    definitions(flattened(job)),
  )
}

/** Nested options as 'model.hiddenSize'. */
export function flattened(options: object, prefix = ''): [string, string][] {
  return Object.entries(options).flatMap(([key, value]: [string, unknown]) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return flattened(value, `${prefix}${key}.`)
    return [[`${prefix}${key}`, describeOption(value)]]
  })
}

function describeOption(value: unknown): string {
  if (typeof value === 'string') return value === '' ? "''" : value
  if (Array.isArray(value)) return value.map(describeOption).join(', ') || 'none'
  return value === undefined ? 'none' : JSON.stringify(value)
}

/** The model, versions, device, and the time taken. */
export function runSection(results: RunResults): string {
  const { model, seconds, versions, engine, window, step, created } = results
  const blas = engine.blas === '' ? 'none' : engine.blas
  return section(
    'run',
    'How it was made',
    definitions([
      ['model', model.description],
      ['parameters', formatCount(model.parameterCount)],
      ['window', spanOf(window, step)],
      ...(results.epochs.length === 0
        ? []
        : ([['best epoch', `${results.bestEpoch} of ${results.epochs.length}`]] as const)),
      ['made', momentOf(created)],
      ...(['reading', 'training', 'evaluation'] as const)
        .filter((part) => seconds[part] > 0)
        .map((part) => [part, formatDuration(seconds[part])] as const),
      ['gru-native', versions['gru-native']],
      ['Node', versions.node],
      ['device', engine.device],
      ['instruction set', engine.isa],
      ['threads', `${engine.threads}`],
      ['BLAS', blas],
    ]),
  )
}
