/**
 * A model with everything that it needs to forecast from a table, in memory and as a file.
 *
 * @module
 */
import { argumentError, describe, GruError, quote } from '../errors'
import { parseJson } from '../formats/json'
import { SequenceModel } from '../sequence-model'
import { checkNumber, checkOneOf, checkOptions, checkPositiveInteger } from '../validate'
import { countFeatures, encodeRows, type ColumnEncoding, type Scale } from './encoding'
import { numbersOf, type Columns, type Table } from './table'
import { findShortWindow, windowBefore, type Days } from './windows'

/** What a saved model contains besides its parameters. */
export interface ForecastFacts {
  /** The job's name. */
  readonly job: string
  /** The column that is forecast, one day ahead. */
  readonly target: string
  readonly unit: string
  /** The number of days that the model looks back. */
  readonly window: number
  readonly columns: readonly ColumnEncoding[]
  /** The scale of the model's predictions: the target's change from one day to the next. */
  readonly change: Scale
}

const METADATA_KEY = 'forecast'

/** Forecasts the day after a window of a table's rows. */
export class Forecaster {
  readonly model: SequenceModel
  readonly facts: ForecastFacts

  /** @param model - reads the features that `facts.columns` encode, and predicts one value, batch first */
  constructor(model: SequenceModel, facts: ForecastFacts) {
    this.model = model
    this.facts = facts
  }

  /**
   * Loads a file that {@link save} wrote.
   *
   * @throws GruError ERR_GRU_FORMAT if the file cannot be read or holds no forecaster
   */
  static async load(path: string): Promise<Forecaster> {
    const model = await SequenceModel.load(path)
    try {
      return new Forecaster(model, parseFacts(model, path))
    } catch (error) {
      model.dispose()
      throw error
    }
  }

  /** Saves model and facts in one file. It replaces an old file only when it is complete. */
  async save(path: string): Promise<void> {
    await this.model.save(path, { metadata: { [METADATA_KEY]: JSON.stringify(this.facts) } })
  }

  /** The columns that a table must have. */
  get columns(): Columns {
    return Object.fromEntries(this.facts.columns.map(({ name, kind }) => [name, kind]))
  }

  /**
   * Forecasts days, each only from the rows before it. The last day may be the day after the table.
   *
   * @returns the target on each day, in its unit
   * @throws GruError ERR_GRU_VALUE if the table has too few rows before the first day
   */
  async forecast(
    table: Table,
    { begin, end }: Days,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Float64Array> {
    const { columns, change, target, window } = this.facts
    const tooFew = findShortWindow(begin, window)
    if (tooFew !== undefined) {
      throw argumentError('ERR_GRU_VALUE', table.path, tooFew.expected, tooFew.got)
    }
    const features = encodeRows(table, columns, begin - window, end - 1)
    const input = joinWindows(features, countFeatures(columns), window, end - begin)
    const output = await this.model.predict(input, { ...options, batch: end - begin })
    const today = numbersOf(table, target).subarray(begin - 1, end - 1)
    return today.map((value, i) => value + change.mean + change.standardDeviation * output[i]!)
  }

  dispose(): void {
    this.model.dispose()
  }
}

/** The `count` windows that begin on the first rows of `features`: [count, window, width]. */
function joinWindows(
  features: Float32Array,
  width: number,
  window: number,
  count: number,
): Float32Array {
  const size = window * width
  const input = new Float32Array(count * size)
  for (let i = 0; i < count; i++) {
    input.set(windowBefore(features, width, window, window + i), i * size)
  }
  return input
}

function parseFacts(model: SequenceModel, path: string): ForecastFacts {
  const json = model.metadata[METADATA_KEY]
  const place = `${path}, metadata ${quote(METADATA_KEY)}`
  if (json === undefined) {
    throw argumentError('ERR_GRU_FORMAT', place, 'the facts of a model of gru train', 'nothing')
  }
  try {
    return checkFacts(parseJson(json, 'facts'), model)
  } catch (cause) {
    throw new GruError('ERR_GRU_FORMAT', `${place}: ${(cause as Error).message}`, { cause })
  }
}

const FACTS_KEYS = ['job', 'target', 'unit', 'window', 'columns', 'change'] as const

function checkFacts(value: unknown, model: SequenceModel): ForecastFacts {
  const fields = checkOptions('facts', value, FACTS_KEYS)
  const columns = checkArray('columns', fields.columns).map(checkColumn)
  const facts = {
    job: checkText('job', fields.job),
    target: checkNumberColumn(fields.target, columns),
    unit: checkText('unit', fields.unit),
    window: checkPositiveInteger('window', fields.window),
    columns,
    change: checkScale('change', fields.change),
  }
  checkModel(model, columns)
  return facts
}

function checkModel({ options }: SequenceModel, columns: readonly ColumnEncoding[]): void {
  const { input, gru, output } = options
  const features = countFeatures(columns)
  const fits =
    'features' in input &&
    input.features === features &&
    gru.batchFirst &&
    output.size === 1 &&
    output.every === 'last'
  if (fits) return
  const expected = `a model of ${features} features, batch first, with one value at the last step`
  throw argumentError('ERR_GRU_FORMAT', 'columns', expected, JSON.stringify(options))
}

function checkArray(key: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw argumentError('ERR_GRU_FORMAT', key, 'an array', describe(value))
}

function checkText(key: string, value: unknown): string {
  if (typeof value === 'string') return value
  throw argumentError('ERR_GRU_FORMAT', key, 'a string', describe(value))
}

function checkNumberColumn(value: unknown, columns: readonly ColumnEncoding[]): string {
  const numbers = columns.filter(({ kind }) => kind === 'number').map(({ name }) => name)
  return checkOneOf('target', value, numbers)
}

function checkColumn(value: unknown, index: number): ColumnEncoding {
  const key = `columns[${index}]`
  const keys = ['name', 'kind', 'mean', 'standardDeviation', 'categories'] as const
  const { name, kind, categories, ...scale } = checkOptions(key, value, keys)
  const common = { name: checkText(`${key}.name`, name) }
  switch (checkOneOf(`${key}.kind`, kind, ['number', 'category', 'date'])) {
    case 'number':
      return { ...common, kind: 'number', ...checkScale(key, scale) }
    case 'category': {
      const names = checkArray(`${key}.categories`, categories).map((category) =>
        checkText(`${key}.categories`, category),
      )
      return { ...common, kind: 'category', categories: names }
    }
    case 'date':
      return { ...common, kind: 'date' }
  }
}

function checkScale(key: string, value: unknown): Scale {
  const { mean, standardDeviation } = checkOptions(key, value, ['mean', 'standardDeviation'])
  return {
    mean: checkNumber(`${key}.mean`, mean),
    standardDeviation: checkNumber(`${key}.standardDeviation`, standardDeviation, { above: 0 }),
  }
}
