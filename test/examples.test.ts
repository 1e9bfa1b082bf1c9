/**
 * Runs the examples as their users do, against the built package.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import * as path from 'node:path'
import type { RunResults } from '../lib/forecasting/results'
import { temporaryFolder } from './support/temporary-folder'
import { type Flat, vanillaEpoch } from './support/vanilla-gru'

const root = path.join(__dirname, '..')
const temporary = temporaryFolder()

function node(...args: string[]): string {
  return execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
}

describe('examples/weather', () => {
  const CSV = 'node_modules/vega-datasets/data/seattle-weather.csv'
  const out = temporary('weather')
  let stdout = ''
  let results: RunResults

  beforeAll(() => {
    stdout = node('dist/cli/main.js', 'train', 'examples/weather/job.json', '--out', out)
    results = JSON.parse(readFileSync(path.join(out, 'results.json'), 'utf8')) as RunResults
  })

  /** A row of the printed errors: MAE and RMSE. */
  const errors = (name: string): readonly [number, number] => {
    const lines = stdout.slice(stdout.indexOf('MAE')).split('\n')
    const row = lines.find((line) => line.trim().startsWith(`${name}  `))
    const [mae, rmse] = row!.slice(row!.indexOf(name) + name.length).match(/[\d.]+/g)!
    return [Number(mae), Number(rmse)]
  }

  it('beats the baselines, whose errors are those of the data', () => {
    const rows = readFileSync(path.join(root, CSV), 'utf8').trim().split('\n').slice(1)
    const highs = rows.map((row) => Number(row.split(',')[2]))
    const { windows } = results.parts.test
    const changes = highs.map((high, day) => high - highs[day - 1]!).slice(-windows)
    const mean = (values: number[]): number => values.reduce((a, b) => a + b) / values.length
    const [mae, rmse] = errors('last value')
    expect(mae).toBeCloseTo(mean(changes.map(Math.abs)), 4)
    expect(rmse).toBeCloseTo(Math.sqrt(mean(changes.map((change) => change ** 2))), 3)

    const [model, ...baselines] = results.evaluation[0]!.contenders
    expect(baselines.length).toBeGreaterThan(2)
    for (const { name } of baselines) {
      expect(errors(name)[0]).toBeGreaterThan(errors(model!.name)[0])
      expect(errors(name)[1]).toBeGreaterThan(errors(model!.name)[1])
    }
    expect(stdout).toContain('The model beats every baseline on both measures')
  })

  it('forecasts the same by the saved model', () => {
    const model = path.join(out, 'model.safetensors')
    const again = node('dist/cli/main.js', 'forecast', model, CSV, '--json')
    const { forecasts } = JSON.parse(again) as Pick<RunResults, 'forecasts'>
    expect(forecasts[0]!.times).toEqual(['2016-01-01'])
    expect(forecasts.map(({ quantiles }) => quantiles)).toEqual(
      results.forecasts.map(({ quantiles }) => quantiles),
    )
  })

  it('reports what it printed', () => {
    const html = readFileSync(path.join(out, 'report.html'), 'utf8')
    expect(html).toContain('The model beats every baseline on both measures')
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
