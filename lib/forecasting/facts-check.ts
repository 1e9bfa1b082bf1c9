/**
 * Checks the facts of a forecaster that come from a file.
 *
 * @module
 */
import { argumentError, describe } from '../errors'
import {
  checkBoolean,
  checkNumber,
  checkOneOf,
  checkOptions,
  checkPositiveInteger,
} from '../validate'
import { CALENDAR_FIELDS } from './calendar-features'
import type { ForecastFacts, InputFacts, TargetFacts } from './facts'

export function checkArray(key: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw argumentError('ERR_GRU_FORMAT', key, 'an array', describe(value))
}

export function checkText(key: string, value: unknown): string {
  if (typeof value === 'string') return value
  throw argumentError('ERR_GRU_FORMAT', key, 'a string', describe(value))
}

const KEYS = [
  'version',
  'horizon',
  'window',
  'fewestRows',
  'quantiles',
  'distribution',
  'missing',
  'minimum',
  'maximum',
  'time',
  'seriesColumn',
  'seriesNames',
  'seasons',
  'calendar',
  'targets',
  'inputs',
] as const

/**
 * Facts as a file has them.
 *
 * @throws GruError ERR_GRU_FORMAT, ERR_GRU_TYPE or ERR_GRU_VALUE: the message names the part that is wrong
 */
export function checkFacts(value: unknown): ForecastFacts {
  const given = checkOptions('facts', value, KEYS)
  if (given.version !== 2) {
    throw argumentError('ERR_GRU_FORMAT', 'version', '2, of this version', describe(given.version))
  }
  const horizon = checkPositiveInteger('horizon', given.horizon)
  const quantiles = checkNumbers('quantiles', given.quantiles)
  const facts: ForecastFacts = {
    version: 2,
    horizon,
    window: checkPositiveInteger('window', given.window),
    fewestRows: checkPositiveInteger('fewestRows', given.fewestRows),
    quantiles,
    distribution: checkOneOf('distribution', given.distribution, ['quantiles', 'normal']),
    missing: checkOneOf('missing', given.missing, ['carry', 'interpolate', 'mask']),
    minimum: orNull(given.minimum, (bound) => checkNumber('minimum', bound)),
    maximum: orNull(given.maximum, (bound) => checkNumber('maximum', bound)),
    time: checkTime(given.time),
    seriesColumn: orNull(given.seriesColumn, (name) => checkText('seriesColumn', name)),
    seriesNames: checkTexts('seriesNames', given.seriesNames),
    seasons: checkArray('seasons', given.seasons).map(checkSeason),
    calendar: checkArray('calendar', given.calendar).map((field, i) => {
      return checkOneOf(`calendar[${i}]`, field, CALENDAR_FIELDS)
    }),
    targets: checkArray('targets', given.targets).map((target, i) => {
      return checkTarget(`targets[${i}]`, target, horizon, quantiles.length)
    }),
    inputs: checkArray('inputs', given.inputs).map(checkInput),
  }
  if (facts.quantiles.includes(0.5) && facts.targets.length > 0) return facts
  throw argumentError('ERR_GRU_FORMAT', 'facts', 'a target and the median', 'none')
}

function orNull<T>(value: unknown, check: (value: unknown) => T): T | null {
  return value === null ? null : check(value)
}

function checkTexts(key: string, value: unknown): string[] {
  return checkArray(key, value).map((text, i) => checkText(`${key}[${i}]`, text))
}

function checkNumbers(key: string, value: unknown): number[] {
  return checkArray(key, value).map((number, i) => checkNumber(`${key}[${i}]`, number))
}

const UNITS = [
  'second',
  'minute',
  'hour',
  'day',
  'businessDay',
  'week',
  'month',
  'quarter',
  'year',
  'step',
] as const

function checkTime(value: unknown): ForecastFacts['time'] {
  const given = checkOptions('time', value, ['column', 'kind', 'frequency', 'timeZone'])
  return {
    column: given.column === undefined ? undefined : checkText('time.column', given.column),
    kind: checkOneOf('time.kind', given.kind, ['instant', 'integer']),
    frequency: checkFrequency(given.frequency),
    timeZone: checkText('time.timeZone', given.timeZone),
  }
}

