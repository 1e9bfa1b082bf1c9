/**
 * Processes of the bench of serving that run once and print one JSON object as their last line.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { own } from '../children'
import { type Command, ContenderError } from '../contender-process'

/** Runs a command, and returns what it printed. */
export async function runScript<T>({ program, args, env }: Command): Promise<T> {
  const stdio = ['ignore', 'pipe', 'inherit'] as const
  const child = own(spawn(program, args, { env: { ...process.env, ...env }, stdio: [...stdio] }))
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  const output = await text(child.stdout)
  const status = await ended
  const last = output.trim().split('\n').at(-1) ?? ''
  if (status !== 0) throw new ContenderError(`${args.join(' ')} ended with ${String(status)}`)
  return JSON.parse(last) as T
}
