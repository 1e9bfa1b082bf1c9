/**
 * The command line.
 *
 * @module
 */
import { parseArgs } from 'node:util'
import {
  type BenchCase,
  CALL_CASE,
  CASES,
  isDeepBench,
  MEMORY_CASE,
  type Mode,
  MODES,
  RECOMPUTE_CASES,
} from './cases'
import { CELL_NAMES, type CellName } from './cells'
import { PEER_NAMES } from './contenders'
import { SET_NAMES } from './forecasting/sets'
import { type Part, PARTS } from './serving/cases'

/** Names on lines of five. */
function wrapNames(names: readonly string[]): string {
  const lines = names.flatMap((_, i) => (i % 5 === 0 ? [names.slice(i, i + 5).join(', ')] : []))
  return lines.join(`,\n${' '.repeat(19)}`)
}

export const USAGE = `usage: npm run bench -- [options]

  --case NAME      only this case (again for more; --list shows all)
  --cell CELL      only cases of gru or lstm (again for both); default: gru, or whatever --case names
  --mode MODE      only forward, gradients (forward + backward) or training (again for more)
  --peer NAME      only this peer beside the project (again for more), or none:
                   ${PEER_NAMES.join(', ')}
  --device NAME    cpu, or the GPU cuda or cuda:N beside PyTorch with cuDNN; default cpu
  --threads 1,2    numbers of threads; default: one, and every core that the process may use
  --rounds N       rounds of each measurement; default 9
  --quick          few and short rounds: shows that it works, not how fast
  --contended      instead: the project beside as many busy processes as cores
  --before FOLDER  instead: this build beside the one in another checkout; without --case,
                   leaves out DeepBench's cases
  --serving        instead: what a service asks, beside onnxruntime-node; --case names parts of it:
                   ${PARTS.join(', ')}
  --forecasting    instead: forecasters of well-known tables, beside baselines and PyTorch
  --set NAME       only this table (again for more):
                   ${wrapNames(SET_NAMES)}
  --seeds N        trainings of each forecaster; default 3
  --soak           instead: sessions and requests for a long time, with aborts and new models;
                   answers must be right, memory flat
  --seed N         of the soak; default: a new one
  --json FILE      where the figures go; default bench/results/latest.json
  --chart FILE.svg draws the figures of the JSON file, and measures nothing
  --list           prints the cases

Peers in Python are found through the interpreter that GRU_BENCH_PYTHON names.`

/** The command line is wrong; the message says how. */
export class UsageError extends Error {}

export interface Arguments {
  readonly cases: readonly BenchCase[]
  readonly measureCall: boolean
  readonly measureMemory: boolean
  /** Of {@link RECOMPUTE_CASES} */
  readonly recomputeCases: readonly BenchCase[]
  readonly modes: readonly Mode[]
  readonly peers: readonly string[]
  /** 'cpu', 'cuda' or 'cuda:N' */
  readonly device: string
  /** Undefined: the machine's default */
  readonly threads: readonly number[] | undefined
  readonly json: string
  readonly chart: string | undefined
  /** Undefined: the default */
  readonly rounds: number | undefined
  readonly quick: boolean
  readonly contended: boolean
  /** The folder of the checkout whose build is compared */
  readonly before: string | undefined
  /** The parts of the bench of serving; empty: it is not wanted. */
  readonly serving: readonly Part[]
  readonly forecasting: boolean
  /** The tables of the bench of forecasting */
  readonly sets: readonly string[]
  /** Of the bench of forecasting */
  readonly seeds: number
  readonly soak: boolean
  /** Of the soak; undefined: a new one */
  readonly seed: number | undefined
  readonly list: boolean
  readonly help: boolean
}

export const CALL_NAME = `call-${CALL_CASE.name}`
export const MEMORY_NAME = `memory-${MEMORY_CASE.name}`

