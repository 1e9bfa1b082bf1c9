import { createHash } from 'node:crypto'
import { renderComparison } from '../../../lib/cli/report/comparison'
import { renderReport } from '../../../lib/cli/report/run-report'
import type { RunResults } from '../../../lib/forecasting/results'
import { HOSTILE_NAMES, runResults } from '../../support/run-results'

const MEGABYTE = 1e6

/** The cells of each row of a table, by the beginning of its caption. */
function tableOf(page: string, caption: string): string[][] {
  const start = page.indexOf(`<caption>${caption}`)
  expect(start).toBeGreaterThan(0)
  const table = page.slice(start, page.indexOf('</table>', start))
  return [...table.matchAll(/<tr.*?<\/tr>/gs)].map(([row]) =>
    [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell]) => textOf(cell!)),
  )
}

function textOf(html: string): string {
  return html
    .replace(/<[^>]*>/g, '')
    .replace(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => {
      return { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' }[name]!
    })
    .trim()
}

function dataOf(page: string): Record<string, unknown> {
  return JSON.parse(
    /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)![1]!,
  ) as Record<string, unknown>
}

const EXAMPLE: RunResults = runResults({
  series: ['north', 'south'],
  targets: [
    { name: 'warmth', unit: '°C' },
    { name: 'rain', unit: 'mm' },
  ],
  verdict: ['The model beats the last value.', 'It does not beat drift.'],
})
const page = renderReport(EXAMPLE)

