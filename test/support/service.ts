/**
 * The example service, as a process of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import * as path from 'node:path'

const main = path.join(__dirname, '..', '..', 'examples', 'service', 'main.mjs')

export interface Service {
  /** Such as http://127.0.0.1:4321 */
  readonly url: string
  /** What it has written so far. */
  readonly log: () => string
  readonly kill: (signal: NodeJS.Signals) => void
  /** Its status, or the signal that ended it. */
  readonly exit: Promise<Exit>
}

type Exit = readonly [status: number | null, signal: NodeJS.Signals | null]

const running = new Set<ChildProcess>()

/** Starts the service with a model's file. Resolves when it listens. */
export async function startService(
  file: string,
  environment: NodeJS.ProcessEnv = {},
): Promise<Service> {
  const child = spawn(process.execPath, [main, file], {
    env: { ...process.env, PORT: '0', HOST: '127.0.0.1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  const exit = new Promise<Exit>((resolve) => {
    child.once('exit', (status, signal) => {
      resolve([status, signal])
    })
  })
  void exit.then(() => running.delete(child))
  let log = ''
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      log += chunk.toString()
      const found = /^listening on (\S+)$/m.exec(log)
      if (found) resolve(found[1]!)
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    void exit.then(() => {
      reject(new Error(`the service ended\n${log}`))
    })
  })
  const kill = (signal: NodeJS.Signals): void => {
    child.kill(signal)
  }
  return { url, log: () => log, kill, exit }
}

/** Ends what a failed test has left. */
export function endServices(): void {
  for (const child of running) child.kill('SIGKILL')
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

/** POST /predict with any text as JSON. */
export async function post(
  { url }: Service,
  body: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${url}/predict`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  })
  const { status } = response
  return {
    status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  }
}

/** The body of a request with an input. */
export const bodyOf = (input: ArrayLike<number>): string =>
  JSON.stringify({ input: Array.from(input) })

/** A line of Prometheus' text format that is a sample: its name with labels, and its value. */
const SAMPLE = /^([a-zA-Z_:][\w:]*(?:\{\w+="[^"\\]*"(?:,\w+="[^"\\]*")*\})?) (\S+)$/
const COMMENT = /^# (HELP|TYPE) [a-zA-Z_:][\w:]* \S/

/** GET /metrics: the samples by name and labels. */
export async function metricsOf({ url }: Service): Promise<Map<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const lines = text.split('\n').filter((line) => line !== '' && !COMMENT.test(line))
  return new Map(
    lines.map((line) => {
      const [, name, value] = SAMPLE.exec(line)!
      return [name!, Number(value)]
    }),
  )
}
