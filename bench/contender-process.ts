/**
 * The bench's side of a contender: a process that answers one command at a time. It is stopped in between, so that its
 * waiting threads do not take processor time from the others.
 *
 * @module
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { own } from './children'
import { parseReply, type Reply } from './protocol'

export interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
}

/** A contender failed; the message says why. */
export class ContenderError extends Error {}

/** A contender cannot do the work of the case; the message says why. */
export class UnsupportedError extends ContenderError {}

const TIMEOUT_SECONDS = 600
const KEPT_ERROR_TEXT = 2000

export class ContenderProcess {
  /** Its version, from its first reply. */
  readonly version: string
  /** Its resident set before it allocates any tensor, in bytes. */
  readonly memoryAtStart: number
  readonly #connection: Connection

  private constructor(connection: Connection, version: string, memoryAtStart: number) {
    this.#connection = connection
    this.version = version
    this.memoryAtStart = memoryAtStart
  }

  /**
   * Starts a process and waits until it is ready.
   *
   * @throws UnsupportedError if it cannot do the work, ContenderError if it fails
   */
  static async start(command: Command): Promise<ContenderProcess> {
    const connection = new Connection(command)
    try {
      const { ready, unsupported } = await connection.reply()
      if (unsupported !== undefined) throw new UnsupportedError(unsupported)
      if (ready === undefined) throw new ContenderError('did not say that it is ready')
      connection.pause()
      return new ContenderProcess(connection, ready.version, ready.memory)
    } catch (error) {
      connection.kill()
      throw error
    }
  }

  /** Makes it write its results. Returns their names. */
  async check(): Promise<readonly string[]> {
    return given(await this.#connection.ask('check'), 'wrote')
  }

  /** Makes it work for some seconds. Returns the time of one call. */
  async warm(seconds: number): Promise<number> {
    return given(await this.#connection.ask(`warm ${seconds}`), 'median')
  }

  /** Makes it measure for some seconds. Returns the seconds of a call, or a probe's units per second. */
  async round(seconds: number): Promise<number> {
    return given(await this.#connection.ask(`round ${seconds}`), 'median')
  }

  /** The largest resident set so far, in bytes. */
  async peakMemory(): Promise<number> {
    return given(await this.#connection.ask('memory'), 'peak')
  }

  end(): void {
    this.#connection.kill()
  }
}

function given<K extends keyof Reply>(reply: Reply, key: K): NonNullable<Reply[K]> {
  const value = reply[key]
  if (value === undefined) throw new ContenderError(`answered without ${key}`)
  return value
}

class Connection {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #replies: Reply[] = []
  #waiting: { resolve: (reply: Reply) => void; reject: (error: Error) => void } | undefined
  #ended: Error | undefined
  #errorText = ''

  constructor({ program, args, env }: Command) {
    this.#child = own(spawn(program, args, { env: { ...process.env, ...env } }))
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const reply = parseReply(line)
      if (reply !== undefined) this.#receive(reply)
    })
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#errorText = (this.#errorText + chunk.toString()).slice(-KEPT_ERROR_TEXT)
    })
    // A write to a process that has just ended also fails here. The event `close` has the reason.
    this.#child.stdin.on('error', () => undefined)
    this.#child.on('error', (error) => {
      this.#end(new ContenderError(`cannot run ${program}: ${error.message}`))
    })
    this.#child.on('close', (code, signal) => {
      const last = this.#errorText.trim().split('\n').at(-1) ?? ''
      this.#end(new ContenderError(`ended with ${signal ?? `status ${String(code)}`}: ${last}`))
    })
  }

  async ask(command: string): Promise<Reply> {
    this.#child.kill('SIGCONT')
    this.#child.stdin.write(`${command}\n`)
    const reply = await this.reply()
    this.pause()
    return reply
  }

  async reply(): Promise<Reply> {
    const timer = setTimeout(() => {
      this.#end(new ContenderError(`did not answer within ${TIMEOUT_SECONDS} s`))
    }, TIMEOUT_SECONDS * 1000)
    try {
      const reply = await this.#next()
      if (reply.failed !== undefined) throw new ContenderError(reply.failed)
      return reply
    } finally {
      clearTimeout(timer)
    }
  }

  pause(): void {
    this.#child.kill('SIGSTOP')
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #next(): Promise<Reply> {
    const reply = this.#replies.shift()
    if (reply !== undefined) return Promise.resolve(reply)
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  #receive(reply: Reply): void {
    if (this.#waiting === undefined) this.#replies.push(reply)
    else this.#waiting.resolve(reply)
    this.#waiting = undefined
  }

  #end(error: Error): void {
    this.#ended ??= error
    this.#waiting?.reject(this.#ended)
    this.#waiting = undefined
  }
}