describe('a report', () => {
  it('has its parts in order, the verdict first', () => {
    const headings = [...page.matchAll(/<h[12][^>]*>(.*?)<\/h[12]>/g)].map(([, html]) =>
      textOf(html!),
    )
    expect(headings).toEqual([
      'Forecast of warmth, rain, 14 days ahead for 2 series',
      'The forecast',
      'Errors beside the baselines',
      'Errors by horizon',
      'Errors by series',
      'Backtest',
      'Coverage of the interval',
      'Residuals',
      'Training',
      'What the columns contribute',
      'The table',
      'The job',
      'How it was made',
      'Download',
    ])
    const header = textOf(page.slice(page.indexOf('<header>'), page.indexOf('</header>')))
    expect(header).toContain('The model beats the last value.\nIt does not beat drift.')
  })

  it('has the errors beside the baselines, with the best figure of each column marked', () => {
    expect(tableOf(page, 'Errors for warmth, °C')).toEqual([
      ['', 'MAE, °C', 'RMSE, °C', 'MASE', 'sMAPE, %', 'pinball, °C', 'skill of the model'],
      ['model', '2.00 (best)', '2.50 (best)', '0.700 (best)', '12.0 (best)', '1.00', '–'],
      ['last value', '2.60', '3.20', '0.800', '13.0', '–', '+23.1 %'],
      ['seasonal naive (week)', '3.20', '3.90', '0.900', '14.0', '–', '+37.5 %'],
      ['drift', '3.80', '4.60', '1.00', '15.0', '–', '+47.4 %'],
    ])
    expect(tableOf(page, 'MAE by steps ahead for rain, mm')[14]![0]).toBe('14')
    expect(tableOf(page, 'MAE by series for rain, mm')[1]).toEqual([
      'north',
      '1.60 (best)',
      'last value',
      '2.08',
      '+23.1 %',
    ])
  })

  it('marks every figure that is printed as the best one', () => {
    const [first, second, ...rest] = EXAMPLE.evaluation[0]!.contenders
    const equal = { ...second!, scores: { ...second!.scores, mae: first!.scores.mae } }
    const evaluation = [{ ...EXAMPLE.evaluation[0]!, contenders: [first!, equal, ...rest] }]
    const rows = tableOf(renderReport({ ...EXAMPLE, evaluation }), 'Errors for warmth')
    expect(rows.map((row) => row[1])).toEqual([
      'MAE, °C',
      '2.00 (best)',
      '2.00 (best)',
      '3.20',
      '3.80',
    ])
  })

  it('has coverage, residuals and importance as tables', () => {
    expect(tableOf(page, 'Coverage of the 80 % interval')).toEqual([
      ['target', 'should be', 'validation part', 'test part'],
      ['warmth', '80 %', '80.1 %', '77.3 %'],
      ['rain', '80 %', '80.1 %', '77.3 %'],
    ])
    expect(tableOf(page, 'Residuals by season for warmth').map(([name]) => name)).toEqual([
      'season',
      ...['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'],
    ])
    const north = EXAMPLE.residuals.filter(
      (one) => one.series === 'north' && one.target === 'warmth',
    )
    const total = north.reduce((sum, { error }) => sum + error, 0)
    const [, row] = tableOf(page, 'Residuals by series for warmth')
    expect(row!.slice(0, 2)).toEqual(['north', '300'])
    expect(Number(row![2])).toBeCloseTo(total / north.length, 3)
    expect(tableOf(page, 'Permutation importance').slice(1)).toEqual([
      ['warmth', '40.0 %'],
      ['wind', '15.0 %'],
      ['rain', '3.33 %'],
    ])
  })

  it('has the table, the job with nested options, and how it was made', () => {
    const text = textOf(page.slice(0, page.indexOf('<script')))
    for (const part of [
      'tables/weather.csv',
      '3 missing rows: inserted with missing cells, first 2021-03-04',
      'column "note" is left out: line 3: expected a number, got "n/a?"',
      '2021-09-11 to 2021-10-30, 50 forecasts',
      'model.hiddenSize32',
      'GRU, 1 layer of 32 units',
      '12,345',
      '1 min 23 s',
      'avx512',
      '2026-11-28 01:02 UTC',
    ])
      expect(text).toContain(part)
  })

  it('draws the numbers of the run, with the digits that a chart can show', () => {
    const { forecasts, times } = dataOf(page) as {
      times: string[]
      forecasts: { places: number; quantiles: number[][]; history: { values: number[] } }[]
    }
    expect(forecasts).toHaveLength(4)
    forecasts.forEach(({ places, quantiles }, i) => {
      const path = EXAMPLE.forecasts[i]!
      expect(times.slice(places, places + 14)).toEqual(path.times)
      quantiles.forEach((values, q) => {
        values.forEach((value, step) => {
          expect(Math.abs(value - path.quantiles[q]![step]!)).toBeLessThan(1e-3)
        })
      })
    })
  })

  it('permits its own script and style alone, by their hashes', () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!
    const hash = (text: string): string =>
      `'sha256-${createHash('sha256').update(text).digest('base64')}'`
    const [, script] = /<script>(.*?)<\/script>/s.exec(page)!
    const [, style] = /<style>(.*?)<\/style>/s.exec(page)!
    expect(policy).toBe(
      `default-src 'none'; script-src ${hash(script!)}; style-src ${hash(style!)}; img-src data:; ` +
        "base-uri 'none'; form-action 'none'",
    )
    expect(page.replace(script!, '').replace(style!, '')).not.toMatch(/ (style|on\w+)=/)
    expect(script).toContain('Permission is hereby granted, free of charge')
    expect(page).not.toMatch(/(src|href)="(?!#|data:,")/)
  })

  it('says where a forecast goes beyond the horizon', () => {
    const note = 'the horizon of the model ends'
    expect(page.includes(note)).toBe(false)
    const forecasts = EXAMPLE.forecasts.map((path) => ({ ...path, direct: 10 }))
    expect(renderReport({ ...EXAMPLE, forecasts }).includes(note)).toBe(true)
  })

  it('calls no skill what is printed alike', () => {
    const [model, second] = EXAMPLE.evaluation[0]!.contenders
    const mae = model!.scores.mae! * (1 + 1e-9)
    const near = { ...second!, scores: { ...second!.scores, mae } }
    const evaluation = [
      { ...EXAMPLE.evaluation[0]!, contenders: [model!, near], skill: { [near.name]: 1e-9 } },
    ]
    const rows = tableOf(renderReport({ ...EXAMPLE, evaluation }), 'Errors for warmth')
    expect(rows[2]!.at(-1)).toBe('~ 0 %')
  })

  it('leaves out what the run does not have', () => {
    const bare = renderReport({
      ...runResults({ horizon: 1, quantiles: [0.5] }),
      backtest: [],
      residuals: [],
      importance: [],
    })
    for (const id of ['horizons', 'series', 'backtest', 'coverage', 'residuals', 'importance'])
      expect(bare).not.toContain(`<section id="${id}"`)
  })

  it('says the steps of every frequency', () => {
    const headline = (step: string, horizon: number): string =>
      textOf(/<h1>(.*?)<\/h1>/.exec(renderReport({ ...EXAMPLE, series: [''], step, horizon }))![1]!)
    expect(headline('business day', 1)).toContain('1 business day ahead')
    expect(headline('15 minutes', 4)).toContain('4 steps of 15 minutes ahead')
    expect(headline('irregular, typically 3 hours', 2)).toContain('2 steps ahead')
  })
})

