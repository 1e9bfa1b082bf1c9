/**
 * The command line: chooses the command, and reports its errors.
 *
 * @module
 */
import { GruError, quote } from '../errors'
import { build, BUILD_HELP } from './build'
import type { Command, Context } from './command'
import { compare, COMPARE_HELP } from './compare'
import { forecast, FORECAST_HELP } from './forecast'
import { inspect, INSPECT_HELP } from './inspect'
import { Interruption, statusOf } from './interruption'
import { isJobFile } from './job'
import { asOnCommandLine } from './option-names'
import { packageVersion } from './run-results'
import { train, TRAIN_HELP } from './train'

const HELP = `gru: trains GRU and LSTM models on tables of time series, and forecasts with them

  gru train TABLE --target NAME      trains a model; writes it, its forecasts and a report into a folder
  gru train JOB.json                 the same, with the options in a file
  gru forecast MODEL TABLE           forecasts what comes after the last row of a table
  gru inspect TABLE                  tells what a table is, and what would be repaired
  gru compare RUN...                 puts the results of several trainings side by side
  gru build                          builds the native part of this package from source
  gru COMMAND --help                 the options of a command
  gru --version                      the version

A table is a file of CSV, JSON lines or Parquet. Its dialect, columns, times, frequency and series are found in it.
`

/** A command and its help text. */
interface Entry {
  readonly command: Command
  readonly help: string
}

const COMMANDS: ReadonlyMap<string, Entry> = new Map([
  ['train', { command: train, help: TRAIN_HELP }],
  ['forecast', { command: forecast, help: FORECAST_HELP }],
  ['inspect', { command: inspect, help: INSPECT_HELP }],
  ['compare', { command: compare, help: COMPARE_HELP }],
  ['build', { command: build, help: BUILD_HELP }],
  ['--version', { command: version, help: HELP }],
])
const HELP_OPTIONS = ['--help', '-h']

/**
 * Runs a command line.
 *
 * @param args - without the names of Node and of the program
 * @returns the exit status: 0, 1 if the command failed, 130 if it was interrupted
 */
export async function run(args: readonly string[], context: Context): Promise<number> {
  const { stderr, signal } = context
  try {
    await commandOf(args)(args.slice(1), context)
    return 0
  } catch (error) {
    if (error instanceof Interruption) {
      stderr.write(`gru: ${error.message}\n`)
      return error.status
    }
    if (signal.aborted && error === signal.reason) {
      stderr.write('gru: interrupted\n')
      return statusOf(error)
    }
    const message = messageOf(error)
    stderr.write(`gru: ${isOfJob(args) ? message : asOnCommandLine(message)}\n`)
    return 1
  }
}

function commandOf([name, ...args]: readonly string[]): Command {
  if (name === undefined || HELP_OPTIONS.includes(name)) return helpOf(HELP)
  const entry = COMMANDS.get(name)
  if (entry === undefined) {
    const names = [...COMMANDS.keys()].filter((one) => !one.startsWith('-')).join(', ')
    const message = `unknown command ${quote(name)}: expected one of ${names} (see gru --help)`
    throw new GruError('ERR_GRU_VALUE', message)
  }
  return args.some((arg) => HELP_OPTIONS.includes(arg)) ? helpOf(entry.help) : entry.command
}

/** In a job, options have the library's names. */
function isOfJob([name, ...args]: readonly string[]): boolean {
  return name === 'train' && args.some(isJobFile)
}

/**
 * An error that users can act on is its message. A defect of this package also shows where it happened.
 */
function messageOf(error: unknown): string {
  if (error instanceof GruError) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

function helpOf(text: string): Command {
  return (_args, { stdout }) => {
    stdout.write(text)
    return Promise.resolve()
  }
}

async function version(_args: readonly string[], { stdout }: Context): Promise<void> {
  stdout.write(`${await packageVersion()}\n`)
}
