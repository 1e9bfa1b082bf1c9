import { readFileSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { parse } from 'csv-parse/sync'
import { SequenceModel } from '../../lib'
import { Forecaster } from '../../lib/forecasting/forecaster'
import type { ForecastPath, RunResults } from '../../lib/forecasting/results'
import { tableOptionsOf } from '../../lib/forecasting/table-fit'
import { Table } from '../../lib/tables/table'
import {
  gru,
  gruUntil,
  newFolder,
  Recorder,
  removeFolders,
  rowsOfDays,
  smallJob,
  withRow,
  writeJob,
  writeTable,
} from './harness'

const ROWS = rowsOfDays(120)
let model: string
let table: string
let results: RunResults

beforeAll(async () => {
  const out = newFolder()
  await gru('train', writeJob(smallJob()), '--horizon', '2', '--out', out)
  model = path.join(out, 'model.safetensors')
  results = JSON.parse(readFileSync(path.join(out, 'results.json'), 'utf8')) as RunResults
  table = writeTable(path.join(out, 'table.csv'), ROWS)
})

afterAll(removeFolders)

async function expectForecast(...options: string[]): Promise<string> {
  const { status, stdout, stderr } = await gru('forecast', model, ...options)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout
}

interface Json {
  readonly quantiles: readonly number[]
  readonly forecasts: readonly (ForecastPath & { readonly beyond: readonly boolean[] })[]
}

it('gives the forecast of the training again, as JSON with all digits', async () => {
  const { forecasts, quantiles } = JSON.parse(await expectForecast(table, '--json')) as Json
  expect(quantiles).toEqual([0.1, 0.5, 0.9])
  const [expected] = results.forecasts
  expect(forecasts).toHaveLength(1)
  expect(forecasts[0]!.quantiles).toEqual(expected!.quantiles)
  expect(forecasts[0]!.times).toEqual(['2020-04-28', '2020-04-29'])
})

it('forecasts beyond the model, and marks it', async () => {
  const { forecasts } = JSON.parse(await expectForecast(table, '--json', '--horizon', '5')) as Json
  using forecaster = await Forecaster.load(model)
  const rows = await Table.read(table, tableOptionsOf(forecaster.facts))
  const [expected] = await forecaster.forecast(rows, { horizon: 5 })
  expect(forecasts[0]!.quantiles).toEqual(expected!.quantiles)
  expect(forecasts[0]!.beyond).toEqual([false, false, true, true, true])
  const text = await expectForecast(table, '--horizon', '3', '--unit', 'K')
  expect(text).toMatch(/^ {2}warmth, K +10 % +50 % +90 %\n.*\n.*\n {2}2020-04-30 \* /)
})

it('writes CSV that a program reads', async () => {
  const rows: Record<string, string>[] = parse(await expectForecast(table, '--csv'), {
    columns: true,
  })
  const { times, quantiles } = results.forecasts[0]!
  expect(rows.map((row) => [row['time'], Number(row['q0.9'])])).toEqual(
    times.map((time, i) => [time, quantiles[2]![i]]),
  )
})

it('draws a chart on a terminal or where it is asked for, and nowhere else', async () => {
  const chart = /^warmth\n.*[+┤]/
  expect(await expectForecast(table)).not.toMatch(chart)
  expect(await expectForecast(table, '--chart')).toMatch(chart)
  const { signal } = new AbortController()
  const shown = await gruUntil(signal, new Recorder(true), 'forecast', model, table)
  expect(shown.stdout).toMatch(chart)
  const hidden = await gruUntil(signal, new Recorder(true), 'forecast', model, table, '--no-chart')
  expect(hidden.stdout).not.toMatch(chart)
})

it('writes a page with the forecast alone', async () => {
  const file = path.join(newFolder(), 'page.html')
  await expectForecast(table, '--report', file)
  const page = readFileSync(file, 'utf8')
  expect(page).toContain('2020-04-29')
  expect([...page.matchAll(/<section id="(\w+)"/g)].map(([, id]) => id)).toEqual([
    ...['forecast', 'table', 'run', 'downloads'],
  ])
})

it('reports what it does with missing cells and unknown categories', async () => {
  const rows = withRow(withRow(ROWS, 118, '2020-04-26,,sun'), 119, '2020-04-27,3,hail')
  const file = writeTable(path.join(newFolder(), 'table.csv'), rows)
  const { status, stderr } = await gru('forecast', model, file, '--json')
  expect(status).toBe(0)
  expect(stderr).toMatch(/^gru: missing values of "warmth": 1, /m)
  expect(stderr).toMatch(/^gru: .*"hail"/m)
})

it.each([
  ['too few rows', ROWS.slice(-1), [], 'expected at least'],
  ['text', withRow(ROWS.slice(-20), 3, '2020-04-11,mild,sun'), [], 'line 5, column "warmth"'],
  ['two formats', ROWS, ['--json', '--csv'], '--csv: expected either --json or --csv, got both'],
  ['an option of training', ROWS, ['--epochs', '3'], 'got "--epochs"'],
])('refuses %s', async (_, rows, options, message) => {
  const file = writeTable(path.join(newFolder(), 'table.csv'), rows)
  const { status, stdout, stderr } = await gru('forecast', model, file, ...options)
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toContain(message)
})

it('refuses a model that is no forecaster', async () => {
  using other = new SequenceModel({
    input: { features: 2 },
    gru: { hiddenSize: 2 },
    output: { size: 1, loss: 'meanSquaredError' },
  })
  const file = path.join(newFolder(), 'model.safetensors')
  await other.save(file)
  const { status, stderr } = await gru('forecast', file, table)
  expect(status).toBe(1)
  expect(stderr.startsWith(`gru: ${file}`)).toBe(true)
})

describe('gru inspect', () => {
  it('prints the summary of a table, and reads it as the options say', async () => {
    const { status, stdout, stderr } = await gru('inspect', table)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toBe(`${(await Table.read(table)).summary()}\n`)
    const { stdout: json } = await gru('inspect', table, '--json', '--columns', 'warmth')
    const { facts } = JSON.parse(json) as { facts: readonly [string, string][] }
    expect(new Map(facts).get('columns')).toBe('warmth (number)')
  })

  it('tells all faults of a table, and refuses repairs where it is strict', async () => {
    const faulty = withRow(withRow(ROWS, 3, '2020-13-02,1,sun'), 9, '2020-14-08,1,sun')
    const file = writeTable(path.join(newFolder(), 'table.csv'), faulty)
    const { status, stderr } = await gru('inspect', file, '--time', 'day')
    expect(status).toBe(1)
    expect(stderr).toContain('line 5, column "day"')
    expect(stderr).toContain('line 11, column "day"')
    const gap = writeTable(
      path.join(newFolder(), 'table.csv'),
      ROWS.filter((_, row) => row !== 5),
    )
    expect(await gru('inspect', gap)).toMatchObject({ status: 0 })
    expect(await gru('inspect', gap, '--strict')).toMatchObject({ status: 1 })
  })
})

describe('gru compare', () => {
  it('puts runs side by side, as text and as a page', async () => {
    const folder = path.dirname(model)
    const file = path.join(newFolder(), 'page.html')
    const other = path.join(newFolder(), 'results.json')
    writeFileSync(other, JSON.stringify({ ...results, name: '\u001b[2Jother' }))
    const { status, stdout, stderr } = await gru('compare', folder, other, '--report', file)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const { mae } = results.evaluation[0]!.contenders[0]!.scores
    const lines = stdout.split('\n')
    expect(lines[0]).toMatch(/^ {2}warmth \(K\) +best baseline +MAE/)
    expect(lines[1]).toMatch(/^ {2}small /)
    expect(lines[2]).toMatch(/^ {2}\\u001b\[2Jother /)
    for (const line of lines.slice(1, 3)) expect(line).toContain(` ${mae!.toPrecision(3)} `)
    expect(readFileSync(file, 'utf8')).toContain('Comparison')
  })

  it('names runs of one name by their places', async () => {
    const folder = path.dirname(model)
    const other = path.join(newFolder(), 'results.json')
    writeFileSync(other, JSON.stringify(results))
    const { stdout } = await gru('compare', folder, other)
    const lines = stdout.split('\n')
    expect(lines[1]!.trim().startsWith(`${folder} `)).toBe(true)
    expect(lines[2]!.trim().startsWith(`${other} `)).toBe(true)
  })

  it('refuses what is no run, all of it together', async () => {
    const broken = path.join(newFolder(), 'results.json')
    writeFileSync(broken, '{"version":2}')
    const { status, stdout, stderr } = await gru('compare', 'nothing', broken)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/^gru: nothing: expected a file that can be read/)
    expect(stderr).toContain(
      `${broken}: expected the results of gru train, version 1, got version 2`,
    )
    expect((await gru('compare')).stderr).toContain('arguments: expected RUN..., got none')
  })
})
