/** The kinds of typed array that the package takes. */
interface ArrayConstructor<T extends ArrayBufferView> {
  readonly BYTES_PER_ELEMENT: number
  new (buffer: ArrayBufferLike): T
}

/** An array over a SharedArrayBuffer. */
export function shared<T extends ArrayBufferView>(kind: ArrayConstructor<T>, length: number): T {
  return new kind(new SharedArrayBuffer(length * kind.BYTES_PER_ELEMENT))
}

/** An array over an ArrayBuffer that can grow. */
export function resizable<T extends ArrayBufferView>(kind: ArrayConstructor<T>, length: number): T {
  const bytes = length * kind.BYTES_PER_ELEMENT
  // The constructor's second parameter is newer than the standard library that is declared here.
  const buffer: unknown = Reflect.construct(ArrayBuffer, [bytes, { maxByteLength: 2 * bytes }])
  return new kind(buffer as ArrayBuffer)
}

/** An array whose memory has been transferred away. */
export function detached<T extends ArrayBufferView>(kind: ArrayConstructor<T>, length: number): T {
  const array = new kind(new ArrayBuffer(length * kind.BYTES_PER_ELEMENT))
  structuredClone(array, { transfer: [array.buffer as ArrayBuffer] })
  return array
}
