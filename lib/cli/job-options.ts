/**
 * The options of a training job. This list makes the parser of job files, that of the command line, and the help text.
 *
 * @module
 */
import { argumentError, describe } from '../errors'
import { RATE_SCHEDULES } from '../forecasting/rate-schedules'
import { checkDropout, checkLayerSize, checkNumLayers } from '../recurrent-options'
import {
  checkBoolean,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkPositiveInteger,
  checkSeed,
  MAX_FLOAT32,
} from '../validate'
import * as forms from './option'
import {
  checkFields,
  checkNames,
  checkNumbers,
  checkText,
  type Check,
  type Form,
  type Option,
  type Options,
} from './option'

const option = <T>(form: Form, check: Check<T>, help: string, fallback = ''): Option<T> => {
  return { form, check, help, fallback }
}

const oneOf =
  <const T extends string>(...allowed: readonly T[]): Check<T> =>
  (argument, value) =>
    checkOneOf(argument, value, allowed)

const count: Check<number> = (argument, value) => checkPositiveInteger(argument, value)
const share: Check<number> = (argument, value) =>
  checkNumber(argument, value, { above: 0, below: 1 })
const positive: Check<number> = (argument, value) =>
  checkNumber(argument, value, { above: 0, atMost: MAX_FLOAT32 })
const notNegative: Check<number> = (argument, value) =>
  checkNumber(argument, value, { atLeast: 0, atMost: MAX_FLOAT32 })

/** How a table is read. */
export const READING_OPTIONS = {
  time: option(
    { ...forms.text('NAME'), negative: null },
    (argument, value) => (value === null ? null : checkText(argument, value)),
    'the column of times; --no-time: there is none, and the rows are in order',
    'found in the table',
  ),
  series: option(
    forms.text('NAME'),
    checkText,
    'the column that tells series apart',
    'found in the table',
  ),
  timeZone: option(
    forms.text('ZONE'),
    checkText,
    'the zone of times that are written without one, and of the calendar: Europe/Berlin, +01:00',
    'UTC, or what the table says',
  ),
  dateForm: option(
    forms.text('FORM'),
    oneOf('day/month/year', 'month/day/year', 'year/month/day'),
    'the order in dates such as 01/02/2012: day/month/year, month/day/year or year/month/day',
    'found in the table',
  ),
  frequency: option(
    forms.text('STEP'),
    checkText,
    'one step: "day", "15 minutes", "business day", "month", "irregular"',
    'found in the table',
  ),
  delimiter: option(
    forms.text('CHARACTER'),
    checkDelimiter,
    'what separates cells: a character, or tab',
    'found in the table',
  ),
  decimal: option(
    forms.text('MARK'),
    oneOf('.', ','),
    'the decimal mark: "." or ","',
    'found in the table',
  ),
  strict: option(
    forms.toggle,
    checkBoolean,
    'refuses a table that would have to be repaired (order, duplicates, missing rows)',
    'repairs and reports',
  ),
} satisfies Options

/** What a table is. */
export const TABLE_OPTIONS = {
  columns: option(
    forms.pairs('NAME[=KIND],...'),
    checkColumns,
    'the columns that the model may read, perhaps with their kinds (number, category)',
    'all that can be used',
  ),
  ...READING_OPTIONS,
} satisfies Options

