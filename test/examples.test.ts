/**
 * Runs the examples as their users do, against the built package.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import * as path from 'node:path'
import { readCsv } from '../lib/formats/csv'
import { temporaryFolder } from './support/temporary-folder'
import { type Flat, vanillaEpoch } from './support/vanilla-gru'

const root = path.join(__dirname, '..')
const temporary = temporaryFolder()

function node(...args: string[]): string {
  return execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
}

describe('examples/weather', () => {
  const out = temporary('weather')
  const report = path.join(out, 'report.html')
  const model = path.join(out, 'model.safetensors')
  let stdout = ''

  beforeAll(() => {
    stdout = node('dist/cli/main.js', 'train', 'examples/weather/job.json', '--out', out)
  })

  /** A row of the table of errors: MAE and RMSE. */
  const errors = (name: string): [number, number] => {
    const row = stdout.split('\n').find((line) => line.trim().startsWith(`${name}  `))
    const [mae, rmse] = row!.trim().split(/\s+/).slice(-2).map(Number)
    return [mae!, rmse!]
  }

  it('beats the baselines, whose errors are those of the data', async () => {
    const csv = path.join(root, 'node_modules/vega-datasets/data/seattle-weather.csv')
    const { rows, columns } = await readCsv(csv, { temp_max: 'number' })
    const first = Math.floor(rows * 0.85)
    const highs = columns.temp_max.map(Number)
    const changes = highs.slice(first).map((value, day) => value - highs[first + day - 1]!)
    const mean = (values: number[]): number => values.reduce((a, b) => a + b) / values.length
    const mae = mean(changes.map(Math.abs))
    const rmse = Math.sqrt(mean(changes.map((change) => change ** 2)))
    expect(errors('tomorrow = today')).toEqual([Number(mae.toFixed(2)), Number(rmse.toFixed(2))])

    const [modelMae, modelRmse] = errors('the model')
    for (const name of [
      'tomorrow = today',
      'mean of that day of the year',
      'the same, over 15 days',
    ]) {
      const [baselineMae, baselineRmse] = errors(name)
      expect(modelMae).toBeLessThan(baselineMae)
      expect(modelRmse).toBeLessThan(baselineRmse)
    }
    expect(stdout).toContain('the model beats every baseline on both measures')
  })

  it('loads what it saved, and forecasts the same to the bit', () => {
    expect(stdout).toContain('its 220 test forecasts are bit for bit the same')
    const csv = 'node_modules/vega-datasets/data/seattle-weather.csv'
    const again = node('dist/cli/main.js', 'forecast', model, csv)
    const [, date, value] = /forecast for (.+): temp_max (.+) °C/.exec(stdout)!
    expect(again).toBe(`${date!}: temp_max ${value!} °C\n`)
    expect(date).toBe('2016-01-01')
  })

  it('reports on one page that loads nothing', () => {
    const html = readFileSync(report, 'utf8')
    expect(html).not.toMatch(/https?:|\/\/[a-z]|<script|<link|@import|\bsrc=|url\((?!#)/i)
    const figures = html.match(/<figure>.*?<\/figure>/gs)!
    const names = figures.map((figure) => [...figure.matchAll(/>([^<>]+)<\/span>/g)])
    expect(names.map((found) => found.map(([, name]) => name))).toEqual([
      ['temp_max, °C', 'truth', 'forecast'],
      ['loss', 'training', 'validation', expect.stringMatching(/^best: epoch \d+$/)],
    ])
    for (const figure of figures) {
      // One for each width of page; curves have a point for each day or epoch, lines of the grid two.
      const drawings = figure.match(/<svg .*?<\/svg>/gs)!
      const curves = drawings.map(
        (svg) => (svg.match(/ d="[^"]*"/g) ?? []).filter((d) => d.length > 250).length,
      )
      expect(curves).toEqual([2, 2, 2])
    }
    const [mae, rmse] = errors('the model').map((error) => error.toFixed(2))
    expect(html).toContain(`the model</th><td>${mae!}</td><td>${rmse!}</td>`)
  })
})

describe('examples/hello', () => {
  const SEED = 1
  const RIGHT = [1, 2, 0]
  let stdout = ''

  beforeAll(() => {
    stdout = node('examples/hello/hello.js', String(SEED))
  })

  /** The losses before some epochs by the example's equations in double precision. */
  const truth = (whole: boolean): number[] => {
    const script = `const { createModel } = require('./examples/hello/hello.js')
      const parameters = Object.entries(createModel(${SEED}).getParameters())
      console.log(JSON.stringify(Object.fromEntries(parameters.map(([k, v]) => [k, [...v]]))))`
    const parameters = JSON.parse(node('-e', script)) as Flat
    const update = { learningRate: 0.01, clip: 5, whole }
    const losses = Array.from({ length: 1001 }, () => vanillaEpoch(parameters, RIGHT, 8, update))
    return losses.filter((_, epoch) => epoch % 200 === 0)
  }

  it('has the losses of its equations, in both schemes', () => {
    const rows = [...stdout.matchAll(/^ +(\d+) +(\d\.\d{4}) +(\d\.\d{4})$/gm)]
    expect(rows.map(([, epoch]) => Number(epoch))).toEqual([0, 200, 400, 600, 800, 1000])
    const [outputLayer, whole] = [truth(false), truth(true)]
    rows.forEach(([, , layer, all], row) => {
      // Four decimals are printed.
      expect(Math.abs(Number(layer) - outputLayer[row]!)).toBeLessThan(1e-4)
      expect(Math.abs(Number(all) - whole[row]!)).toBeLessThan(1e-4)
    })
    expect(outputLayer.at(-1)).toBeGreaterThan(0.99 * 3 * Math.log(3))
    expect(whole.at(-1)).toBeLessThan(0.7 * 3 * Math.log(3))
  })

  /** What is printed of a model: its prediction, and the lowest probability of a right symbol. */
  const outcome = (name: string): { text: string; verdict: string; lowest: number } => {
    const line = stdout.split('\n').find((text) => text.trim().startsWith(`${name}  `))
    const [, text, verdict, list] = /"(.*)" (\w+); .* probabilities (.*)$/.exec(line!)!
    return { text: text!, verdict: verdict!, lowest: Math.min(...list!.split(' ').map(Number)) }
  }

  it('predicts right by the whole backward pass, and is sure with more epochs', () => {
    const right = { text: 'i!h', verdict: 'right' }
    expect(outcome('whole backward pass')).toMatchObject(right)
    expect(outcome('whole backward pass').lowest).toBeLessThan(0.9)
    expect(stdout).toContain('1000 epochs at 0.01 do not suffice')
    for (const name of ['whole, 1000 epochs more', 'whole, 1000 epochs at 0.1']) {
      expect(outcome(name)).toMatchObject(right)
      expect(outcome(name).lowest).toBeGreaterThan(0.9)
    }
  })

  it('stays a guess where only the output layer learns', () => {
    expect(outcome('output layer alone').lowest).toBeLessThan(0.35)
    expect(outcome('output layer alone, 20000 epochs').lowest).toBeLessThan(0.4)
  })
})
