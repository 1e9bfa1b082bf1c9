import { GruError, type GruErrorCode } from '../../lib/errors'

/** Makes a call and expects a GruError with this code and a message that is this text or matches this pattern. */
export function expectGruError(
  call: () => unknown,
  code: GruErrorCode,
  message: string | RegExp,
): void {
  let thrown: unknown
  try {
    call()
  } catch (error) {
    thrown = error
  }
  expectIsGruError(thrown, code, message)
}

/** Awaits a rejection with such a GruError, and returns the error. */
export async function expectGruRejection(
  promise: Promise<unknown>,
  code: GruErrorCode,
  message: string | RegExp,
): Promise<GruError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expectIsGruError(error, code, message)
  return error as GruError
}

function expectIsGruError(error: unknown, code: GruErrorCode, message: string | RegExp): void {
  expect(error).toBeInstanceOf(GruError)
  expect((error as GruError).code).toBe(code)
  if (typeof message === 'string') expect((error as GruError).message).toBe(message)
  else expect((error as GruError).message).toMatch(message)
}

/** The result of a call, or `CODE: message` if it throws a GruError. */
export function outcome(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    if (error instanceof GruError) return `${error.code}: ${error.message}`
    throw error
  }
}