/** What is forecast, and from what. */
export const FORECAST_OPTIONS = {
  target: option(forms.names, checkNames, 'the columns to forecast'),
  unit: option(
    forms.textOrPairs('UNIT'),
    checkUnit,
    'the unit of the target, for display; several: NAME=UNIT,...',
    'none',
  ),
  horizon: option(forms.number, count, 'the number of steps to forecast', '1'),
  window: option(
    forms.number,
    count,
    'the number of steps that the model looks back',
    'by the table',
  ),
  future: option(
    forms.names,
    checkNames,
    'columns that are known in advance, such as holidays',
    'none',
  ),
  seasons: option(
    forms.numbers,
    checkSeasons,
    'seasons in steps, at most three: the model reads the values of a season before',
    'found in the table',
  ),
  quantiles: option(
    forms.numbers,
    checkQuantiles,
    'the quantiles to forecast; 0.5 must be among them',
    '0.1,0.5,0.9',
  ),
  distribution: option(
    forms.text('KIND'),
    oneOf('quantiles', 'normal'),
    'what the model learns: quantiles, or the mean and deviation of a normal distribution',
    'quantiles',
  ),
  logarithm: option(
    { ...forms.toggle, placeholder: '[=auto]' },
    (argument, value) => (value === 'auto' ? value : checkBoolean(argument, value)),
    'forecasts the logarithm of the target, which must be above 0; --no-logarithm: never',
    'auto',
  ),
  difference: option(
    forms.text('KIND'),
    oneOf('auto', 'none', 'last', 'seasonal', 'seasonalTrend'),
    'what the model is added to: none (the mean), last (the last value), seasonal (that of a season ago), seasonalTrend (and its change)',
    'the best of the training part',
  ),
  missing: option(
    forms.text('RULE'),
    oneOf('carry', 'interpolate', 'mask'),
    'what the model reads where a cell is missing: the last value (carry), a line between its neighbours within what is known (interpolate), or nothing (mask)',
    'carry',
  ),
  minimum: option(forms.number, checkBound, 'no forecast is below it', 'none'),
  maximum: option(forms.number, checkBound, 'no forecast is above it', 'none'),
} satisfies Options

/** The model. */
export const MODEL_OPTIONS = {
  'model.cell': option(forms.text('CELL'), oneOf('gru', 'lstm'), 'gru or lstm', 'gru'),
  'model.hiddenSize': option(
    forms.number,
    checkLayerSize,
    'the size of the state of each layer',
    'by the table',
  ),
  'model.numLayers': option(forms.number, checkNumLayers, 'the number of layers', '1'),
  'model.dropout': option(
    forms.number,
    checkDropout,
    'the share of values that are zeroed in training',
    '0',
  ),
  'model.bidirectional': option(
    forms.toggle,
    checkBoolean,
    'reads the window in both directions',
    'no',
  ),
} satisfies Options

/** The training, and how it is judged. */
export const TRAINING_OPTIONS = {
  'training.epochs': option(
    forms.number,
    count,
    'the number of passes over the training part, at most',
    'by the table',
  ),
  'training.patience': option(
    forms.number,
    count,
    'ends after so many epochs without a better validation',
    'by the table',
  ),
  'training.batch': option(forms.number, count, 'windows in a batch', 'by the table'),
  'training.learningRate': option(forms.number, positive, 'the highest learning rate', '0.002'),
  'training.optimizer': option(
    forms.text('KIND'),
    oneOf('adamw', 'adam', 'sgd', 'rmsprop'),
    'adamw, adam, sgd or rmsprop',
    'adamw',
  ),
  'training.schedule': option(
    forms.text('KIND'),
    oneOf(...RATE_SCHEDULES),
    `the learning rate over time: ${RATE_SCHEDULES.join(', ')}`,
    'cosine',
  ),
  'training.weightDecay': option(forms.number, notNegative, 'the weight decay', '0.1'),
  'training.clipNorm': option(
    forms.number,
    positive,
    'the norm to which gradients are clipped',
    '1',
  ),
  'split.training': option(forms.number, share, 'the share of the training part', '0.7'),
  'split.validation': option(forms.number, share, 'the share of the validation part', '0.15'),
  backtest: option(
    forms.number,
    count,
    'the number of origins of the test part whose forecasts the report draws',
    'by the horizon, from 20 to 200',
  ),
  seed: option(forms.number, checkSeed, 'the seed of initial parameters and orders', '1'),
  device: option(forms.text('NAME'), checkText, 'cpu, cuda, cuda:N or auto', 'cpu'),
} satisfies Options

/** All options that a job may have, beside its table. */
export const JOB_OPTIONS = {
  name: option(forms.text('NAME'), checkName, 'the name of the job', 'that of the file'),
  ...FORECAST_OPTIONS,
  ...TABLE_OPTIONS,
  ...MODEL_OPTIONS,
  ...TRAINING_OPTIONS,
} satisfies Options

export const JSON_OPTION = {
  json: option(forms.toggle, checkBoolean, 'as one JSON object', 'as text'),
} satisfies Options

