/**
 * Forecasters, from a table to forecasts: what they learn, and what they must not see.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { Forecaster, type ForecasterOptions, Table } from '../../lib'
import { DAY, dailyRows, dailyTable, noise } from '../support/tables'

/** Small enough for a test; what is tested holds for any size. */
const QUICK = {
  model: { hiddenSize: 6 },
  training: { epochs: 3, batch: 32 },
} satisfies Partial<ForecasterOptions>

const wave = (row: number): number => 20 + 5 * Math.sin((2 * Math.PI * row) / 7) + noise(row)

async function trained(table: Table, options: ForecasterOptions): Promise<Forecaster> {
  return Forecaster.train(table, { ...QUICK, ...options })
}

const medians = (forecaster: Forecaster, rows: Table): Promise<readonly number[][]> =>
  forecaster.forecast(rows).then((paths) => paths.map(({ quantiles }) => [...quantiles[1]!]))

describe('a forecast', () => {
  it('has a value of every quantile for every step, target and series', async () => {
    const rows = ['a', 'b', 'c'].flatMap((shop, i) =>
      dailyRows(90, (row) => ({ shop, sales: (i + 1) * wave(row), visits: 100 + wave(row + 3) })),
    )
    const table = await Table.from(rows)
    const forecaster = await trained(table, { target: ['sales', 'visits'], horizon: 5 })
    const paths = await forecaster.forecast(table)
    expect(paths.map(({ series, target }) => `${series} ${target}`)).toEqual([
      ...['a sales', 'a visits', 'b sales', 'b visits', 'c sales', 'c visits'],
    ])
    for (const { quantiles, times, origin, direct } of paths) {
      expect(origin).toBe('2021-03-31')
      expect(times).toEqual(['2021-04-01', '2021-04-02', '2021-04-03', '2021-04-04', '2021-04-05'])
      expect(direct).toBe(5)
      for (const step of times.keys()) {
        const [low, median, high] = quantiles.map((values) => values[step]!)
        expect(low).toBeLessThanOrEqual(median!)
        expect(median).toBeLessThanOrEqual(high!)
      }
    }
    forecaster.dispose()
  })

  it('beyond the horizon goes on from medians, and is never narrower than the step it starts from', async () => {
    const table = await dailyTable(120, (row) => ({ value: wave(row) }))
    const forecaster = await trained(table, { target: 'value', horizon: 4 })
    const [direct] = await forecaster.forecast(table)
    const [long] = await forecaster.forecast(table, { horizon: 10 })
    expect(long!.direct).toBe(4)
    expect(long!.times).toHaveLength(10)
    const first = long!.quantiles.map((values) => values.slice(0, 4))
    expect(first).toEqual(direct!.quantiles.map((values) => [...values]))
    // The second block is the forecast of a table that has the first block's medians as rows.
    const extended = await dailyTable(124, (row) => ({
      value: row < 120 ? wave(row) : direct!.quantiles[1]![row - 120],
    }))
    const [next] = await forecaster.forecast(extended)
    expect(long!.quantiles[1]!.slice(4, 8)).toEqual([...next!.quantiles[1]!])
    const width = (step: number): number => long!.quantiles[2]![step]! - long!.quantiles[0]![step]!
    for (let step = 4; step < 8; step++) expect(width(step)).toBeGreaterThan(0.9 * width(3))
    forecaster.dispose()
  })

  it('stays within the bounds that the options give', async () => {
    const table = await dailyTable(100, (row) => ({
      value: Math.max(0, Math.round(3 * noise(row))),
    }))
    const forecaster = await trained(table, { target: 'value', horizon: 3, minimum: 0, maximum: 1 })
    const [path] = await forecaster.forecast(table)
    for (const value of path!.quantiles.flat()) {
      expect(value).toBeGreaterThanOrEqual(0)
      expect(value).toBeLessThanOrEqual(1)
    }
    forecaster.dispose()
  })

  it('of a constant is that constant, and of a straight line goes on with it', async () => {
    const constant = await dailyTable(80, () => ({ value: 14.62 }))
    const flat = await trained(constant, { target: 'value', horizon: 3 })
    expect(flat.training!.steady).toBe(true)
    expect(await medians(flat, constant)).toEqual([[14.62, 14.62, 14.62]])
    const line = await dailyTable(80, (row) => ({ value: 3 * row }))
    const straight = await trained(line, { target: 'value', horizon: 3 })
    expect(straight.training!.steady).toBe(true)
    expect(await medians(straight, line)).toEqual([[240, 243, 246]])
    flat.dispose()
    straight.dispose()
  })

  it('of a constant among other series is that constant', async () => {
    const rows = ['noisy', 'still'].flatMap((name) =>
      dailyRows(90, (row) => ({ name, value: name === 'still' ? 0.01 : wave(row) })),
    )
    const table = await Table.from(rows)
    const forecaster = await trained(table, { target: 'value', horizon: 2 })
    const [noisy, still] = await forecaster.forecast(table)
    expect(still!.quantiles).toEqual([
      [0.01, 0.01],
      [0.01, 0.01],
      [0.01, 0.01],
    ])
    expect(noisy!.quantiles[0]![0]).toBeLessThan(noisy!.quantiles[2]![0]!)
    forecaster.dispose()
  })

  it.each([1e-12, 1e-6, 1, 1e12])('of values of size %p has their size', async (size) => {
    const table = await dailyTable(100, (row) => ({ value: size * wave(row) }))
    // So few updates learn no season; the forecast begins with that of the week before.
    const options = { target: 'value', horizon: 7, difference: 'seasonal' } as const
    const forecaster = await trained(table, options)
    const [values] = await medians(forecaster, table)
    for (const [step, value] of values!.entries()) {
      expect(Math.abs(value / size - wave(100 + step))).toBeLessThan(3)
    }
    forecaster.dispose()
  })

  it('uses inputs that are known for the future', async () => {
    const promo = (row: number): number => (noise(3 * row) > 0.2 ? 1 : 0)
    const valueOf = (row: number): number => 10 + 8 * promo(row) + 0.1 * noise(row)
    const rows = dailyRows(300, (row) => ({
      value: row < 297 ? valueOf(row) : null,
      promo: promo(row),
    }))
    const table = await Table.from(rows)
    const options = { target: 'value', horizon: 3, training: { epochs: 40 } }
    const knowing = await Forecaster.train(table, { ...options, future: ['promo'] })
    const [forecast] = await medians(knowing, table)
    for (const [step, value] of forecast!.entries()) {
      expect(Math.abs(value - valueOf(297 + step))).toBeLessThan(2)
    }
    knowing.dispose()
  })
})

