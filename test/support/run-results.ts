/**
 * Results of training runs that nobody made: waves with noise, in the form that a run has.
 */
import type {
  Contender,
  ForecastPath,
  RunResults,
  Scores,
  TargetEvaluation,
} from '../../lib/forecasting/results'

/** What a run is to look like. */
export interface RunShape {
  readonly name?: string
  readonly series?: readonly string[]
  readonly targets?: RunResults['targets']
  /** 'day', 'hour', ... */
  readonly step?: string
  readonly horizon?: number
  readonly quantiles?: readonly number[]
  /** The size of the values. */
  readonly scale?: number
  readonly offset?: number
  /** Rows of the history and of the residuals. */
  readonly rows?: number
  readonly origins?: number
  readonly epochs?: number
  readonly baselines?: readonly string[]
  readonly verdict?: readonly string[]
  readonly columns?: readonly string[]
}

/** Names that would do harm as markup, scripts or formulas, and one that is very long. */
export const HOSTILE_NAMES: readonly string[] = [
  '<img src=x onerror=alert(1)>',
  '</script><script>alert(2)</script>',
  '"\'\u2028&amp;<!--',
  'x'.repeat(300),
  '=HYPERLINK("http://x",1)',
  '-1+2',
]

const HOUR = 3_600_000
const STEPS: Readonly<Record<string, number>> = { hour: HOUR, day: 24 * HOUR, week: 168 * HOUR }
const START = Date.UTC(2021, 0, 4)
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

export function runResults(shape: RunShape = {}): RunResults {
  const {
    name = 'a run',
    series = [''],
    targets = [{ name: 'warmth', unit: '°C' }],
    step = 'day',
    horizon = 14,
    quantiles = [0.1, 0.5, 0.9],
    scale = 10,
    offset = 20,
    rows = 300,
    origins = 8,
    epochs = 40,
    baselines = ['last value', 'seasonal naive (week)', 'drift'],
    verdict = ['The model beats every baseline on every error.'],
    columns = ['warmth', 'wind', 'rain'],
  } = shape
  const time = timeNamer(step)
  const valueAt = (place: number, row: number): number =>
    offset + scale * (Math.sin((row + 3 * place) / 6) + 0.3 * noise(row + 1000 * place))
  const pairs = targets.flatMap((target, t) =>
    series.map((one, s) => ({ target: target.name, series: one, place: t * series.length + s })),
  )
  const path = (
    place: number,
    origin: number,
  ): Pick<ForecastPath, 'origin' | 'times' | 'quantiles'> => ({
    origin: time(origin),
    times: steps(horizon).map((ahead) => time(origin + ahead + 1)),
    quantiles: quantiles.map((q) =>
      steps(horizon).map(
        (ahead) =>
          offset +
          scale *
            (Math.sin((origin + ahead + 1 + 3 * place) / 6) +
              (q - 0.5) * Math.sqrt(ahead + 1) * 0.4),
      ),
    ),
  })
  const best = Math.ceil(epochs * 0.7)
  return {
    version: 1,
    name,
    created: '2026-11-28T01:02:03.000Z',
    seconds: { reading: 0.012, training: 83.4, evaluation: 1.25 },
    versions: { 'gru-native': '0.1.0', node: 'v22.12.0' },
    engine: { isa: 'avx512', threads: 2, blas: '', device: 'cpu' },
    job: {
      target: targets.map((target) => target.name),
      horizon,
      seed: 1,
      model: { cell: 'gru', hiddenSize: 32 },
    },
    table: {
      path: 'tables/weather.csv',
      facts: [
        ['rows', '1,461'],
        ['time', `column "day", one row a ${step}`],
      ],
      repairs: ['3 missing rows: inserted with missing cells, first 2021-03-04'],
      warnings: ['column "note" is left out: line 3: expected a number, got "n/a?"'],
    },
    step,
    horizon,
    window: 28,
    targets,
    series,
    quantiles,
    parts: {
      training: { first: time(0), last: time(199), windows: 200 },
      validation: { first: time(200), last: time(249), windows: 50 },
      test: { first: time(250), last: time(299), windows: 50 },
    },
    model: { description: 'GRU, 1 layer of 32 units', parameterCount: 12_345 },
    epochs: steps(epochs).map((i) => ({
      epoch: i + 1,
      loss: 0.5 / (i + 1) + 0.02,
      validationLoss: 0.6 / (i + 1) + 0.04 + 0.0001 * (i - best) ** 2,
      learningRate: 0.001 * (1 - i / (2 * epochs)),
      gradNorm: 1.5 / (1 + i / 10) + 0.1 * noise(i),
      seconds: (i + 1) * 2,
    })),
    bestEpoch: best,
    forecasts: pairs.map((pair) => ({
      ...named(pair),
      ...path(pair.place, rows - 1),
      truth: steps(horizon).map(() => null),
      direct: horizon,
    })),
    histories: pairs.map((pair) => ({
      ...named(pair),
      times: steps(rows).map(time),
      values: steps(rows).map((row) => (row % 97 === 50 ? null : valueAt(pair.place, row))),
    })),
    backtest: pairs.flatMap((pair) =>
      steps(origins).map((i) => {
        const origin = rows - (origins - i) * Math.max(Math.floor(horizon / 2), 1) - horizon
        return {
          ...named(pair),
          ...path(pair.place, origin),
          truth: steps(horizon).map((ahead) => valueAt(pair.place, origin + ahead + 1)),
          direct: horizon,
        }
      }),
    ),
    residuals: pairs.flatMap((pair) =>
      steps(rows).map((row) => ({
        ...named(pair),
        time: time(row),
        error: scale * 0.3 * noise(row + 1000 * pair.place + 7),
        season: step === 'hour' ? `${String(row % 24).padStart(2, '0')}:00` : WEEKDAYS[row % 7]!,
      })),
    ),
    evaluation: targets.map((target) =>
      evaluationOf(target, ['model', ...baselines], scale, horizon, series.length),
    ),
    importance: columns.map((column, i) => ({ column, increase: 0.4 / (i + 1) - 0.05 * i })),
    verdict,
  }
}

