/**
 * The bench.
 *
 * @module
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import * as path from 'node:path'
import type * as Binding from '../binding'
import {
  type Arguments,
  CALL_NAME,
  MEMORY_NAME,
  namesOf,
  parseArguments,
  USAGE,
  UsageError,
} from './arguments'
import { findBuilds, measureBuilds, withTraining } from './builds'
import { type BenchCase, CALL_CASE, MEMORY_CASE, type Mode, modesOf } from './cases'
import { CELL_NAMES } from './cells'
import { drawChart } from './chart'
import { type Contenders, findContenders, type Places } from './contenders'
import { measureContention } from './contention'
import { renderForecasting } from './forecasting/render'
import { runForecasting } from './forecasting/run'
import type { PreparedCase } from './lanes'
import { describeMachine } from './machine'
import { measureCall, measureSpeed } from './measure'
import { measureMemory } from './memory'
import { withCase } from './prepare'
import { measureRecompute } from './recompute'
import { renderReport } from './render'
import type { Report } from './results'
import { FULL, QUICK } from './rounds'
import { PEER } from './serving/cases'
import { renderServing } from './serving/render'
import { runServing } from './serving/run'
import { runSoak } from './soak/run'

/** Runs the command line, and returns the exit status. */
export async function main(places: Places, args: readonly string[]): Promise<number> {
  try {
    const given = parseArguments(args)
    if (given.soak) return (await runSoak(places, given)) ? 0 : 1
    await run(places, given, `npm run bench -- ${args.join(' ')}`.trim())
    return 0
  } catch (error) {
    if (error instanceof NoDeviceError) {
      console.error(`nothing was measured: ${error.message}`)
      return 1
    }
    if (!(error instanceof UsageError)) throw error
    console.error(`${error.message}\n\n${USAGE}`)
    return 2
  }
}

async function run(places: Places, given: Arguments, command: string): Promise<void> {
  const json = path.resolve(places.root, given.json)
  if (given.help) console.log(USAGE)
  else if (given.list) console.log(namesOf(CELL_NAMES).join('\n'))
  else if (given.chart !== undefined) {
    const report = JSON.parse(readFileSync(json, 'utf8')) as Report
    writeFileSync(path.resolve(places.root, given.chart), drawChart(report))
  } else if (given.serving.length > 0) {
    const { serving: parts, peers, rounds, quick } = given
    const wantsPeer = peers.includes(PEER)
    const report = await runServing(places, { parts, wantsPeer, rounds, quick }, command)
    publish(json, report, renderServing(report))
  } else if (given.forecasting) {
    const { sets, seeds, peers } = given
    const wantsPeer = peers.includes('pytorch')
    const report = await runForecasting(places, { sets, seeds, wantsPeer }, command)
    publish(json, report, renderForecasting(report))
  } else {
    const report = await new Bench(places, given, command).run()
    publish(json, report, renderReport(report))
  }
}

/** Writes the figures to their file, and prints the tables. */
function publish(json: string, report: object, tables: string): void {
  mkdirSync(path.dirname(json), { recursive: true })
  writeFileSync(json, `${JSON.stringify(report, null, 1)}\n`)
  console.log(`\n${tables}\n\n${path.relative(process.cwd(), json)}`)
}

/** The device for the measurement does not exist; the message says why. */
class NoDeviceError extends Error {}

/** The GPU with this name, or undefined for the processor. */
function findGpu(native: Binding.NativeSurface, device: string): Report['gpu'] {
  if (device === 'cpu') return undefined
  const { reason, devices } = native.cudaRuntime('')
  const name = device === 'cuda' ? 'cuda:0' : device
  const found = devices.find((each) => each.device === name)
  if (found !== undefined) return { device: name, name: found.name }
  throw new NoDeviceError(`there is no GPU ${name}: ${reason || `there are ${devices.length}`}`)
}

class Bench {
  readonly #places: Places
  readonly #given: Arguments
  readonly #native: Binding.NativeSurface
  readonly #contenders: Contenders
  readonly #threads: readonly number[]
  readonly #report: Report

