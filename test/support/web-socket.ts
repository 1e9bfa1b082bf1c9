/**
 * A client of a WebSocket, whose messages are JSON.
 */
import { once } from 'node:events'
import { createRequire } from 'node:module'
import * as path from 'node:path'

/** The part of the package ws that tests use. */
interface Socket extends NodeJS.EventEmitter {
  send(text: string): void
  close(): void
}

/** Node has a client of its own only from version 22 on. */
const service = path.join(__dirname, '..', '..', 'examples', 'service', 'package.json')
const WebSocket = createRequire(service)('ws') as new (url: string) => Socket

export class SocketClient {
  readonly #socket: Socket
  readonly #messages: unknown[] = []
  /** The code and the reason. */
  readonly closed: Promise<readonly [number, string]>

  static async open(url: string): Promise<SocketClient> {
    const client = new SocketClient(new WebSocket(url.replace(/^http/, 'ws')))
    await once(client.#socket, 'open')
    return client
  }

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('message', (message: Buffer) => {
      this.#messages.push(JSON.parse(message.toString()))
      socket.emit('parsed')
    })
    this.closed = new Promise((resolve) => {
      socket.on('close', (code: number, reason: Buffer) => {
        resolve([code, reason.toString()])
        socket.emit('parsed')
      })
    })
  }

  send(message: unknown): void {
    this.#socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  /** The next message; undefined when the socket is closed. */
  async next(): Promise<unknown> {
    if (this.#messages.length === 0) await once(this.#socket, 'parsed')
    return this.#messages.shift()
  }

  /** Sends a message and returns the next one. */
  async ask(message: unknown): Promise<unknown> {
    this.send(message)
    return this.next()
  }

  close(): void {
    this.#socket.close()
  }
}