describe('hostile names', () => {
  const names = HOSTILE_NAMES
  const hostile = runResults({
    name: names[0]!,
    series: names,
    targets: names.map((name) => ({ name, unit: name })),
    baselines: names,
    columns: names,
    verdict: names,
  })
  const everywhere: RunResults = {
    ...hostile,
    job: Object.fromEntries(names.map((name) => [name, { [name]: [name] }])),
    table: {
      path: names[0]!,
      facts: names.map((name) => [name, name] as const),
      repairs: names,
      warnings: names,
    },
    model: { ...hostile.model, description: names[1]! },
  }

  it.each([
    ['a report', (): string => renderReport(everywhere)],
    ['a comparison', (): string => renderComparison([everywhere, everywhere])],
  ])('are text in %s', (_, render) => {
    const html = render()
    const [, body] = /<body>(.*)<script>.*?<\/script>\n<\/body>/s.exec(html)!
    const tags = [...body!.matchAll(/<([a-z][a-z0-9]*)/g)].map(([, tag]) => tag)
    expect(tags).not.toContain('img')
    expect(tags.filter((tag) => tag === 'script')).toHaveLength(1)
    const [, raw] = /id="data">(.*?)<\/script>/s.exec(html)!
    expect(/[<>&\u2028]/.test(raw!)).toBe(false)
    const data = dataOf(html) as { series?: string[] }
    expect(data.series ?? names).toEqual(names)
  })
})

describe('the size of a report', () => {
  it('stays below a megabyte with 20 series and 50 origins, and the page says what it leaves out', () => {
    const html = renderReport(
      runResults({
        series: Array.from({ length: 20 }, (_, i) => `shop ${i}`),
        targets: [
          { name: 'sales', unit: '' },
          { name: 'visitors', unit: '' },
        ],
        step: 'hour',
        horizon: 48,
        rows: 800,
        origins: 50,
        epochs: 2500,
      }),
    )
    expect(Buffer.byteLength(html)).toBeLessThan(MEGABYTE)
    expect(html).toMatch(/at most the last \d+ rows of the history/)
    expect(html).toMatch(/shows \d+ of 50 origins, evenly spaced/)
    expect(html).toMatch(/shows a part of the residuals/)
    expect(html).toMatch(/shows \d+ of 2500 epochs/)
    expect(dataOf(html)['forecasts']).toHaveLength(40)
  })

  it('stays below a megabyte with very many series', () => {
    const series = Array.from({ length: 1000 }, (_, i) => `a series with a longer name, ${i}`)
    const html = renderReport(runResults({ series, rows: 30, origins: 2, horizon: 10 }))
    expect(Buffer.byteLength(html)).toBeLessThan(MEGABYTE)
    expect(html).toMatch(/shows \d+ of 1000 forecasts/)
  })
})

describe('a comparison', () => {
  const runs = [
    runResults({ name: 'one' }),
    runResults({ name: 'one', scale: 8, epochs: 20 }),
    runResults({ name: 'two', horizon: 7 }),
  ]

  it('has the runs side by side, and marks the best', () => {
    const rows = tableOf(renderComparison(runs), 'Errors of the models for warmth')
    expect(rows.map((row) => row.slice(0, 2))).toEqual([
      ['run', 'MAE, °C'],
      ['one', '2.00'],
      ['one (2)', '1.60 (best)'],
      ['two', '2.00'],
    ])
    expect(rows[1]!.slice(-3)).toEqual(['77.3 % of 80 %', 'last value', '+23.1 %'])
  })

  it('says whether the runs may be compared, and where their jobs differ', () => {
    const html = renderComparison(runs)
    expect(html).toContain('These runs have different horizons.')
    expect(tableOf(html, 'Options that are not the same')).toEqual([
      ['option', 'one', 'one (2)', 'two'],
      ['horizon', '14', '14', '7'],
    ])
    expect(renderComparison(runs.slice(0, 2))).toContain('were tested on the same part')
  })
})

test('equal results give equal pages', () => {
  expect(renderReport(EXAMPLE)).toBe(page)
})
