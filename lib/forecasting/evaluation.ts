/**
 * Evaluates a forecaster on origins that it was not trained on, beside the baselines.
 *
 * @module
 */
import { calendarOf, formatTime } from '../tables/calendar'
import type { Series, TableData } from '../tables/series'
import { baselinesFor } from './baselines'
import type { ForecastFacts } from './facts'
import { timeOfRow } from './calendar-rows'
import type { Origins, SeriesParts } from './parts'
import type { Network } from './network'
import { Pauses } from '../pauses'
import type { Sliced } from '../slices'
import { predictQuantiles } from './predicting'
import type { Contender, ForecastPath, Residual, TargetEvaluation } from './results'
import { inputsOf, type PreparedOrigin, prepareOrigins } from './samples'
import { forecastsOf } from './scaled-forecasts'
import { intervalOf, scaleOf, ScoreSums, skillsOf } from './scores'

/** The forecasts of some origins, in the targets' units. */
export interface OriginForecasts {
  readonly origins: readonly PreparedOrigin[]
  /** For each origin and target: [horizon * quantiles]. */
  readonly values: readonly (readonly Float64Array[])[]
}

/** Forecasts from all origins of a part. */
export async function forecastOrigins(
  network: Network,
  table: TableData,
  part: readonly Origins[],
  signal?: AbortSignal,
): Promise<OriginForecasts> {
  const { facts } = network
  const origins = await prepareOrigins(table, facts, part, signal)
  const inputs = (i: number): ReturnType<typeof inputsOf> => inputsOf(origins[i]!, facts)
  const distances = await predictQuantiles(network, origins.length, inputs, signal)
  const size = facts.horizon * facts.targets.length * facts.quantiles.length
  const pauses = new Pauses(signal)
  const values: Float64Array[][] = []
  for (const [i, origin] of origins.entries()) {
    if (pauses.isDue) await pauses.take()
    const own = distances.subarray(i * size, (i + 1) * size)
    values.push(facts.targets.map((_, target) => forecastsOf(origin, own, target, facts)))
  }
  return { origins, values }
}

/** The truth of a target after an origin; NaN where it is missing. */
function truthAfter(series: Series, target: string, origin: number, horizon: number): Float64Array {
  const values = series.numbers.get(target)!
  return Float64Array.from({ length: horizon }, (_, i) => values[origin + 1 + i] ?? NaN)
}

/**
 * The errors of forecasts and of the baselines, which know the training part and the rows up to each origin.
 *
 * @param validationCoverage - of each target: the share that the interval covers on the validation part
 */
export async function evaluateForecasts(
  table: TableData,
  facts: ForecastFacts,
  seriesParts: readonly SeriesParts[],
  forecasts: OriginForecasts,
  validationCoverage: readonly (number | null)[],
  signal: AbortSignal | undefined,
): Promise<TargetEvaluation[]> {
  const evaluations: TargetEvaluation[] = []
  const pauses = new Pauses(signal)
  for (const [target, { name, unit }] of facts.targets.entries()) {
    const scales = table.series.map((series, i) => {
      const training = series.numbers.get(name)!.subarray(0, seriesParts[i]!.training)
      return scaleOf(training, facts.seasons[0]?.steps ?? 1)
    })
    const model = await scoreModel(table, facts, forecasts, target, scales, pauses)
    const baselines = await scoreBaselines(
      table,
      facts,
      seriesParts,
      forecasts,
      name,
      scales,
      pauses,
    )
    const interval = intervalOf(facts.quantiles)
    const coverage = interval && {
      nominal: interval.nominal,
      validation: validationCoverage[target]!,
      test: model.scores.coverage,
    }
    const skill = skillsOf(model, baselines)
    evaluations.push({ target: name, unit, contenders: [model, ...baselines], skill, coverage })
  }
  return evaluations
}

type Scales = readonly (number | null)[]

/** The model's errors for one target. */
export async function scoreModel(
  table: TableData,
  { horizon, quantiles, targets }: ForecastFacts,
  { origins, values }: OriginForecasts,
  target: number,
  scales: Scales,
  pauses: Pauses,
): Promise<Contender> {
  const sums = new ScoreSums({ horizon, scales, quantiles })
  for (const [i, { series, origin }] of origins.entries()) {
    if (pauses.isDue) await pauses.take()
    const truth = truthAfter(table.series[series]!, targets[target]!.name, origin, horizon)
    sums.add(series, truth, values[i]![target]!)
  }
  return sums.contender('model')
}