describe('the model', () => {
  it('of a series that follows a rule is better than every baseline', async () => {
    // Each value follows from the two before it, with no season: y = 1.6 y[-1] - 0.9 y[-2] + noise.
    const values = [1, 2]
    for (let row = 2; row < 400; row++) {
      values.push(1.6 * values[row - 1]! - 0.9 * values[row - 2]! + noise(row))
    }
    const table = await dailyTable(400, (row) => ({ value: values[row] }))
    const forecaster = await Forecaster.train(table, { target: 'value' })
    const { targets, verdict } = await forecaster.evaluate(table)
    for (const skill of Object.values(targets[0]!.skill)) expect(skill).toBeGreaterThan(0.2)
    expect(verdict.join(' ')).toMatch(/beats/)
    forecaster.dispose()
  })

  it('covers on validation what its interval should', async () => {
    const table = await dailyTable(400, (row) => ({ value: wave(row) + 3 * noise(7 * row) }))
    for (const distribution of ['quantiles', 'normal'] as const) {
      const forecaster = await trained(table, { target: 'value', horizon: 3, distribution })
      const { targets } = await forecaster.evaluate(table)
      const { nominal, validation } = targets[0]!.coverage!
      expect(nominal).toBe(0.8)
      expect(validation).toBeGreaterThanOrEqual(0.78)
      expect(validation).toBeLessThanOrEqual(0.82)
      forecaster.dispose()
    }
  })
})

/** What the training part alone must decide. */
function learntFrom({ facts }: Forecaster): object {
  const targets = facts.targets.map((target) => ({ ...target, calibration: [] }))
  return { ...facts, targets }
}

describe('no look-ahead', () => {
  const kinds: readonly (readonly [string, Partial<ForecasterOptions>, (row: number) => object])[] =
    [
      ['plain', {}, (row) => ({ value: wave(row) })],
      ['gaps', {}, (row) => (row % 9 === 4 ? { value: null } : { value: wave(row) })],
      [
        'gaps that are interpolated',
        { missing: 'interpolate' },
        (row) =>
          row % 9 > 5 ? { value: null, other: null } : { value: wave(row), other: noise(row) },
      ],
      [
        'masked gaps',
        { missing: 'mask' },
        (row) => (row % 9 === 4 ? { value: null } : { value: wave(row) }),
      ],
      ['growth', {}, (row) => ({ value: Math.exp(row / 60 + 0.1 * Math.sin(row)) })],
      [
        'inputs',
        {},
        (row) => ({ value: wave(row), other: noise(2 * row), kind: row % 3 ? 'x' : 'y' }),
      ],
    ]

  it.each(kinds)(
    'of a table with %s: scales, features and forecasts stay',
    async (_name, options, valuesOf) => {
      const rows = 150
      const table = await dailyTable(rows, (row) => ({ ...valuesOf(row) }))
      const trainingEnd = Math.floor(rows * 0.7)
      const scrambled = await dailyTable(rows, (row) => {
        const values = { ...valuesOf(row) } as Record<string, unknown>
        if (row < trainingEnd) return values
        return {
          ...values,
          value: 1000 * (1.5 + noise(row)),
          ...('other' in values && { other: -50 }),
        }
      })
      const all = { ...options, target: 'value', horizon: 3 }
      const [honest, other] = [await trained(table, all), await trained(scrambled, all)]
      expect(learntFrom(other)).toEqual(learntFrom(honest))
      // A forecast from any row of the whole table is that of a table that ends there.
      const { backtest } = await honest.evaluate(table, { backtest: 6 })
      const alone = await Promise.all(
        backtest.map(async ({ origin }) => {
          const end = (Date.parse(origin) - Date.UTC(2021, 0, 1)) / DAY + 1
          const rows = await dailyTable(end, (row) => ({ ...valuesOf(row) }))
          return (await honest.forecast(rows))[0]!
        }),
      )
      // The last row of a shorter table is no origin if its value is missing.
      const pairs = backtest.flatMap((path, i) =>
        path.origin === alone[i]!.origin ? [[path.quantiles, alone[i]!.quantiles]] : [],
      )
      expect(pairs.length).toBeGreaterThan(0)
      for (const [whole, part] of pairs) expect(part).toEqual(whole)
      honest.dispose()
      other.dispose()
    },
  )
})

