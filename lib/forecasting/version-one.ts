/**
 * The facts in files of version 1: a SequenceModel of daily tables, which forecasts the change from today to tomorrow.
 *
 * @module
 */
import { argumentError } from '../errors'
import type { SequenceModel } from '../sequence-model'
import { checkNumber, checkOneOf, checkOptions, checkPositiveInteger } from '../validate'
import { checkArray, checkText } from './facts-check'
import type { ForecastFacts, InputFacts } from './facts'

const KEYS = ['job', 'target', 'unit', 'window', 'columns', 'change'] as const

/**
 * Reads them as facts of today.
 *
 * @throws GruError ERR_GRU_FORMAT, ERR_GRU_TYPE or ERR_GRU_VALUE if they are not such facts, or do not fit the model
 */
export function factsOfVersion1(value: unknown, model: SequenceModel): ForecastFacts {
  const fields = checkOptions('facts', value, KEYS)
  const columns = checkArray('columns', fields.columns).map(checkColumn)
  const inputs = columns.flatMap(({ input }) => input ?? [])
  const numbers = inputs.filter(({ kind }) => kind === 'number').map(({ name }) => name)
  const target = checkOneOf('target', fields.target, numbers)
  const change = checkScale('change', fields.change)
  const window = checkPositiveInteger('window', fields.window)
  const scale = {
    ...{ level: 0, spread: 1, change: 1, steady: false },
    ...{ centers: [change.mean], deviation: change.deviation },
  }
  const date = columns.find(({ input }) => input === undefined)?.name
  const facts: ForecastFacts = {
    ...{ version: 1, horizon: 1, window, fewestRows: window },
    ...{ quantiles: [0.5], distribution: 'quantiles', missing: 'carry' },
    ...{ minimum: null, maximum: null, seriesColumn: null, seriesNames: [], seasons: [] },
    order: columns.map(({ name }) => name),
    time: {
      column: date,
      kind: 'instant',
      frequency: { kind: 'regular', unit: 'day', count: 1 },
      timeZone: 'UTC',
    },
    calendar: ['dayOfYear'],
    targets: [
      {
        unit: checkText('unit', fields.unit),
        ...{ name: target, logarithm: false, difference: 'last', missing: false, calibration: [] },
        scales: { '': scale },
      },
    ],
    inputs,
  }
  checkModel(model, inputs)
  return facts
}

function checkModel({ options }: SequenceModel, inputs: readonly InputFacts[]): void {
  const { input, gru, output } = options
  const widths = inputs.map((column) => (column.kind === 'number' ? 1 : column.categories.length))
  const features = widths.reduce((sum, width) => sum + width, 2)
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

interface Column {
  readonly name: string
  /** undefined for the date. */
  readonly input: InputFacts | undefined
}

function checkColumn(value: unknown, index: number): Column {
  const key = `columns[${index}]`
  const keys = ['name', 'kind', 'mean', 'standardDeviation', 'categories'] as const
  const { kind, categories, ...fields } = checkOptions(key, value, keys)
  const name = checkText(`${key}.name`, fields.name)
  switch (checkOneOf(`${key}.kind`, kind, ['number', 'category', 'date'])) {
    case 'number': {
      const { mean, standardDeviation } = fields
      const scale = checkScale(key, { mean, standardDeviation })
      return { name, input: { name, kind: 'number', ...scale, future: false, missing: false } }
    }
    case 'category': {
      const names = checkArray(`${key}.categories`, categories).map((category) =>
        checkText(`${key}.categories`, category),
      )
      return { name, input: { name, kind: 'category', categories: names, future: false } }
    }
    case 'date':
      return { name, input: undefined }
  }
}

function checkScale(
  key: string,
  value: unknown,
): { readonly mean: number; readonly deviation: number } {
  const { mean, standardDeviation } = checkOptions(key, value, ['mean', 'standardDeviation'])
  return {
    mean: checkNumber(`${key}.mean`, mean),
    deviation: checkNumber(`${key}.standardDeviation`, standardDeviation, { above: 0 }),
  }
}
