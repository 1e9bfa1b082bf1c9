/**
 * What a request that failed is answered.
 */

/** What the library's codes mean to a client. Every other error is a fault of the service: 500. */
const STATUS = {
  ERR_GRU_SHAPE: 400,
  ERR_GRU_TYPE: 400,
  ERR_GRU_VALUE: 400,
  ERR_GRU_FULL: 503,
  ERR_GRU_CLOSED: 503,
}

/** A queue that is full is empty again within this time. */
const RETRY_SECONDS = 1

/** A failure that is no fault of the service. */
export class Failure extends Error {
  constructor(statusCode, code, message) {
    super(message)
    this.statusCode = statusCode
    this.code = code
  }
}

/** The status, and what the client may know. */
export function failureOf({ statusCode, code, message }) {
  const status = statusCode ?? STATUS[code] ?? 500
  return status === 500
    ? { status, code: 'INTERNAL', error: 'internal error' }
    : { status, code, error: message }
}

export function answerFailure(error, request, reply) {
  const { status, ...body } = failureOf(error)
  if (status === 500) request.log.error(error)
  if (status === 503) reply.header('retry-after', RETRY_SECONDS)
  return reply.code(status).send(body)
}
