/**
 * The bench of forecasting: the default forecaster on well-known tables, beside the baselines, the same network trained by
 * PyTorch, and an LSTM with nearly as many parameters.
 *
 * @module
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import * as path from 'node:path'
import type * as Library from 'gru-native'
import type { Command } from '../contender-process'
import type { Places } from '../contenders'
import { describeMachine } from '../machine'
import { withFolder } from '../serving/job'
import { runScript } from '../serving/script'
import type { ForecastingJob, Judgement, SamplesJob, Trained, Training } from './job'
import type { ForecastingReport, SetMeasurement } from './results'
import { type DataSet, SETS } from './sets'

export interface ForecastingArguments {
  /** Names of sets */
  readonly sets: readonly string[]
  readonly wantsPeer: boolean
  /** Trainings of each contender */
  readonly seeds: number
}

export async function runForecasting(
  places: Places,
  { sets, wantsPeer, seeds }: ForecastingArguments,
  command: string,
): Promise<ForecastingReport> {
  const require = createRequire(path.join(places.root, 'package.json'))
  const { version, isa, threads } = (require('gru-native') as typeof Library).runtime()
  const peer = wantsPeer ? findPeer() : { reason: 'not wanted' }
  const report: ForecastingReport = {
    ...{ format: 1, date: new Date().toISOString(), command, machine: describeMachine() },
    ...{ project: { version, isa, threads }, peer, seeds, sets: [], absent: [] },
  }
  for (const set of SETS.filter(({ name }) => sets.includes(name))) {
    console.error(`forecasting: ${set.name}`)
    await withFolder(async (folder) => {
      const file = fileOf(places, set, folder)
      if (typeof file !== 'string') report.absent.push({ name: set.name, ...file })
      else report.sets.push(await new SetBench(places, set, file, folder).run(report))
    })
  }
  return report
}

/** The version of PyTorch, and the interpreter that has it. */
function findPeer(): ForecastingReport['peer'] {
  const python = process.env['GRU_BENCH_PYTHON']
  if (python === undefined) return { reason: 'GRU_BENCH_PYTHON names no Python interpreter' }
  try {
    const print = 'import torch, numpy; print(torch.__version__)'
    return { python, version: output(python, ['-c', print]).trim() }
  } catch {
    return { reason: `${python} has no PyTorch` }
  }
}

function output(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** The file of a data set, or why there is none. */
function fileOf(
  { root }: Places,
  { name, from }: DataSet,
  folder: string,
): string | { readonly reason: string } {
  if ('vega' in from) return path.join(root, 'node_modules', 'vega-datasets', 'data', from.vega)
  const file = path.join(folder, `${name}.csv`)
  try {
    output('Rscript', [path.join(root, 'bench', 'forecasting', 'series.R'), from.r, file])
    return file
  } catch (error) {
    const { code, stderr } = error as { code?: string; stderr?: string }
    if (code === 'ENOENT') return { reason: 'there is no Rscript' }
    return { reason: `Rscript: ${(stderr ?? String(error)).trim().split('\n')[0]!}` }
  }
}

/** Measures one data set. */
class SetBench {
  readonly #places: Places
  readonly #set: DataSet
  readonly #file: string
  readonly #folder: string

  constructor(places: Places, set: DataSet, file: string, folder: string) {
    this.#places = places
    this.#set = set
    this.#file = file
    this.#folder = folder
  }

  /** The contenders take turns. */
  async run({ peer, seeds }: ForecastingReport): Promise<SetMeasurement> {
    const measured: SetMeasurement = { set: this.#set, gru: [], lstm: [], pytorch: [] }
    const samples =
      'python' in peer
        ? await this.#project<Omit<SamplesJob, 'seed'>>('samples', 'gru', 1)
        : undefined
    for (let seed = 1; seed <= seeds; seed++) {
      measured.gru.push(await this.#project<Trained>('train', 'gru', seed))
      measured.lstm.push(await this.#project<Trained>('train', 'lstm', seed))
      if ('python' in peer) {
        const trained = await this.#pytorch(peer.python, { ...samples!, seed })
        const judged = await this.#project<Judgement>('judge', 'gru', seed)
        measured.pytorch.push({ ...trained, ...judged })
      }
    }
    return measured
  }

  #project<T>(way: ForecastingJob['way'], cell: ForecastingJob['cell'], seed: number): Promise<T> {
    const { target, horizon, columns } = this.#set
    const folder = this.#folder
    const job = { ...{ way, file: this.#file, target, horizon, columns, cell }, seed, folder }
    const script = path.join(this.#places.scripts, 'forecasting', 'inside', 'main.js')
    return this.#run({ program: process.execPath, args: [script] }, job, [this.#places.root])
  }

  #pytorch(python: string, job: SamplesJob): Promise<Training> {
    const script = path.join(this.#places.root, 'bench', 'forecasting', 'network.py')
    return this.#run({ program: python, args: [script] }, job, [])
  }

  #run<T>({ program, args }: Command, job: object, further: readonly string[]): Promise<T> {
    mkdirSync(this.#folder, { recursive: true })
    const file = path.join(this.#folder, 'job.json')
    writeFileSync(file, JSON.stringify(job))
    return runScript<T>({ program, args: [...args, file, ...further] })
  }
}
