/**
 * The memory that the project's objects hold on their device. Only V8 is told of it, and V8 only prints it.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { own } from './children'
import { type Command, ContenderError } from './contender-process'

/** Runs a contender's job twice, and returns the bytes that its objects then hold. They have no more after further calls. */
export async function heldBytes({ program, args, env }: Command): Promise<number> {
  const stdio = ['pipe', 'pipe', 'inherit'] as const
  const child = own(spawn(program, args, { env: { ...process.env, ...env }, stdio: [...stdio] }))
  child.stdin.end('round 0\nround 0\nheld\n')
  return parseHeld(await text(child.stdout))
}

/** The last figure that V8 printed. It has whole KiB. */
export function parseHeld(output: string): number {
  const figures = [...output.matchAll(/External memory reported: *(\d+) KB/g)]
  if (figures.length === 0) throw new ContenderError('V8 printed nothing about external memory')
  return Number(figures.at(-1)![1]) * 1024
}

/** Makes V8 print its external memory, in the process that has the objects. The text appears at its end. */
export function printHeld(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  // V8 counts arrays too. It may free those that are no longer used only at the second collection.
  collect()
  setFlagsFromString('--trace-gc-verbose')
  setFlagsFromString('--trace-gc')
  collect()
  setFlagsFromString('--no-trace-gc')
}