const OPTIONS = {
  case: { type: 'string', multiple: true },
  cell: { type: 'string', multiple: true },
  mode: { type: 'string', multiple: true },
  peer: { type: 'string', multiple: true },
  device: { type: 'string', default: 'cpu' },
  threads: { type: 'string' },
  json: { type: 'string', default: 'bench/results/latest.json' },
  chart: { type: 'string' },
  rounds: { type: 'string' },
  quick: { type: 'boolean', default: false },
  contended: { type: 'boolean', default: false },
  before: { type: 'string' },
  serving: { type: 'boolean', default: false },
  forecasting: { type: 'boolean', default: false },
  set: { type: 'string', multiple: true },
  seeds: { type: 'string', default: '3' },
  soak: { type: 'boolean', default: false },
  seed: { type: 'string' },
  list: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

/** @throws UsageError */
export function parseArguments(args: readonly string[]): Arguments {
  const { values } = parse(args)
  const { contended, quick, list, help, json, chart, before } = values
  const { serving, forecasting, soak } = values
  const cells = chooseCells(values.cell, values.case)
  const onCpu = values.device === 'cpu'
  const chosen = serving ? [] : choose('--case', values.case, namesOf(cells))
  const modes = choose('--mode', values.mode, MODES)
  const named = ({ name }: BenchCase): boolean => chosen.includes(name)
  const cases = CASES.filter(named)
  const isShort = before !== undefined && values.case === undefined
  return {
    cases: isShort ? cases.filter((given) => !isDeepBench(given)) : cases,
    // These measurements use threads and the process's memory, so they say nothing about a GPU.
    measureCall: onCpu && chosen.includes(CALL_NAME),
    measureMemory: onCpu && chosen.includes(MEMORY_NAME),
    recomputeCases: onCpu && modes.includes('training') ? RECOMPUTE_CASES.filter(named) : [],
    modes,
    peers: values.peer?.join() === 'none' ? [] : choose('--peer', values.peer, PEER_NAMES),
    device: parseDevice(values.device),
    threads: values.threads === undefined ? undefined : parseThreads(values.threads),
    rounds: values.rounds === undefined ? undefined : parseCount('--rounds', values.rounds),
    forecasting,
    sets: choose('--set', values.set, SET_NAMES),
    seeds: parseCount('--seeds', values.seeds),
    serving: serving ? choose('--case', values.case, PARTS) : [],
    soak,
    seed: values.seed === undefined ? undefined : parseCount('--seed', values.seed),
    ...{ json, chart, quick, contended, before, list, help },
  }
}

function parse(args: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>> {
  try {
    return parseArgs({ args: [...args], options: OPTIONS })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

/** A run that names neither cells nor cases measures only one cell, so that it does not take twice as long. */
function chooseCells(
  cells: readonly string[] | undefined,
  cases: readonly string[] | undefined,
): readonly CellName[] {
  if (cells === undefined && cases === undefined) return ['gru']
  return choose('--cell', cells, CELL_NAMES)
}

/** The names that `--case` accepts with these cells. Call and memory are measured for a GRU. */
export function namesOf(cells: readonly CellName[]): readonly string[] {
  const cases = [...CASES, ...RECOMPUTE_CASES]
  const names = cases.filter(({ cell }) => cells.includes(cell)).map(({ name }) => name)
  return cells.includes('gru') ? [...names, CALL_NAME, MEMORY_NAME] : names
}

/** The named ones, or all if none is named. */
function choose<T extends string>(
  option: string,
  names: readonly string[] | undefined,
  known: readonly T[],
): readonly T[] {
  const unknown = names?.find((name) => !known.some((each) => each === name))
  if (unknown !== undefined) {
    throw new UsageError(`${option}: expected one of ${known.join(', ')}, got ${unknown}`)
  }
  return names === undefined ? known : known.filter((name) => names.includes(name))
}

function parseDevice(device: string): string {
  if (/^(cpu|cuda(:\d+)?)$/.test(device)) return device
  throw new UsageError(`--device: expected cpu, cuda or cuda:N, got ${device}`)
}

function parseThreads(text: string): number[] {
  const counts = text.split(',').map(Number)
  if (counts.every((count) => Number.isInteger(count) && count > 0)) return counts
  throw new UsageError(`--threads: expected numbers from 1 on with commas between, got ${text}`)
}

function parseCount(option: string, text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count > 0) return count
  throw new UsageError(`${option}: expected a number from 1 on, got ${text}`)
}
