/**
 * Streams steps over WebSockets, in a process of its own; arguments and output as drive-requests.mjs. Each socket sends
 * its next step after the answer.
 */
import { once } from 'node:events'
import WebSocket from 'ws'
import { figuresOf } from './figures.mjs'

const { url, input, connections, seconds } = JSON.parse(process.argv[2])
const message = JSON.stringify({ input })
const answers = []
const sockets = Array.from({ length: connections }, () => new WebSocket(`${url}/stream`))
await Promise.all(sockets.map((socket) => once(socket, 'open')))
const begin = performance.now()
for (const socket of sockets) {
  let sent = performance.now()
  socket.on('message', (answer) => {
    const now = performance.now()
    answers.push({ isAccepted: !answer.includes('error'), milliseconds: now - sent })
    sent = now
    if (now - begin < 1000 * seconds) socket.send(message)
    else socket.close()
  })
  socket.send(message)
}
await Promise.all(sockets.map((socket) => once(socket, 'close')))
console.log(JSON.stringify(figuresOf(answers, begin)))
