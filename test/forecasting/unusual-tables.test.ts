/**
 * Forecasters on tables with series that are short, late, empty or have odd names, and arguments that are wrong.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { Forecaster, type ForecasterOptions, GruError, Table } from '../../lib'
import { DAY, dailyRows, dailyTable, noise } from '../support/tables'

const QUICK: ForecasterOptions = {
  target: 'value',
  horizon: 2,
  model: { hiddenSize: 4 },
  training: { epochs: 1, batch: 32 },
}

const wave = (row: number): number => 20 + 5 * Math.sin((2 * Math.PI * row) / 7) + noise(row)

/** Rows of a series that begins some days late. */
function rowsOf(shop: string, count: number, late = 0, valueOf = wave as (row: number) => unknown) {
  return dailyRows(count, (row) => ({ shop, value: valueOf(row) })).map((row) => {
    return { ...row, day: new Date((row['day'] as Date).getTime() + late * DAY) }
  })
}

const tableOf = (...series: readonly object[][]): Promise<Table> =>
  Table.from(series.flat(), { series: 'shop' })

describe('series', () => {
  it('may have the names of properties that all objects have', async () => {
    const names = ['constructor', '__proto__', 'toString']
    const called = await tableOf(
      rowsOf('a', 120),
      ...names.map((name, i) => rowsOf(name, 40, 80 - i)),
    )
    const plain = await tableOf(
      rowsOf('a', 120),
      ...['x', 'y', 'z'].map((name, i) => rowsOf(name, 40, 80 - i)),
    )
    const [odd, other] = [
      await Forecaster.train(called, QUICK),
      await Forecaster.train(plain, QUICK),
    ]
    const valuesOf = async (forecaster: Forecaster, table: Table): Promise<unknown> =>
      (await forecaster.forecast(table)).map(({ quantiles }) => quantiles)
    expect(await valuesOf(odd, called)).toEqual(await valuesOf(other, plain))
    // Series that training does not have.
    expect(await valuesOf(odd, await tableOf(rowsOf('valueOf', 30), rowsOf('a', 30)))).toEqual(
      await valuesOf(other, await tableOf(rowsOf('new', 30), rowsOf('a', 30))),
    )
    odd.dispose()
    other.dispose()
  })

  it('without enough rows have no forecast, and the others have theirs', async () => {
    const table = await tableOf(
      rowsOf('a', 120),
      rowsOf('short', 2, 60),
      rowsOf('empty', 120, 0, () => null),
    )
    const forecaster = await Forecaster.train(table, QUICK)
    for (const horizon of [2, 5]) {
      const paths = await forecaster.forecast(table, { horizon })
      expect(paths.map(({ series, times }) => [series, times.length])).toEqual([['a', horizon]])
    }
    const [note] = forecaster.notes(table).filter(({ found }) => found.startsWith('series with'))
    expect(note).toMatchObject({ count: 2, first: '"short"' })
    await expect(forecaster.forecast(await tableOf(rowsOf('a', 2)))).rejects.toThrow(
      'rows up to the last value of "value", got 2',
    )
    forecaster.dispose()
  })

  it('that training does not have are forecast from each origin as if the table ended there', async () => {
    const table = await tableOf(rowsOf('a', 120), rowsOf('late', 40, 80))
    const options = { ...QUICK, missing: 'interpolate', window: 5 } as const
    const forecaster = await Forecaster.train(table, options)
    const { backtest } = await forecaster.evaluate(table, { backtest: 100 })
    const late = backtest.filter(({ series }) => series === 'late')
    expect(late.length).toBeGreaterThan(5)
    for (const { origin, quantiles } of late) {
      const rows = (Date.parse(origin) - Date.UTC(2021, 0, 1)) / DAY + 1 - 80
      const [alone] = await forecaster.forecast(await tableOf(rowsOf('late', rows, 80)))
      expect(alone!.quantiles).toEqual(quantiles)
    }
    forecaster.dispose()
  })

  it('are as many in the backtest as were asked for', async () => {
    const table = await tableOf(
      ...Array.from({ length: 12 }, (_, i) => rowsOf(`shop ${i}`, 60, 0, (row) => wave(row + i))),
    )
    const forecaster = await Forecaster.train(table, QUICK)
    const { backtest } = await forecaster.evaluate(table, { backtest: 4 })
    expect(new Set(backtest.map(({ series }) => series)).size).toBe(4)
    expect(backtest).toHaveLength(4)
    forecaster.dispose()
  })
})

