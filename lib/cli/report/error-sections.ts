/**
 * The sections on errors: of the model and the baselines, by horizon, and by series.
 *
 * @module
 */
import type { Contender, RunResults, Scores, TargetEvaluation } from '../../forecasting/results'
import { chartPlace, details, section, shownText, table, type Cell, whole } from './markup'
import { percent } from './quantiles'
import { rounded, rangeOf, thinned, type Value } from './thinning'
import { columnWithBest, NONE, skillOf, spanOf, withUnit } from './words'

/** A kind of error. */
interface Measure {
  readonly key: Exclude<keyof Scores, 'count'>
  readonly name: string
  readonly hasUnit: boolean
  readonly meaning: string
}

/** The kinds of errors, of which smaller ones are better. */
export const MEASURES: readonly Measure[] = [
  { key: 'mae', name: 'MAE', hasUnit: true, meaning: 'the mean absolute error' },
  { key: 'rmse', name: 'RMSE', hasUnit: true, meaning: 'the root of the mean squared error' },
  {
    key: 'mase',
    name: 'MASE',
    hasUnit: false,
    meaning: 'the MAE, divided by that of the seasonal naive forecast over the training part',
  },
  {
    key: 'smape',
    name: 'sMAPE, %',
    hasUnit: false,
    meaning: 'the error in percent of the mean of truth and forecast',
  },
  {
    key: 'pinball',
    name: 'pinball',
    hasUnit: true,
    meaning: 'the mean pinball loss of all quantiles',
  },
]

const MOST_STEPS = 60
const MOST_SERIES = 200

/** The table of errors beside the baselines, for each target. */
export function errorSection({ evaluation, parts }: RunResults): string {
  const used = MEASURES.filter(({ key }) =>
    evaluation.some(({ contenders }) => contenders.some(({ scores }) => scores[key] !== null)),
  )
  const meanings = used.map(({ name, meaning }) => `${name}: ${meaning}`).join('. ')
  const { first, last, windows } = parts.test
  return section(
    'errors',
    'Errors beside the baselines',
    `<p>Over the test part, which training did not see: ${windows} forecasts, from ` +
      `${whole(first)} to ${whole(last)}. Smaller errors are better; the ` +
      'best figure of each column is marked. Skill is the share of the ' +
      "baseline's MAE that the model avoids: above 0 the model is better.</p>",
    ...evaluation.map(errorTable),
    `<p class="note">${shownText(meanings)}.</p>`,
  )
}

function errorTable(evaluation: TargetEvaluation): string {
  const { target, unit, contenders, skill } = evaluation
  const measures = MEASURES.filter(({ key }) =>
    contenders.some(({ scores }) => scores[key] !== null),
  )
  const columns = measures.map(({ key }) =>
    columnWithBest(contenders.map(({ scores }) => scores[key])),
  )
  return table({
    caption: `Errors for ${withUnit(target, unit)}`,
    heads: [
      '',
      ...measures.map(({ name, hasUnit }) => (hasUnit ? withUnit(name, unit) : name)),
      'skill of the model',
    ],
    rows: contenders.map(({ name, scores }, i) => [
      name,
      ...columns.map((cells) => cells[i]!),
      i === 0 ? NONE : skillOf(skill[name] ?? null, contenders[0]!.scores.mae, scores.mae),
    ]),
    marked: 0,
  })
}

/** The errors by horizon, as a chart and tables. */
export function horizonSection({ evaluation, horizon, step }: RunResults): string {
  if (horizon === 1) return ''
  return section(
    'horizons',
    'Errors by horizon',
    `<p>The errors of forecasts 1 to ${spanOf(horizon, step)} ahead.</p>`,
    chartPlace('horizons', 'the errors of the model and the baselines for each step ahead'),
    ...evaluation.map(horizonTable),
  )
}