export const REPORT_OPTION = {
  report: option(forms.text('FILE'), checkText, 'writes a page to a file', 'none'),
} satisfies Options

/** How `gru forecast` forecasts, and what it writes. */
export const OUTPUT_OPTIONS = {
  horizon: option(
    forms.number,
    count,
    'the number of steps; those beyond the model are forecast from its own forecasts',
    "the model's",
  ),
  ...JSON_OPTION,
  csv: option(forms.toggle, checkBoolean, 'as CSV', 'as text'),
  chart: option(
    forms.toggle,
    checkBoolean,
    'draws a chart of the first forecasts',
    'on a terminal',
  ),
  ...REPORT_OPTION,
  unit: FORECAST_OPTIONS.unit,
} satisfies Options

/** The options of `gru train` that are no part of a job. */
export const RUN_OPTIONS = {
  out: option(forms.text('DIR'), checkText, 'the folder of the results', 'out/ and the name'),
  resume: option(
    forms.toggle,
    checkBoolean,
    'goes on with the training that was interrupted in the folder',
    'no',
  ),
  json: option(forms.toggle, checkBoolean, 'one JSON object an event, each on a line', 'no'),
  live: option(
    forms.toggle,
    checkBoolean,
    'serves the report on 127.0.0.1 while the model trains',
    'no',
  ),
  port: option(
    forms.number,
    (argument, value) => checkInteger(argument, value, 0, 65535),
    'the port of --live; 0: any that is free',
    '0',
  ),
} satisfies Options

const KINDS = ['number', 'category', 'date'] as const

/** Columns that the model may read: their names, or their names and kinds. One may be the date, as in older jobs. */
export type ColumnsOption = readonly string[] | Readonly<Record<string, (typeof KINDS)[number]>>

function checkColumns(argument: string, value: unknown): ColumnsOption {
  if (Array.isArray(value) || typeof value === 'string') return checkNames(argument, value)
  const columns = checkFields(argument, value, oneOf(...KINDS))
  const dates = Object.values(columns).filter((kind) => kind === 'date')
  if (dates.length <= 1) return columns
  const expected = 'at most one column of kind "date"'
  throw argumentError('ERR_GRU_VALUE', argument, expected, String(dates.length))
}

function checkUnit(argument: string, value: unknown): string | Readonly<Record<string, string>> {
  if (typeof value === 'string') return value
  if (typeof value !== 'object') {
    throw argumentError('ERR_GRU_TYPE', argument, 'a text, or one for each target', describe(value))
  }
  return checkFields(argument, value, checkText)
}

function checkDelimiter(argument: string, value: unknown): string {
  const given = value === 'tab' || value === '\\t' ? '\t' : value
  if (typeof given === 'string' && given.length === 1) return given
  throw argumentError('ERR_GRU_VALUE', argument, 'one character, or "tab"', describe(value))
}

const MOST_SEASONS = 3

/** The most important season is the first. */
function checkSeasons(argument: string, value: unknown): readonly number[] {
  const seasons: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (seasons.length > MOST_SEASONS) {
    const expected = `at most ${MOST_SEASONS} seasons`
    throw argumentError('ERR_GRU_VALUE', argument, expected, String(seasons.length))
  }
  return seasons.map((season) => checkPositiveInteger(argument, season))
}

function checkQuantiles(argument: string, value: unknown): readonly number[] {
  const quantiles = checkNumbers(argument, value, { above: 0, below: 1 })
  if (quantiles.includes(0.5)) return quantiles
  const expected = '0.5 among the quantiles'
  throw argumentError('ERR_GRU_VALUE', argument, expected, quantiles.join(', '))
}

function checkBound(argument: string, value: unknown): number {
  return checkNumber(argument, value)
}

const NAME = /^[\w-][\w.-]*$/

function checkName(argument: string, value: unknown): string {
  const name = checkText(argument, value)
  if (NAME.test(name)) return name
  const expected = 'the name of a folder: letters, digits, ".", "-" and "_"'
  throw argumentError('ERR_GRU_VALUE', argument, expected, describe(name))
}

/** A text as the name of a folder. */
export function nameFrom(text: string): string {
  return text.replaceAll(/[^\w.-]+/g, '-').replace(/^\.+/, '') || 'job'
}
