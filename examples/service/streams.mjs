/**
 * GET /stream: the WebSockets.
 */
import websocket from '@fastify/websocket'
import { inputForm } from './input-form.mjs'
import { Stream } from './stream.mjs'

const MOST_BYTES = 2 ** 16

export async function streamRoute(app, served) {
  const streams = new Set()
  await app.register(websocket, {
    options: { maxPayload: MOST_BYTES },
    preClose: async () => {
      await Promise.all([...streams].map((stream) => stream.end()))
    },
  })
  const { schema, read } = inputForm(served.model.options)
  app.get('/stream', { websocket: true }, (socket, request) => {
    const form = { read, isValid: request.compileValidationSchema(schema) }
    const stream = new Stream(socket, served.openSession(), form)
    streams.add(stream)
    socket.once('close', () => streams.delete(stream))
  })
}