async function scoreBaselines(
  table: TableData,
  { horizon, seasons, time }: ForecastFacts,
  seriesParts: readonly SeriesParts[],
  { origins }: OriginForecasts,
  target: string,
  scales: Scales,
  pauses: Pauses,
): Promise<Contender[]> {
  const trained = table.series.map(({ numbers, times }, i) => {
    const { training } = seriesParts[i]!
    const values = numbers.get(target)!.subarray(0, training)
    return { values, times: times.subarray(0, training) }
  })
  const bySeries = baselinesFor(trained, seasons, time.frequency)
  const contenders: Contender[] = []
  for (const [index, { name }] of bySeries[0]!.entries()) {
    const sums = new ScoreSums({ horizon, scales })
    for (const { series: i, origin } of origins) {
      if (pauses.isDue) await pauses.take()
      const series = table.series[i]!
      const truth = truthAfter(series, target, origin, horizon)
      const times = series.times.subarray(origin + 1, origin + 1 + horizon)
      const values = series.numbers.get(target)!
      sums.add(i, truth, bySeries[i]![index]!.forecast(values, origin, times))
    }
    contenders.push(sums.contender(name))
  }
  return contenders
}

/** All forecasts in words, but for targets of which no value is known up to the origin. It works in slices. */
export function* pathsOf(
  table: TableData,
  facts: ForecastFacts,
  { origins, values }: OriginForecasts,
): Sliced<ForecastPath[]> {
  const paths: ForecastPath[] = []
  for (const [i, origin] of origins.entries()) {
    for (const [j, { track, facts: own }] of origin.prepared.targets.entries()) {
      if (track.first > origin.origin) continue
      paths.push(pathOf(table, facts, origin, values[i]![j]!, own.name))
      yield
    }
  }
  return paths
}

/** The forecast of one target from an origin, in words. */
function pathOf(
  table: TableData,
  facts: ForecastFacts,
  { series: index, origin }: PreparedOrigin,
  values: Float64Array,
  target: string,
): ForecastPath {
  const { horizon, quantiles, time } = facts
  const series = table.series[index]!
  const truth = truthAfter(series, target, origin, horizon)
  const timeOf = (step: number): string => {
    return formatTime(timeOfRow(series, origin + step, time), time)
  }
  return {
    series: series.name,
    target,
    origin: formatTime(series.times[origin]!, time),
    times: Array.from({ length: horizon }, (_, i) => timeOf(i + 1)),
    quantiles: quantiles.map((_, q) =>
      Array.from({ length: horizon }, (_, i) => values[i * quantiles.length + q]!),
    ),
    truth: Array.from(truth, (value) => (Number.isNaN(value) ? null : value)),
    direct: horizon,
  }
}

/** Some of the origins of a part, evenly from the first to the last, and of some series if there are more of them. */
export function someOrigins(part: readonly Origins[], count: number): Origins[] {
  const open = part.filter(({ origins }) => origins.length > 0)
  const each = Math.max(1, Math.floor(count / open.length))
  const stride = Math.max(1, Math.ceil(open.length / count))
  return open
    .filter((_, i) => i % stride === 0)
    .map(({ series, origins }) => {
      if (origins.length <= each) return { series, origins }
      const at = (i: number): number => {
        const share = each === 1 ? 1 : i / (each - 1)
        return origins[Math.round(share * (origins.length - 1))]!
      }
      return { series, origins: Array.from({ length: each }, (_, i) => at(i)) }
    })
}

/** The errors one step ahead, in slices. */
export function* residualsOf(
  table: TableData,
  facts: ForecastFacts,
  { origins, values }: OriginForecasts,
): Sliced<Residual[]> {
  const median = facts.quantiles.indexOf(0.5)
  const residuals: Residual[] = []
  for (const [i, { series: index, origin }] of origins.entries()) {
    const { name: series, numbers, times } = table.series[index]!
    for (const [j, { name: target }] of facts.targets.entries()) {
      const error = (numbers.get(target)![origin + 1] ?? NaN) - values[i]![j]![median]!
      if (Number.isNaN(error)) continue
      const season = placeInSeason(times[origin + 1]!, facts)
      const time = formatTime(times[origin + 1]!, facts.time)
      residuals.push({ series, target, time, error, season })
    }
    yield
  }
  return residuals
}

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** The hour, the day or the month of a time, whichever is next above the frequency. */
function placeInSeason(time: number, { time: axis }: ForecastFacts): string | null {
  const { frequency, kind } = axis
  if (kind === 'integer') return null
  const { hour, weekday, month, quarter } = calendarOf(time, axis)
  const unit = frequency.kind === 'irregular' ? 'day' : frequency.unit
  switch (unit) {
    case 'second':
    case 'minute':
    case 'hour':
      return `${String(hour).padStart(2, '0')}:00`
    case 'day':
    case 'businessDay':
      return DAYS[weekday]!
    case 'week':
    case 'month':
      return MONTHS[month - 1]!
    case 'quarter':
      return `Q${quarter}`
    case 'year':
    case 'step':
      return null
  }
}
