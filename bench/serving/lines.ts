/**
 * Messages of a bench's process that works on request: one JSON object on each line.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface, type Interface } from 'node:readline'
import { own } from '../children'
import { type Command, ContenderError } from '../contender-process'

/** A process that answers each line with a line. */
export class LineProcess {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>

  private constructor(child: ChildProcess, lines: Interface) {
    this.#child = child
    this.#lines = lines[Symbol.asyncIterator]()
  }

  /** Starts a process, and waits for its first line. */
  static async start({ program, args }: Command): Promise<LineProcess> {
    const child = own(spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] }))
    const made = new LineProcess(child, createInterface({ input: child.stdout }))
    await made.#next()
    return made
  }

  async ask<T>(command: string): Promise<T> {
    this.#child.stdin!.write(`${command}\n`)
    return JSON.parse(await this.#next()) as T
  }

  end(): void {
    this.#child.kill('SIGKILL')
  }

  async #next(): Promise<string> {
    const next = await this.#lines.next()
    if (next.done === true) throw new ContenderError('a process ended early')
    return next.value
  }
}