describe('targets', () => {
  it('without a value in a series have no forecast there', async () => {
    const rows = ['a', 'b'].flatMap((shop) =>
      dailyRows(80, (row) => ({ shop, value: wave(row), visits: shop === 'a' ? wave(row) : null })),
    )
    const table = await Table.from(rows)
    const forecaster = await Forecaster.train(table, { ...QUICK, target: ['value', 'visits'] })
    const paths = await forecaster.forecast(table, { horizon: 5 })
    expect(paths.map(({ series, target }) => `${series} ${target}`)).toEqual([
      'a value',
      'a visits',
      'b value',
    ])
    expect(paths.flatMap(({ quantiles }) => quantiles.flat()).every(Number.isFinite)).toBe(true)
    forecaster.dispose()
  })

  it.each([
    [(row: number) => row < 150, /expected more rows .* got 200 rows \(150 without a target\)/],
    [(row: number) => row >= 135 && row < 175, /expected more rows .* \(40 without a target\)/],
  ])('that are missing in a whole part are refused (%#)', async (isMissing, message) => {
    const table = await dailyTable(200, (row) => ({ value: isMissing(row) ? null : wave(row) }))
    await expect(Forecaster.train(table, QUICK)).rejects.toThrow(message)
  })

  it('of which one has no value in the training part are refused', async () => {
    const table = await dailyTable(120, (row) => ({
      value: wave(row),
      visits: row < 100 ? null : wave(row),
    }))
    await expect(
      Forecaster.train(table, { ...QUICK, target: ['value', 'visits'] }),
    ).rejects.toThrow('column "visits": expected values in the training part, got none')
  })

  it('that begins late in a series is not scored before, where nobody knows it', async () => {
    const rows = ['early', 'late'].flatMap((shop) =>
      dailyRows(120, (row) => ({
        shop,
        value: wave(row),
        visits: shop === 'late' && row < 112 ? null : wave(row),
      })),
    )
    const options = { ...QUICK, target: ['value', 'visits'], difference: 'none' } as const
    const table = await Table.from(rows, { series: 'shop' })
    const forecaster = await Forecaster.train(table, options)
    const { targets } = await forecaster.evaluate(table)
    const skills = Object.values(targets[1]!.skill)
    expect(skills.length).toBeGreaterThan(1)
    for (const skill of skills) expect(skill).not.toBeNull()
    forecaster.dispose()
  })

  it('whose later values have no logarithm are forecast by logarithms all the same', async () => {
    const growth = (row: number): number => Math.exp(row / 60 + 0.1 * Math.sin(5 * row))
    const table = await dailyTable(300, (row) => ({
      value: row === 280 ? 0 : row === 285 ? -3 : growth(row),
    }))
    const forecaster = await Forecaster.train(table, QUICK)
    expect(forecaster.facts.targets[0]!.logarithm).toBe(true)
    const notes = forecaster.notes(table).filter(({ found }) => found.includes('no logarithm'))
    expect(notes).toMatchObject([{ count: 2, first: '2021-10-08' }])
    const { targets } = await forecaster.evaluate(table)
    expect(targets[0]!.contenders[0]!.scores.mae).not.toBeNull()
    const [after] = await forecaster.forecast(
      await dailyTable(286, (row) => ({ value: row === 285 ? 0 : growth(row) })),
    )
    for (const value of after!.quantiles.flat()) expect(value).toBeGreaterThan(growth(285) / 3)
    forecaster.dispose()
  })
})

describe('checkpoints', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'gru-resumed-'))
  afterAll(() => {
    rmSync(folder, { recursive: true })
  })

  it.each(['quantiles', 'normal'] as const)(
    'of %s are of use for the same table and options alone',
    async (distribution) => {
      const checkpoints = path.join(folder, distribution)
      const options: ForecasterOptions = { ...QUICK, distribution, checkpoints }
      const table = await dailyTable(100, (row) => ({ value: wave(row) }))
      const other = await dailyTable(100, (row) => ({ value: 3 * wave(row) }))
      const first = await Forecaster.train(table, options)
      const resumed: ForecasterOptions = { ...options, resume: true, training: { epochs: 2 } }
      const message = /resume: expected checkpoints of this table with the same options, got/
      await expect(Forecaster.train(other, resumed)).rejects.toThrow(message)
      for (const change of [{ model: { hiddenSize: 5 } }, { window: 6 }, { missing: 'mask' }]) {
        const changed = { ...resumed, ...change } as ForecasterOptions
        await expect(Forecaster.train(table, changed)).rejects.toThrow(message)
      }
      const second = await Forecaster.train(table, {
        ...resumed,
        units: { value: '°C' },
        training: { ...QUICK.training, epochs: 2 },
      })
      expect(second.training!.epochs.map(({ epoch }) => epoch)).toEqual([2])
      first.dispose()
      second.dispose()
    },
  )
})

