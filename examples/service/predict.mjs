/**
 * POST /predict: one sequence as JSON, `{ "input": [...] }`, answered by `{ "predictions": [...] }`.
 */
import { withDeadline } from './deadline.mjs'
import { inputForm } from './input-form.mjs'

export function predictRoute(app, served, { deadline }) {
  const { schema, read } = inputForm(served.model.options)
  app.post('/predict', { schema: { body: schema } }, (request, reply) =>
    withDeadline(request, reply, deadline, async (signal) => {
      const predictions = await served.batcher.predict(read(request.body), { signal })
      return { predictions: Array.from(predictions) }
    }),
  )
}
