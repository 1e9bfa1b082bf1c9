/**
 * What the library uses of node:util. As Node's, the checks of types hold for objects of every realm, such as those of a
 * frame.
 *
 * @module
 */
type Getter = (this: unknown) => unknown

function getterOf(prototype: object, key: PropertyKey): Getter {
  const property = Object.getOwnPropertyDescriptor(prototype, key) as { readonly get: Getter }
  return property.get
}

const tagOfTypedArray = getterOf(
  Object.getPrototypeOf(Uint8Array.prototype) as object,
  Symbol.toStringTag,
)

const isTypedArray = (tag: string) => (value: unknown) => tagOfTypedArray.call(value) === tag

/** Whether a getter, which throws for objects of other classes, gives a value. */
function has(getter: Getter | undefined, value: unknown): boolean {
  try {
    return getter?.call(value) !== undefined
  } catch {
    return false
  }
}

const byteLength = getterOf(ArrayBuffer.prototype, 'byteLength')
/** Absent in pages that may not share memory. */
const sharedByteLength =
  typeof SharedArrayBuffer === 'undefined'
    ? undefined
    : getterOf(SharedArrayBuffer.prototype, 'byteLength')

export const types = {
  isFloat32Array: isTypedArray('Float32Array') as (value: unknown) => value is Float32Array,
  isInt32Array: isTypedArray('Int32Array') as (value: unknown) => value is Int32Array,
  isUint8Array: isTypedArray('Uint8Array') as (value: unknown) => value is Uint8Array,
  isDataView: (value: unknown): value is DataView =>
    ArrayBuffer.isView(value) && tagOfTypedArray.call(value) === undefined,
  isArrayBuffer: (value: unknown): value is ArrayBuffer => has(byteLength, value),
  isSharedArrayBuffer: (value: unknown): value is SharedArrayBuffer => has(sharedByteLength, value),
  /** Nothing outside of Node tells. */
  isProxy: (): boolean => false,
}

/** The name by which Node prints an object, if it has that method. */
export const inspect = { custom: Symbol.for('nodejs.util.inspect.custom') }