function horizonTable({ target, unit, contenders }: TargetEvaluation): string {
  const steps = contenders[0]!.byHorizon.map((_, i) => i)
  const shown = thinned(steps, MOST_STEPS)
  const columns = contenders.map(({ byHorizon }) => byHorizon.map(({ mae }) => mae))
  const rows = shown.map((i) => [
    `${i + 1}`,
    ...columnWithBest(columns.map((values) => values[i] ?? null)),
  ])
  const part = shown.length < steps.length ? `, ${shown.length} of ${steps.length} steps` : ''
  const caption = `MAE by steps ahead for ${withUnit(target, unit)}${part}`
  const heads = ['steps ahead', ...contenders.map(({ name }) => name)]
  return details(`The numbers for ${target}`, table({ caption, heads, rows }))
}

/** The errors of each series; nothing if there is one. */
export function seriesSection({ evaluation, series }: RunResults): string {
  if (series.length < 2) return ''
  return section(
    'series',
    'Errors by series',
    '<p>For each series the MAE of the model, and the baseline that is best there.</p>',
    ...evaluation.map((one) => seriesTable(one, series)),
  )
}

function seriesTable(
  { target, unit, contenders }: TargetEvaluation,
  series: readonly string[],
): string {
  const [model, ...baselines] = contenders
  const shown = series.slice(0, MOST_SERIES)
  const part = shown.length < series.length ? `, ${shown.length} of ${series.length} series` : ''
  return table({
    caption: `MAE by series for ${withUnit(target, unit)}${part}`,
    heads: ['series', 'model', 'best baseline', 'its MAE', 'skill of the model'],
    rows: shown.map((name, i) => seriesRow(name, i, model!, baselines)),
  })
}

function seriesRow(
  name: string,
  place: number,
  model: Contender,
  baselines: readonly Contender[],
): (string | Cell)[] {
  const maeOf = ({ bySeries }: Contender): Value => bySeries[place]?.mae ?? null
  const known = baselines.filter((baseline) => maeOf(baseline) !== null)
  const [first] = known.sort((a, b) => maeOf(a)! - maeOf(b)!)
  const own = maeOf(model)
  const other = first === undefined ? null : maeOf(first)
  const [ownCell, otherCell] = columnWithBest([own, other])
  const skill = own === null || other === null || other === 0 ? null : 1 - own / other
  return [name, ownCell!, first?.name ?? NONE, otherCell!, skillOf(skill, own, other)]
}

/** The share of the truth inside the interval. */
export function coverageSection({ evaluation }: RunResults, interval: string | null): string {
  const known = evaluation.flatMap(({ target, coverage }) =>
    coverage === null ? [] : [{ target, coverage }],
  )
  if (interval === null || known.length === 0) return ''
  const share = (value: number | null): string => (value === null ? NONE : percent(value))
  return section(
    'coverage',
    'Coverage of the interval',
    '<p>The share of the truth that lies inside the interval. The interval was calibrated on the ' +
      'validation part; the test part shows how far that holds on new data.</p>',
    table({
      caption: `Coverage of the ${interval}`,
      heads: ['target', 'should be', 'validation part', 'test part'],
      rows: known.map(({ target, coverage: { nominal, validation, test } }) => [
        target,
        percent(nominal),
        { text: share(validation), bar: validation ?? 0 },
        { text: share(test), bar: test ?? 0 },
      ]),
    }),
  )
}

/** A chart's lines for each measure of each target. */
export interface MeasureData {
  readonly target: string
  readonly measures: readonly {
    readonly name: string
    readonly unit: string
    readonly lines: readonly { readonly name: string; readonly values: readonly Value[] }[]
  }[]
}

/** The errors by horizon of several contenders for one target. */
export function measureData(
  { target, unit }: Pick<TargetEvaluation, 'target' | 'unit'>,
  contenders: readonly Pick<Contender, 'name' | 'byHorizon'>[],
): MeasureData {
  const coverage = { key: 'coverage', name: 'coverage of the interval', hasUnit: false } as const
  const measures = [...MEASURES, coverage].map(({ key, name, hasUnit }) => {
    const lines = contenders.map((contender) => {
      const values = contender.byHorizon.map((scores) => scores[key])
      return { name: contender.name, values: rounded(values, rangeOf(values)) }
    })
    const known = lines.filter(({ values }) => values.some((value) => value !== null))
    return { name, unit: hasUnit ? unit : '', lines: known }
  })
  return { target, measures: measures.filter(({ lines }) => lines.length > 0) }
}