  constructor(places: Places, given: Arguments, command: string) {
    this.#places = places
    this.#given = given
    const { initialize } = createRequire(__filename)(places.addon) as typeof Binding
    this.#native = initialize((code, message) => Object.assign(new Error(message), { code }))
    const gpu = findGpu(this.#native, given.device)
    const peers = given.contended || given.before !== undefined ? [] : given.peers
    this.#contenders = findContenders(places, peers, gpu?.device ?? 'cpu')
    const { version, isa, blas, threads } = this.#native.runtime()
    this.#threads = given.threads ?? (gpu ? [1] : [...new Set([1, threads])])
    const settings = given.quick ? QUICK : FULL
    const before = given.before && path.resolve(places.root, given.before)
    this.#report = {
      ...{ format: 1, date: new Date().toISOString(), command },
      settings: { ...settings, rounds: given.rounds ?? settings.rounds },
      machine: describeMachine(),
      project: { version, isa, blas },
      gpu,
      absent: this.#contenders.absent,
      measurements: [],
      recompute: [],
      contention: [],
      before,
      builds: [],
    }
  }

  async run(): Promise<Report> {
    for (const { name, reason } of this.#contenders.absent) {
      console.error(`${name} left out: ${reason}`)
    }
    if (this.#given.contended) await this.#measureContention()
    else if (this.#report.before !== undefined) await this.#compareBuilds(this.#report.before)
    else {
      await this.#measureSpeed()
      if (this.#given.measureCall) await this.#measureCall()
      if (this.#given.measureMemory) await this.#measureMemory()
      await this.#measureRecompute()
    }
    return this.#report
  }

  async #measureSpeed(): Promise<void> {
    const { measurements, settings } = this.#report
    await this.#inEachMode(this.#given.cases, async (prepared, mode) => {
      for (const threads of this.#threads) {
        say(`${prepared.case.name}, ${mode}, threads: ${threads}`)
        const what = { mode, threads }
        measurements.push(
          await measureSpeed(this.#places, this.#contenders, prepared, what, settings),
        )
      }
    })
  }

  /** Prepares each case, and works with it in each of its modes that the command line allows. */
  async #inEachMode(
    cases: readonly BenchCase[],
    work: (prepared: PreparedCase, mode: Mode) => Promise<void>,
  ): Promise<void> {
    for (const given of cases) {
      const modes = modesOf(given).filter((mode) => this.#given.modes.includes(mode))
      if (modes.length === 0) continue
      await withCase(this.#native, given, async (prepared) => {
        for (const mode of modes) await work(prepared, mode)
      })
    }
  }

  async #measureCall(): Promise<void> {
    say(CALL_NAME)
    this.#report.call = await withCase(this.#native, CALL_CASE, (prepared) =>
      measureCall(this.#places, this.#contenders, prepared, this.#report.settings),
    )
  }

  async #measureMemory(): Promise<void> {
    say(MEMORY_NAME)
    this.#report.memory = await withCase(this.#native, MEMORY_CASE, (prepared) =>
      measureMemory(this.#contenders, prepared, this.#threads.at(-1)!),
    )
  }

  async #measureRecompute(): Promise<void> {
    const { recompute, settings } = this.#report
    await this.#inEachMode(this.#given.recomputeCases, async (prepared) => {
      for (const threads of this.#threads) {
        say(`${prepared.case.name}, threads: ${threads}`)
        recompute.push(await measureRecompute(this.#contenders, prepared, threads, settings))
      }
    })
  }

  async #measureContention(): Promise<void> {
    const threads = this.#threads.at(-1)!
    const { contention, settings } = this.#report
    await this.#inEachMode(this.#given.cases, async (prepared, mode) => {
      say(`${prepared.case.name}, ${mode}, beside busy processes`)
      contention.push(await measureContention(this.#contenders, prepared, mode, threads, settings))
    })
  }

  async #compareBuilds(before: string): Promise<void> {
    const { builds, settings } = this.#report
    const both = findBuilds(this.#places, before, this.#contenders.device)
    await this.#inEachMode(withTraining(this.#given.cases), async (prepared, mode) => {
      for (const threads of this.#threads) {
        say(`${prepared.case.name}, ${mode}, threads: ${threads}, both builds`)
        builds.push(await measureBuilds(both, prepared, { mode, threads }, settings))
      }
    })
  }
}

function say(line: string): void {
  console.error(line)
}
