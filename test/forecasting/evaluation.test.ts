/**
 * What a forecaster tells about itself: errors, residuals, importance, notes.
 */
import { Forecaster, Table } from '../../lib'
import { DAY, dailyRows, dailyTable, noise } from '../support/tables'

const wave = (row: number): number => 20 + 5 * Math.sin((2 * Math.PI * row) / 7) + noise(row)
const QUICK = { model: { hiddenSize: 6 }, training: { epochs: 3 } }
const ROWS = 160
const TEST_BEGIN = Math.floor(ROWS * 0.85)

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

describe('the errors on the test part', () => {
  it('are those of forecasts from tables that end at each origin', async () => {
    const valueOf = (row: number): number | null => (row === 150 ? null : wave(row))
    const table = await dailyTable(ROWS, (row) => ({ value: valueOf(row) }))
    const forecaster = await Forecaster.train(table, { target: 'value', horizon: 3, ...QUICK })
    const { targets } = await forecaster.evaluate(table)
    const [model, last] = targets[0]!.contenders
    const errors: number[] = []
    const inside: boolean[] = []
    const ofLast: number[] = []
    for (let origin = TEST_BEGIN - 1; origin + 3 < ROWS; origin++) {
      // The table ends where its last value is missing; a forecast from there begins one row earlier.
      if (valueOf(origin) === null) continue
      const known = await dailyTable(origin + 1, (row) => ({ value: valueOf(row) }))
      const [path] = await forecaster.forecast(known)
      const { quantiles } = path!
      for (const step of [1, 2, 3]) {
        const truth = valueOf(origin + step)
        if (truth === null) continue
        errors.push(Math.abs(quantiles[1]![step - 1]! - truth))
        inside.push(quantiles[0]![step - 1]! <= truth && truth <= quantiles[2]![step - 1]!)
        ofLast.push(Math.abs(valueOf(origin)! - truth))
      }
    }
    // The origin whose own value is missing counts as well: its three forecasts are not in the lists.
    const share = errors.length / (errors.length + 3)
    expect(model!.scores.count).toBe(errors.length + 3)
    expect(Math.abs(model!.scores.mae! - mean(errors))).toBeLessThan((1 - share) * 10)
    expect(last!.name).toBe('last value')
    const byStep = model!.byHorizon.map(({ count }) => count)
    expect(byStep.reduce((sum, count) => sum + count, 0)).toBe(model!.scores.count)
    expect(targets[0]!.coverage!.test).toBe(model!.scores.coverage)
    expect(mean(inside.map(Number))).toBeCloseTo(model!.scores.coverage!, 1)
    forecaster.dispose()
  })

  it('are exact where no value is missing', async () => {
    const table = await dailyTable(ROWS, (row) => ({ value: wave(row) }))
    const forecaster = await Forecaster.train(table, { target: 'value', horizon: 2, ...QUICK })
    const { targets, residuals } = await forecaster.evaluate(table)
    const errors: number[] = []
    const first: number[] = []
    const naive: number[] = []
    for (let origin = TEST_BEGIN - 1; origin + 2 < ROWS; origin++) {
      const known = await dailyTable(origin + 1, (row) => ({ value: wave(row) }))
      const [path] = await forecaster.forecast(known)
      const [one, two] = path!.quantiles[1]!
      errors.push(Math.abs(one! - wave(origin + 1)), Math.abs(two! - wave(origin + 2)))
      naive.push(...[1, 2].map((step) => Math.abs(wave(origin + step - 7) - wave(origin + step))))
      first.push(wave(origin + 1) - one!)
    }
    const { contenders, skill } = targets[0]!
    expect(contenders[0]!.scores.mae).toBeCloseTo(mean(errors), 12)
    expect(contenders[0]!.scores.rmse).toBeCloseTo(Math.sqrt(mean(errors.map((e) => e * e))), 12)
    const seasonal = contenders.find(({ name }) => name === 'seasonal naive (week)')!
    expect(seasonal.scores.mae).toBeCloseTo(mean(naive), 12)
    expect(skill['seasonal naive (week)']).toBeCloseTo(1 - mean(errors) / mean(naive), 12)
    // MASE: the error divided by that of the seasonal naive forecast over the training part.
    const training = Array.from({ length: Math.floor(ROWS * 0.7) - 7 }, (_, row) =>
      Math.abs(wave(row + 7) - wave(row)),
    )
    expect(contenders[0]!.scores.mase).toBeCloseTo(mean(errors) / mean(training), 12)
    expect(residuals.map(({ error }) => error)).toEqual(first)
    // 17 May 2021 is a Monday.
    const monday = residuals.find(({ time }) => time === '2021-05-17')
    expect(monday?.season).toBe('Mon')
    forecaster.dispose()
  })
})

