/**
 * The service's routes around a served model. It neither listens nor ends by itself.
 */
import { join } from 'node:path'
import files from '@fastify/static'
import fastify, { LogController } from 'fastify'
import { answerFailure } from './failures.mjs'
import { healthRoutes } from './health.mjs'
import { metricsRoute } from './metrics.mjs'
import { predictRoute } from './predict.mjs'
import { streamRoute } from './streams.mjs'

const FASTIFY = {
  logger: { level: process.env.LOG_LEVEL ?? 'info' },
  logController: new LogController({ disableRequestLogging: true }),
  // A text is not a number, and a key that nobody reads is a mistake.
  ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
}

/** `state.isReady`: whether the service wants requests. */
export async function createApp(served, config, state) {
  const app = fastify(FASTIFY)
  app.setErrorHandler(answerFailure)
  // Clients then make no further request on this connection, and none is lost when it is closed.
  app.addHook('onSend', (request, reply, payload, done) => {
    if (!state.isReady) reply.header('connection', 'close')
    done()
  })
  metricsRoute(app, served)
  healthRoutes(app, state)
  predictRoute(app, served, config)
  await streamRoute(app, served)
  await app.register(files, { root: join(import.meta.dirname, 'public') })
  return app
}
