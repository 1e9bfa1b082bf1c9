/**
 * The signal of a request: it is aborted when the time is over, or when the client has gone.
 */
import { Failure } from './failures.mjs'

const HEADER = 'x-deadline-ms'

/** The milliseconds that a client gives, at most those of the service. */
function millisecondsOf(request, most) {
  const text = request.headers[HEADER]
  if (text === undefined) return most
  const given = Number(text)
  if (Number.isInteger(given) && given > 0) return Math.min(given, most)
  throw new Failure(400, 'DEADLINE', `${HEADER}: expected a whole number above 0, got ${text}`)
}

/** Calls a function with the signal. */
export async function withDeadline(request, reply, most, work) {
  const milliseconds = millisecondsOf(request, most)
  const controller = new AbortController()
  const timer = setTimeout(() => {
    controller.abort(new Failure(504, 'TIMEOUT', `no answer within ${milliseconds} ms`))
  }, milliseconds)
  const onGone = () => {
    controller.abort(new Failure(499, 'GONE', 'the client has gone'))
  }
  reply.raw.once('close', onGone)
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(timer)
    reply.raw.off('close', onGone)
  }
}
