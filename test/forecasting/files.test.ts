/**
 * Files of forecasters: those of version 1, and damaged ones.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { Forecaster, Model, SequenceModel } from '../../lib'
import { dailyTable, noise } from '../support/tables'

const folder = mkdtempSync(path.join(tmpdir(), 'gru-files-'))
const file = path.join(folder, 'model.safetensors')
afterAll(() => {
  rmSync(folder, { recursive: true })
})

describe('a file of version 1', () => {
  const facts = {
    job: 'warmth',
    target: 'warmth',
    unit: '°C',
    window: 3,
    columns: [
      { name: 'warmth', kind: 'number', mean: 12, standardDeviation: 4 },
      { name: 'day', kind: 'date' },
      { name: 'sky', kind: 'category', categories: ['clear', 'grey'] },
    ],
    change: { mean: 0.25, standardDeviation: 2 },
  }
  const warmth = (row: number): number => 10 + 5 * noise(row)
  const sky = (row: number): string => ['clear', 'grey', 'snow'][row % 3]!
  const save = async (metadata: unknown): Promise<SequenceModel> => {
    const model = new SequenceModel({
      input: { features: 5 },
      gru: { hiddenSize: 4, batchFirst: true },
      output: { size: 1, loss: 'meanSquaredError', every: 'last' },
      seed: 3,
    })
    await model.save(file, { metadata: { forecast: JSON.stringify(metadata) } })
    return model
  }

  it('forecasts the day after, as its own formulas say', async () => {
    const model = await save(facts)
    const rows = 40
    const input = [rows - 3, rows - 2, rows - 1].flatMap((row) => {
      // 1 January 2021 is day 1 of its year.
      const angle = (2 * Math.PI * (row + 1)) / 365.25
      const scaled = (warmth(row) - 12) / 4
      const kinds = ['clear', 'grey'].map((kind) => (kind === sky(row) ? 1 : 0))
      return [scaled, Math.sin(angle), Math.cos(angle), ...kinds]
    })
    const [output] = await model.predict(Float32Array.from(input))
    const forecaster = await Forecaster.load(file)
    const table = await dailyTable(rows, (row) => ({ warmth: warmth(row), sky: sky(row) }))
    const [path] = await forecaster.forecast(table)
    expect(path!.times).toEqual(['2021-02-10'])
    expect(path!.quantiles).toEqual([[warmth(rows - 1) + 0.25 + 2 * output!]])
    await expect(forecaster.forecast(table, { horizon: 2 })).rejects.toThrow(
      'horizon: expected 1, the horizon of a model of version 1, got 2',
    )
    forecaster.dispose()
    model.dispose()
  })

  it.each([
    [{ ...facts, window: 0 }, 'window: expected an integer from 1'],
    [{ ...facts, target: 'sky' }, 'target: expected '],
    [{ ...facts, columns: facts.columns.slice(0, 2) }, 'columns: expected a model of 3 features'],
    [{ ...facts, change: { mean: 0, standardDeviation: 0 } }, 'change.standardDeviation'],
  ])('that is damaged is refused (%#)', async (metadata, message) => {
    const model = await save(metadata)
    await expect(Forecaster.load(file)).rejects.toMatchObject({
      code: 'ERR_GRU_FORMAT',
      message: expect.stringContaining(message) as string,
    })
    model.dispose()
  })
})

describe('a file of this version', () => {
  it('is refused wherever its facts are damaged, and the message names the part', async () => {
    const table = await dailyTable(80, (row) => ({ value: noise(row), kind: row % 2 ? 'a' : 'b' }))
    const options = { target: 'value', model: { hiddenSize: 3 }, training: { epochs: 1 } }
    const forecaster = await Forecaster.train(table, options)
    await forecaster.save(file)
    const model = await Model.load(file)
    const facts = JSON.parse(model.metadata['forecast']!) as Record<string, unknown>
    for (const key of Object.keys(facts)) {
      for (const damage of [undefined, 'nonsense', -1, { nonsense: 1 }]) {
        // A table without series has none to name.
        if (key === 'seriesColumn' && damage === 'nonsense') continue
        const metadata = { forecast: JSON.stringify({ ...facts, [key]: damage }) }
        await model.save(file, { metadata })
        const error: unknown = await Forecaster.load(file).then(
          () => `loaded in spite of ${key}: ${JSON.stringify(damage)}`,
          (cause: unknown) => cause,
        )
        const isBound = key === 'minimum' || key === 'maximum'
        if (isBound && damage === -1) continue
        expect(error).toMatchObject({ code: 'ERR_GRU_FORMAT' })
        expect((error as Error).message).toContain(key)
      }
    }
    model.dispose()
    forecaster.dispose()
  })

  it('of another model is refused', async () => {
    const model = new SequenceModel({
      input: { features: 1 },
      gru: { hiddenSize: 2 },
      output: { size: 1, loss: 'meanSquaredError', every: 'last' },
    })
    await model.save(file)
    await expect(Forecaster.load(file)).rejects.toThrow('expected the facts of a forecaster')
    model.dispose()
  })
})