describe('a file', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'gru-forecaster-'))
  afterAll(() => {
    rmSync(folder, { recursive: true })
  })

  it('gives the same forecasts, bit for bit', async () => {
    const rows = ['a', 'b'].flatMap((name, i) =>
      dailyRows(90, (row) => ({
        name,
        value: (i + 1) * wave(row),
        kind: row % 2 ? 'odd' : 'even',
      })),
    )
    const table = await Table.from(rows)
    const forecaster = await trained(table, { target: 'value', horizon: 2, distribution: 'normal' })
    const file = path.join(folder, 'model.safetensors')
    await forecaster.save(file)
    const loaded = await Forecaster.load(file)
    expect(loaded.facts).toEqual(forecaster.facts)
    const before = await forecaster.forecast(table)
    expect(await loaded.forecast(table)).toEqual(before)
    // Rows of a program are read as the table of the training was.
    expect(await loaded.forecast(rows)).toEqual(before)
    forecaster.dispose()
    loaded.dispose()
  })

  it('of checkpoints goes on where a training was ended', async () => {
    const table = await dailyTable(120, (row) => ({ value: wave(row) }))
    const options = {
      target: 'value',
      training: { epochs: 6, batch: 16, patience: 6 },
      model: QUICK.model,
    }
    const whole = await Forecaster.train(table, options)
    const checkpoints = path.join(folder, 'checkpoints')
    const stop = new AbortController()
    const onEpoch = ({ epoch }: { readonly epoch: number }): void => {
      if (epoch === 3) stop.abort()
    }
    const part = await Forecaster.train(
      table,
      { ...options, checkpoints, onEpoch },
      { stop: stop.signal },
    )
    expect(part.training!.epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3])
    const rest = await Forecaster.train(table, { ...options, checkpoints, resume: true })
    expect(rest.training!.epochs.map(({ epoch }) => epoch)).toEqual([4, 5, 6])
    expect(rest.training!.bestLoss).toBe(whole.training!.bestLoss)
    expect(await rest.forecast(table)).toEqual(await whole.forecast(table))
    for (const forecaster of [whole, part, rest]) forecaster.dispose()
  })
})

describe('what cannot be done', () => {
  it.each([
    [
      { target: 'valu' },
      /target: expected a column of numbers, such as "value", got no column "valu"/,
    ],
    [{ target: 'kind' }, /got the column of categories "kind"/],
    [{ target: 'value', inputs: ['wind'] }, /inputs: expected one of the columns "value", "kind"/],
    [{ target: 'value', horizon: 0 }, /horizon: expected an integer from 1/],
    [{ target: 'value', quantiles: [0.1, 0.9] }, /quantiles: expected increasing numbers with 0.5/],
    [{ target: 'value', logarithm: true }, /expected a number above 0, for its logarithm, got -/],
    [{ target: 'value', horizon: 50 }, /expected more rows \(\d+ .*, got 60 rows/],
    [
      { target: 'value', minimum: 2, maximum: 1 },
      /maximum: expected at least the minimum, 2, got 1/,
    ],
  ])('%j', async (options, message) => {
    const table = await dailyTable(60, (row) => ({ value: noise(row), kind: row % 2 ? 'x' : 'y' }))
    await expect(Forecaster.train(table, options as ForecasterOptions)).rejects.toThrow(message)
  })

  it('says how many rows would do, and so many do', async () => {
    const options: ForecasterOptions = { target: 'value', horizon: 3, window: 8 }
    const tableOf = (rows: number): Promise<Table> =>
      dailyTable(rows, (row) => ({ value: wave(row) }))
    const error: Error = await trained(await tableOf(20), options).then(
      () => new Error('trained'),
      (cause: unknown) => cause as Error,
    )
    const enough = Number(/\((\d+) with a target/.exec(error.message)?.[1])
    const forecaster = await trained(await tableOf(enough), options)
    forecaster.dispose()
    await expect(trained(await tableOf(Math.floor(0.7 * enough)), options)).rejects.toThrow(
      'more rows',
    )
  })
})