describe('wrong arguments', () => {
  let table: Table
  let forecaster: Forecaster
  beforeAll(async () => {
    table = await dailyTable(80, (row) => ({ value: wave(row) }))
    forecaster = await Forecaster.train(table, QUICK)
  })
  afterAll(() => {
    forecaster.dispose()
  })

  const expectRefusal = async (call: () => Promise<unknown>, name: string): Promise<void> => {
    const error: unknown = await call().then(
      () => 'not refused',
      (cause: unknown) => cause,
    )
    expect(error).toBeInstanceOf(GruError)
    expect((error as Error).message).toContain(name)
  }

  it.each([null, undefined, 5, 'x', {}, [{ value: 1 }], { series: [] }])(
    'a table that is %j',
    async (wrong) => {
      const value = wrong as unknown as Table
      await expectRefusal(() => Forecaster.train(value, QUICK), 'table: expected a Table')
      await expectRefusal(() => forecaster.evaluate(value), 'table: expected a Table')
      await expectRefusal(
        () => Promise.resolve().then(() => forecaster.notes(value)),
        'table: expected a Table',
      )
      if (!Array.isArray(wrong))
        await expectRefusal(() => forecaster.forecast(value), 'rows: expected')
    },
  )

  const options = [
    ...['target', 'horizon', 'window', 'inputs', 'future', 'seasons', 'quantiles'],
    ...['distribution', 'logarithm', 'difference', 'missing', 'minimum', 'maximum', 'split'],
    ...[
      'model',
      'training',
      'seed',
      'device',
      'checkpoints',
      'resume',
      'signal',
      'onEpoch',
      'units',
    ],
    ...['split.training', 'split.validation', 'model.cell', 'model.hiddenSize'],
    ...['model.numLayers', 'model.dropout', 'model.bidirectional', 'training.epochs'],
    ...['training.patience', 'training.batch', 'training.optimizer', 'training.learningRate'],
    ...['training.schedule', 'training.weightDecay', 'training.clipNorm'],
  ]

  it.each(options)('the option %s', async (name) => {
    const [outer, inner] = name.split('.')
    for (const wrong of [null, NaN, [null], Symbol('x'), 10n]) {
      const value = inner === undefined ? wrong : { [inner]: wrong }
      await expectRefusal(() => Forecaster.train(table, { ...QUICK, [outer!]: value }), name)
    }
  })

  it.each([
    [{ future: ['value'] }, 'future: expected columns other than the targets'],
    [{ inputs: ['value'] }, 'inputs: expected columns other than the targets'],
    [{ seasons: [7, 7] }, 'seasons: expected each season once, got [7,7]'],
  ])('options that contradict each other: %j', async (wrong, message) => {
    await expectRefusal(() => Forecaster.train(table, { ...QUICK, ...wrong }), message)
  })

  it('a difference of seasons where there is none', async () => {
    const flat = await dailyTable(80, (row) => ({ value: noise(row * row) }))
    const wrong = { ...QUICK, difference: 'seasonal', seasons: [] } as const
    await expectRefusal(() => Forecaster.train(flat, wrong), 'difference: expected')
  })

  it('a signal that is none, and what else is told beside the options', async () => {
    const control = (value: unknown): { readonly stop?: AbortSignal } => value as object
    await expectRefusal(() => Forecaster.train(table, QUICK, control(null)), 'control')
    await expectRefusal(() => Forecaster.train(table, QUICK, control({ stop: 5 })), 'stop')
    await expectRefusal(() => forecaster.forecast(table, { horizon: 1e9 }), 'horizon')
    const wrong = [{ signal: 3 }, { backtest: 0 }, { backtest: null }]
    for (const value of wrong) {
      await expectRefusal(() => forecaster.evaluate(table, value as object), Object.keys(value)[0]!)
    }
  })

  it('a table at other steps, and an evaluation on another table', async () => {
    const hours = await Table.from(
      Array.from({ length: 80 }, (_, row) => ({ time: new Date(row * 3_600_000), value: row })),
    )
    await expectRefusal(() => forecaster.forecast(hours), 'the steps of the training: day')
    const shorter = await dailyTable(60, (row) => ({ value: wave(row) }))
    await expectRefusal(() => forecaster.evaluate(shorter), 'expected the table of the training')
  })
})
