/**
 * The command line: chooses the command, and reports its errors.
 *
 * @module
 */
import * as path from 'node:path'
import { GruError, quote } from '../errors'
import { parseJson } from '../formats/json'
import { readTextFile } from '../formats/text-file'
import type { Command, Context } from './command'
import { forecast } from './forecast'
import { train } from './train'

const HELP = `gru: trains GRU models on daily tables, and forecasts with them

  gru train JOB.json [--out DIR]     trains the model of a job, and writes model.safetensors and
                                     report.html into DIR (default: out/ and the job's name)
  gru forecast MODEL CSV [--json]    forecasts the day after the last row of a table
  gru --help                         this text
  gru --version                      the version
`

const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ['train', train],
  ['forecast', forecast],
  ['--help', help],
  ['-h', help],
  ['--version', version],
])

/** The exit status of a process that was interrupted (128 + the number of SIGINT). */
const INTERRUPTED = 130

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
    if (signal.aborted && error === signal.reason) {
      stderr.write('gru: interrupted; nothing was saved\n')
      return INTERRUPTED
    }
    stderr.write(`gru: ${messageOf(error)}\n`)
    return 1
  }
}

function commandOf([name]: readonly string[]): Command {
  if (name === undefined) return help
  const command = COMMANDS.get(name)
  if (command !== undefined) return command
  const message = `unknown command ${quote(name)}: expected train or forecast (see gru --help)`
  throw new GruError('ERR_GRU_VALUE', message)
}

/**
 * An error that users can act on is one line. A defect of this package also shows where it
 * happened.
 */
function messageOf(error: unknown): string {
  if (error instanceof GruError) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

function help(_args: readonly string[], { stdout }: Context): Promise<void> {
  stdout.write(HELP)
  return Promise.resolve()
}

async function version(_args: readonly string[], { stdout }: Context): Promise<void> {
  // lib and dist are both directly in the package.
  const file = path.join(__dirname, '..', '..', 'package.json')
  const { version } = parseJson(await readTextFile(file), file) as { version: string }
  stdout.write(`${version}\n`)
}