function evaluationOf(
  target: RunResults['targets'][number],
  names: readonly string[],
  scale: number,
  horizon: number,
  series: number,
): TargetEvaluation {
  const contenders = names.map((name, i): Contender => {
    const scoresAt = (factor: number): Scores => ({
      count: 50,
      mae: scale * factor * (0.2 + 0.06 * i),
      rmse: scale * factor * (0.25 + 0.07 * i),
      mase: 0.7 * factor + 0.1 * i,
      smape: 12 * factor + i,
      pinball: i === 0 ? scale * factor * 0.1 : null,
      coverage: i === 0 ? 0.79 : null,
    })
    return {
      name,
      scores: scoresAt(1),
      byHorizon: steps(horizon).map((ahead) => scoresAt(0.7 + 0.04 * ahead)),
      bySeries: steps(series).map((s) => scoresAt(0.8 + 0.1 * s)),
    }
  })
  const model = contenders[0]!.scores.mae!
  const skill = contenders
    .slice(1)
    .map(({ name, scores }) => [name, 1 - model / scores.mae!] as const)
  return {
    target: target.name,
    unit: target.unit,
    contenders,
    skill: Object.fromEntries(skill),
    coverage: { nominal: 0.8, validation: 0.801, test: 0.7734 },
  }
}

function named(pair: { readonly series: string; readonly target: string }): {
  series: string
  target: string
} {
  return { series: pair.series, target: pair.target }
}

function timeNamer(step: string): (row: number) => string {
  const length = STEPS[step]
  if (length === undefined) return (row) => `row ${row}`
  const digits = step === 'hour' ? 16 : 10
  return (row) => new Date(START + row * length).toISOString().slice(0, digits).replace('T', ' ')
}

function steps(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

/** A number from -1 to 1 that looks random and is the same in every run. */
function noise(place: number): number {
  const value = Math.sin(place * 12.9898) * 43758.5453
  return 2 * (value - Math.floor(value)) - 1
}
