/**
 * POST /predict: one sequence as JSON, `{ "input": [...] }`, answered by `{ "predictions": [...] }`.
 */
import { withDeadline } from './deadline.mjs'
import { Failure } from './failures.mjs'
import { inputForm } from './input-form.mjs'

export function predictRoute(app, { model, batcher }, { deadline, maxQueue }) {
  const { schema, read } = inputForm(model.options)
  app.post('/predict', {
    schema: { body: schema },
    // Before the body is parsed: under overload most of the time would go into requests that are refused.
    onRequest(request, reply, done) {
      const isFull = batcher.statistics.queued >= maxQueue
      done(isFull ? new Failure(503, 'ERR_GRU_FULL', 'too many requests wait') : undefined)
    },
    handler: (request, reply) =>
      withDeadline(request, reply, deadline, async (signal) => {
        const predictions = await batcher.predict(read(request.body), { signal })
        return { predictions: Array.from(predictions) }
      }),
  })
}
