/**
 * Serves the report to browsers on this machine while a model trains. Pages update themselves.
 *
 * @module
 */
import { once } from 'node:events'
import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import { argumentError } from '../errors'
import { LIVE_PAGE } from './live-page'

/** A server of reports. */
export interface Live {
  readonly url: string
  /** Tells all pages that there is a new report. It is rendered when a page asks for it. */
  readonly publish: (render: () => string) => void
  /** Gives all pages the last report, and ends the server with all its connections. */
  readonly close: () => Promise<void>
}

const HTTP_PORT = 80
const HOST = '127.0.0.1'

/** Pages update themselves at most so often, since a report costs the training time. */
const LEAST_PAUSE = 1000

/**
 * Begins to serve.
 *
 * @param port - 0: any that is free
 * @param pause - the least milliseconds from update to update
 * @throws GruError ERR_GRU_VALUE if the port is not free
 */
export async function openLive(port: number, pause = LEAST_PAUSE): Promise<Live> {
  const live = new LiveServer(pause)
  await live.listen(port)
  return live
}

/** No other page may read or frame the report, and nothing is loaded from elsewhere. */
const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; " +
    "img-src 'self' data: blob:; connect-src 'self'; frame-src blob:; frame-ancestors 'self'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
}

const HTML = 'text/html; charset=utf-8'
const NOTHING_YET =
  '<!doctype html><meta charset="utf-8"><title>gru train</title>The training begins.'

class LiveServer implements Live {
  readonly #server = http.createServer((request, response) => {
    this.#answer(request, response)
  })
  readonly #listeners = new Set<http.ServerResponse>()
  #render: () => string = () => NOTHING_YET
  #version = 0
  #port = 0
  readonly #pause: number
  /** Runs while pages are left in peace. */
  #timer: NodeJS.Timeout | undefined
  #isDue = false

  constructor(pause: number) {
    this.#pause = pause
  }

  get url(): string {
    return `http://${HOST}:${this.#port}/`
  }

  async listen(port: number): Promise<void> {
    this.#server.listen(port, HOST)
    try {
      await once(this.#server, 'listening')
      this.#port = (this.#server.address() as AddressInfo).port
    } catch (cause) {
      const got = (cause as Error).message
      throw argumentError('ERR_GRU_VALUE', '--port', 'a port that is free', got, { cause })
    }
  }

  readonly publish = (render: () => string): void => {
    this.#render = render
    this.#isDue = true
    if (this.#timer === undefined) this.#announce()
  }

  readonly close = async (): Promise<void> => {
    clearTimeout(this.#timer)
    const closed = once(this.#server, 'close')
    this.#server.close()
    const last = this.#listeners.size === 0 ? '' : eventOf('end', this.#render())
    await Promise.all([...this.#listeners].map((listener) => endWith(listener, last)))
    this.#server.closeAllConnections()
    await closed
  }

  readonly #announce = (): void => {
    this.#timer = undefined
    if (!this.#isDue) return
    this.#isDue = false
    this.#version++
    for (const listener of this.#listeners) listener.write(eventOf('update', this.#version))
    this.#timer = setTimeout(this.#announce, this.#pause)
    this.#timer.unref()
  }

  #answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    if (!this.#isOwn(request.headers.host)) {
      refuse(response, 421, 'expected the host 127.0.0.1 or localhost')
    } else if (request.method !== 'GET') {
      response.setHeader('Allow', 'GET')
      refuse(response, 405, 'expected the method GET')
    } else if (request.url === '/') {
      send(response, HTML, LIVE_PAGE)
    } else if (request.url === '/report') {
      send(response, HTML, this.#render())
    } else if (request.url === '/events') {
      this.#listen(response)
    } else {
      refuse(response, 404, 'expected /, /report or /events')
    }
  }

  /** A page of another host must not reach the report by a name that its owner points at this machine. */
  #isOwn(host: string | undefined): boolean {
    // Browsers leave out the port of HTTP itself.
    const port = this.#port === HTTP_PORT ? '' : `:${this.#port}`
    return [HOST, 'localhost'].some((name) => host === name + port)
  }

  #listen(response: http.ServerResponse): void {
    response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/event-stream' })
    response.write(eventOf('update', this.#version))
    this.#listeners.add(response)
    response.on('close', () => this.#listeners.delete(response))
  }
}

function send(response: http.ServerResponse, type: string, text: string): void {
  response.writeHead(200, { ...HEADERS, 'Content-Type': type })
  response.end(text)
}

function refuse(response: http.ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { ...HEADERS, 'Content-Type': 'text/plain; charset=utf-8' })
  response.end(`${reason}\n`)
}

/** JSON has no line feed, which would end the event. */
function eventOf(name: 'update' | 'end', data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}

/** A page that reads nothing more must not hold up the end. */
const LONGEST_END = 1000

async function endWith(response: http.ServerResponse, last: string): Promise<void> {
  const signal = AbortSignal.timeout(LONGEST_END)
  const finished = once(response, 'close', { signal }).catch(() => undefined)
  response.end(last)
  await finished
}
