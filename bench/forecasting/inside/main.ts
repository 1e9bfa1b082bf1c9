/**
 * A process of the bench of forecasting: does a job of the project, and prints the answer as one line of JSON.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import * as path from 'node:path'
import type { Table } from 'gru-native'
import type { Network } from 'gru-native/forecasting/network'
import type { CheckedOptions } from 'gru-native/forecasting/options'
import type { Learnt } from 'gru-native/forecasting/learning'
import type { ForecastingJob, Judgement, Trained } from '../job'
import * as gru from './library'
import { writeSamples } from './samples'

async function main(): Promise<void> {
  const job = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as ForecastingJob
  const table = await readTable(job)
  console.log(JSON.stringify(await answer(job, table)))
}

async function answer(job: ForecastingJob, table: Table): Promise<object> {
  switch (job.way) {
    case 'train':
      return train(job, table)
    case 'samples':
      return writeSamples(job.folder, await prepare(job, table, {}))
    case 'judge':
      return judgeParameters(job, table)
  }
}

function readTable({ file, columns }: ForecastingJob): Promise<Table> {
  const options = columns === undefined ? {} : { columns }
  const { Table } = gru
  if (!file.endsWith('.json')) return Table.read(file, options)
  return Table.from(JSON.parse(readFileSync(file, 'utf8')) as object[], options)
}

export interface Prepared {
  readonly table: Table
  readonly options: CheckedOptions
  readonly learnt: Learnt
  /** Of the network by default. */
  readonly hiddenSize: number
}

async function prepare(
  { target, horizon, seed }: ForecastingJob,
  table: Table,
  model: { cell?: 'lstm'; hiddenSize?: number },
): Promise<Prepared> {
  const options = gru.checkForecasterOptions({ target, horizon, seed, model })
  const learnt = await gru.learn(table, options)
  const { length } = await gru.windowsOf(table, learnt.facts, learnt.parts.training, undefined)
  return { table, options, learnt, hiddenSize: gru.settingsFor(length, options).hiddenSize }
}

/** Through the public API, as a user trains. */
async function train(job: ForecastingJob, table: Table): Promise<Trained> {
  const byDefault = await prepare(job, table, {})
  const model =
    job.cell === 'lstm' ? { cell: 'lstm' as const, hiddenSize: sizeOfLstm(byDefault) } : {}
  const { target, horizon, seed } = job
  const forecaster = await gru.Forecaster.train(table, { target, horizon, seed, model })
  const { facts, training } = forecaster
  const { epochs, bestEpoch, bestLoss, windows } = training!
  const network = { model: forecaster.model, facts } as Network
  return {
    ...{ epochs: epochs.length, bestEpoch, validationLoss: bestLoss },
    seconds: epochs.at(-1)?.seconds ?? 0,
    ...(await judge(network, await prepare(job, table, model))),
    step: gru.describeFrequency(table.time.frequency),
    rows: table.series.reduce((sum, { rows }) => sum + rows, 0),
    series: table.series.length,
    window: facts.window,
    seasons: facts.seasons.map(({ steps }) => steps),
    difference: facts.targets[0]!.difference,
    windows: windows.training,
  }
}

/** The hidden size with which an LSTM has nearly as many parameters as the GRU. */
function sizeOfLstm({ learnt: { facts }, options, hiddenSize }: Prepared): number {
  const count = (cell: 'gru' | 'lstm', size: number): number => {
    using model = gru.createNetwork(facts, { ...options, model: { ...options.model, cell } }, size)
    return model.parameterCount
  }
  const wanted = count('gru', hiddenSize)
  const excess = (size: number): number => Math.abs(count('lstm', size) - wanted)
  const sizes = Array.from({ length: hiddenSize }, (_, i) => i + 1)
  return sizes.reduce((best, size) => (excess(size) < excess(best) ? size : best))
}

async function judgeParameters(job: ForecastingJob, table: Table): Promise<Judgement> {
  const prepared = await prepare(job, table, {})
  const { facts } = prepared.learnt
  const model = gru.createNetwork(facts, prepared.options, prepared.hiddenSize)
  const bytes = readFileSync(path.join(job.folder, 'parameters.f32'))
  const all = new Float32Array(Uint8Array.from(bytes).buffer)
  let offset = 0
  const entries = Object.entries(model.getParameters()).map(([name, { length }]) => {
    offset += length
    return [name, all.subarray(offset - length, offset)]
  })
  model.setParameters(Object.fromEntries(entries) as Record<string, Float32Array>)
  const { validation } = prepared.learnt.parts
  const calibrated = await gru.calibrateOn({ model, facts }, table, validation, undefined)
  return judge({ model, facts: calibrated }, prepared)
}

/** The errors of a calibrated network on the test part. */
async function judge(
  network: Network,
  { table, learnt: { seriesParts, parts } }: Prepared,
): Promise<Judgement> {
  const { facts, model } = network
  const forecasts = await gru.forecastOrigins(network, table, parts.test)
  const [evaluation] = await gru.evaluateForecasts(
    table,
    facts,
    seriesParts,
    forecasts,
    [null],
    undefined,
  )
  const contenders = evaluation!.contenders.map(({ name, scores }) => ({ name, scores }))
  return { parameters: model.parameterCount, contenders }
}

void main()