function checkFrequency(value: unknown): ForecastFacts['time']['frequency'] {
  const key = 'time.frequency'
  const given = checkOptions(key, value, ['kind', 'unit', 'count', 'dayOfMonth', 'typicalStep'])
  if (checkOneOf(`${key}.kind`, given.kind, ['regular', 'irregular']) === 'irregular') {
    return { kind: 'irregular', typicalStep: checkNumber(key, given.typicalStep, { above: 0 }) }
  }
  const { dayOfMonth } = given
  return {
    kind: 'regular',
    unit: checkOneOf(`${key}.unit`, given.unit, UNITS),
    count: checkNumber(`${key}.count`, given.count, { above: 0 }),
    ...(dayOfMonth === undefined
      ? {}
      : { dayOfMonth: checkPositiveInteger(`${key}.dayOfMonth`, dayOfMonth, 31) }),
  }
}

function checkSeason(value: unknown, index: number): ForecastFacts['seasons'][number] {
  const key = `seasons[${index}]`
  const { steps, name } = checkOptions(key, value, ['steps', 'name'])
  return { steps: checkPositiveInteger(`${key}.steps`, steps), name: checkText(key, name) }
}

function checkTarget(key: string, value: unknown, horizon: number, width: number): TargetFacts {
  const keys = [
    'name',
    'unit',
    'logarithm',
    'difference',
    'missing',
    'scales',
    'calibration',
  ] as const
  const given = checkOptions(key, value, keys)
  const differences = ['none', 'last', 'seasonal', 'seasonalTrend'] as const
  const scales = Object.entries(checkRecord(`${key}.scales`, given.scales))
  return {
    name: checkText(`${key}.name`, given.name),
    unit: checkText(`${key}.unit`, given.unit),
    logarithm: checkBoolean(`${key}.logarithm`, given.logarithm),
    difference: checkOneOf(`${key}.difference`, given.difference, differences),
    missing: checkBoolean(`${key}.missing`, given.missing),
    scales: Object.fromEntries(
      scales.map(([name, scale]) => [name, checkScale(`${key}.scales`, scale, horizon)]),
    ),
    calibration: checkArray(`${key}.calibration`, given.calibration).map((calibration) => {
      const at = `${key}.calibration`
      const { quantiles, shifts } = checkOptions(at, calibration, ['quantiles', 'shifts'])
      return {
        quantiles: checkLength(at, checkNumbers(at, quantiles), width),
        shifts: checkLength(at, checkNumbers(at, shifts), width),
      }
    }),
  }
}

function checkRecord(key: string, value: unknown): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw argumentError('ERR_GRU_FORMAT', key, 'an object', describe(value))
}

function checkLength(key: string, values: number[], length: number): number[] {
  if (values.length === length) return values
  throw argumentError('ERR_GRU_FORMAT', key, `${length} numbers`, String(values.length))
}

function checkScale(key: string, value: unknown, horizon: number): TargetFacts['scales'][string] {
  const keys = ['level', 'spread', 'change', 'centers', 'deviation', 'steady'] as const
  const given = checkOptions(key, value, keys)
  const above0 = { above: 0 }
  return {
    level: checkNumber(`${key}.level`, given.level),
    spread: checkNumber(`${key}.spread`, given.spread, above0),
    change: checkNumber(`${key}.change`, given.change, above0),
    centers: checkLength(key, checkNumbers(`${key}.centers`, given.centers), horizon),
    deviation: checkNumber(`${key}.deviation`, given.deviation, above0),
    steady: checkBoolean(`${key}.steady`, given.steady),
  }
}

function checkInput(value: unknown, index: number): InputFacts {
  const key = `inputs[${index}]`
  const keys = ['name', 'kind', 'mean', 'deviation', 'future', 'missing', 'categories'] as const
  const given = checkOptions(key, value, keys)
  const name = checkText(`${key}.name`, given.name)
  const future = checkBoolean(`${key}.future`, given.future)
  if (checkOneOf(`${key}.kind`, given.kind, ['number', 'category']) === 'category') {
    const categories = checkTexts(`${key}.categories`, given.categories)
    return { name, kind: 'category', categories, future }
  }
  return {
    ...{ name, kind: 'number', future },
    mean: checkNumber(`${key}.mean`, given.mean),
    deviation: checkNumber(`${key}.deviation`, given.deviation, { above: 0 }),
    missing: checkBoolean(`${key}.missing`, given.missing),
  }
}
