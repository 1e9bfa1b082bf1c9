/**
 * The error class of the package, and the form of its messages.
 *
 * @module
 */
import { types } from 'node:util'
import { otherCopy } from './copy'

/**
 * The kind of an error, for programs:
 *
 * - `ERR_GRU_SHAPE`: an array has the wrong number of values
 * - `ERR_GRU_TYPE`: an argument has the wrong type, or an array has memory that cannot be used
 * - `ERR_GRU_VALUE`: an argument has the right type and an invalid value
 * - `ERR_GRU_NONFINITE`: the loss or a gradient of a training step is NaN or infinite
 * - `ERR_GRU_DISPOSED`: an object was used after its `dispose`
 * - `ERR_GRU_BUSY`: a call that cannot wait was made while a promise of the same object was pending
 * - `ERR_GRU_FULL`: a batcher's queue is full; a service may answer with status 503
 * - `ERR_GRU_CLOSED`: a batcher is closed, or was closed before it computed the request
 * - `ERR_GRU_DEVICE`: the named device does not exist or cannot be used
 * - `ERR_GRU_MEMORY`: memory ran out
 * - `ERR_GRU_FORMAT`: a file cannot be read or written, or has the wrong content
 * - `ERR_GRU_LOAD`: the native part or an optional package could not be loaded
 * - `ERR_GRU_INTERNAL`: a defect of this package
 */
export type GruErrorCode =
  | 'ERR_GRU_SHAPE'
  | 'ERR_GRU_TYPE'
  | 'ERR_GRU_VALUE'
  | 'ERR_GRU_NONFINITE'
  | 'ERR_GRU_DISPOSED'
  | 'ERR_GRU_BUSY'
  | 'ERR_GRU_FULL'
  | 'ERR_GRU_CLOSED'
  | 'ERR_GRU_DEVICE'
  | 'ERR_GRU_MEMORY'
  | 'ERR_GRU_FORMAT'
  | 'ERR_GRU_LOAD'
  | 'ERR_GRU_INTERNAL'

/**
 * Every error of this package. Calls may also fail with a signal's abort reason, and with errors of the caller's own
 * code that they run: getters of an options object, iterables of batches.
 */
export class GruError extends Error {
  /** The kind of the error, for programs. The message is for people. */
  readonly code: GruErrorCode

  /** @param message - control characters in texts from files and callers are made {@link visible}, line by line */
  constructor(code: GruErrorCode, message: string, options?: ErrorOptions) {
    super(message.split('\n').map(visible).join('\n'), options)
    this.code = code
  }
}

// The name is on the prototype and not enumerable, as with built-in errors, so that a printed error does not list it
// among its properties.
Object.defineProperty(GruError.prototype, 'name', {
  value: 'GruError',
  writable: true,
  configurable: true,
})

/**
 * The error for a wrong argument, file or field. All such messages have the same form:
 * `<argument>: expected <expected>, got <got>`.
 *
 * @param argument - the argument's name as the caller knows it, or a file's name and place
 * @param expected - what is valid
 * @param got - the given value in words; {@link describe} makes them for any value
 */
export function argumentError(
  code: GruErrorCode,
  argument: string,
  expected: string,
  got: string,
  options?: ErrorOptions,
): GruError {
  return new GruError(code, visible(`${argument}: expected ${expected}, got ${got}`), options)
}

/** Runs a check. A GruError that it throws gets `place` before its message. */
export function inPlace<T>(place: string, check: () => T): T {
  try {
    return check()
  } catch (cause) {
    if (!(cause instanceof GruError)) throw cause
    throw new GruError(cause.code, `${place}: ${cause.message}`, { cause })
  }
}

const MAX_QUOTED_LENGTH = 60

/**
 * A short description of any value for an error message: `"abc"`, `null`, `NaN`, `an Array of 3`, `a Float32Array over
 * a SharedArrayBuffer`, `a Dataset of another copy of gru-native`. Runs no code of the value (getters, `toString`).
 */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quote(value)
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'bigint':
      return `the bigint ${shorten(String(value))}`
    case 'symbol':
      return shorten(value.toString())
    case 'function':
      return 'a function'
    case 'object':
      return value === null ? 'null' : describeObject(value)
    default:
      return String(value)
  }
}

function describeObject(value: object): string {
  if (types.isProxy(value)) return 'a Proxy'
  if (ArrayBuffer.isView(value)) return describeView(value as NodeJS.ArrayBufferView)
  if (Array.isArray(value)) return `an Array of ${value.length}`
  const name = constructorName(value)
  const described = name === '' || name === 'Object' ? 'an object' : withArticle(shorten(name))
  const copy = otherCopy(value)
  return copy === undefined ? described : `${described} ${copy}`
}

function describeView(view: NodeJS.ArrayBufferView): string {
  if (types.isDataView(view)) return 'a DataView'
  const name = withArticle(view[Symbol.toStringTag])
  const fault = memoryFault(view)
  return fault === undefined ? `${name} of ${view.length}` : `${name} ${fault}`
}

function constructorName(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (typeof prototype !== 'object' || prototype === null || types.isProxy(prototype)) return ''
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
  if (typeof constructor !== 'function' || types.isProxy(constructor)) return ''
  const name: unknown = Object.getOwnPropertyDescriptor(constructor, 'name')?.value
  return typeof name === 'string' ? name : ''
}

function withArticle(name: string): string {
  return /^[AEIO]/.test(name) ? `an ${name}` : `a ${name}`
}

/** A foreign text in quotes, on one line, cut if it is long. Every character of it is visible. */
export function quote(text: string): string {
  return visible(JSON.stringify(shorten(text)))
}

// Controls, formats (including the byte-order mark), halves of surrogate pairs, separators, and characters that are
// blank or ignored by default although they have another category.
const INVISIBLE = /(?! )[\p{Cc}\p{Cf}\p{Cs}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/gu
const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])

/**
 * A text on one line. Control characters, invisible characters and unusual spaces are escaped as in JavaScript:
 * `\ufeff`. Such a character is often the fault that a message is about, and a terminal may execute some of them.
 */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (character) => SHORT_ESCAPES.get(character) ?? escaped(character))
}

function escaped(character: string): string {
  const code = character.codePointAt(0)!.toString(16)
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`
}

function shorten(text: string): string {
  if (text.length <= MAX_QUOTED_LENGTH) return text
  // The first half of a surrogate pair is removed, since it would be shown as a code that the text does not have.
  return `${text.slice(0, MAX_QUOTED_LENGTH).replace(/[\ud800-\udbff]$/, '')}...`
}

/** An ArrayBuffer with the properties that ES2024 adds. */
interface MaybeResizable {
  readonly resizable?: boolean
}

/**
 * Why native code cannot use the memory of an array, as the end of a phrase (`over a SharedArrayBuffer`); undefined if
 * it can.
 */
export function memoryFault(view: ArrayBufferView): string | undefined {
  const buffer = view.buffer
  // One property distinguishes a plain buffer: SharedArrayBuffer has no `resizable`.
  if ((buffer as MaybeResizable).resizable !== false) {
    if (types.isSharedArrayBuffer(buffer)) return 'over a SharedArrayBuffer'
    if ((buffer as MaybeResizable).resizable === true) return 'over a resizable ArrayBuffer'
  }
  return view.byteLength === 0 && isDetached(buffer) ? 'over a detached ArrayBuffer' : undefined
}

function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    new Uint8Array(buffer)
    return false
  } catch {
    return true
  }
}