it('permutation importance is large for what drives the target, and small for noise', async () => {
  const table = await dailyTable(400, (row) => ({
    value: 5 * noise(3 * (row - 1)) + 0.1 * noise(row),
    driver: noise(3 * row),
    other: noise(11 * row),
  }))
  const forecaster = await Forecaster.train(table, { target: 'value', training: { epochs: 30 } })
  const { importance } = await forecaster.evaluate(table)
  const of = Object.fromEntries(importance.map(({ column, increase }) => [column, increase]))
  expect(of['driver']).toBeGreaterThan(1)
  expect(Math.abs(of['other']!)).toBeLessThan(0.3)
  forecaster.dispose()
})

it('notes name missing cells, categories that training does not have, and rows to forecast', async () => {
  const rows = dailyRows(80, (row) => ({
    value: row === 12 || row > 77 ? null : wave(row),
    sky: row === 70 ? 'snow' : ['sun', 'rain'][row % 2],
    wind: row === 20 ? null : noise(row),
  }))
  const table = await Table.from(rows)
  const forecaster = await Forecaster.train(table, { target: 'value', ...QUICK })
  const carried = 'the last value stands for them'
  expect(forecaster.notes(table)).toEqual([
    {
      found: 'missing values of "value"',
      count: 1,
      done: `${carried} as input; they count in no loss and no error`,
      first: '2021-01-13',
    },
    {
      found: 'rows after the last value of "value"',
      count: 2,
      done: 'they are forecast',
      first: '2021-03-20',
    },
    { found: 'missing values of "wind"', count: 1, done: carried, first: '2021-01-21' },
    {
      found: 'values of "sky" that training does not have: "snow"',
      count: 1,
      done: 'each counts as "other"',
      first: '2021-03-12',
    },
  ])
  const [path] = await forecaster.forecast(table)
  expect(path!.origin).toBe('2021-03-19')
  expect(path!.times).toEqual([
    new Date(Date.UTC(2021, 0, 1) + 78 * DAY).toISOString().slice(0, 10),
  ])
  forecaster.dispose()
})

it('says of a target that always changes by the same amount that there is nothing to learn', async () => {
  const exact = await dailyTable(80, (row) => ({ value: 2 * row }))
  const other = await dailyTable(80, (row) => ({ value: row < 75 ? 5 : 6 }))
  const verdictOf = async (table: Table): Promise<readonly string[]> => {
    const forecaster = await Forecaster.train(table, { target: 'value', ...QUICK })
    const { verdict } = await forecaster.evaluate(table)
    forecaster.dispose()
    return verdict
  }
  const nothing = /^There is nothing to learn: the target changes by the same amount/
  const [first, second] = await verdictOf(exact)
  expect(first).toMatch(nothing)
  expect(second).toBe('This is exact in the whole test part.')
  const sentences = await verdictOf(other)
  expect(sentences[0]).toMatch(nothing)
  expect(sentences[1]).toMatch(/does not beat last value/)
})

it('tells of every update and every epoch, and keeps the units', async () => {
  const table = await dailyTable(120, (row) => ({ value: wave(row) }))
  const updates: [number, number][] = []
  const epochs: number[] = []
  const forecaster = await Forecaster.train(table, {
    ...{ target: 'value', units: { value: 'kWh' }, model: { hiddenSize: 4 } },
    training: { epochs: 3, batch: 20, patience: 3 },
    onUpdate: ({ epoch, share }) => updates.push([epoch, share]),
    onEpoch: ({ epoch }) => epochs.push(epoch),
  })
  expect(epochs).toEqual([1, 2, 3])
  const windows = forecaster.training!.windows.training
  const batches = Math.ceil(windows / 20)
  expect(updates).toEqual(
    [1, 2, 3].flatMap((epoch) =>
      Array.from({ length: batches }, (_, i) => [epoch, (i + 1) / batches]),
    ),
  )
  expect(forecaster.facts.targets[0]!.unit).toBe('kWh')
  expect((await forecaster.evaluate(table)).targets[0]!.unit).toBe('kWh')
  forecaster.dispose()
})
