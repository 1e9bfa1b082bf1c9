/**
 * Messages of protocol buffers as plain objects. A {@link MessageType} says once which fields a message has; reading and
 * writing follow from it.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer'
import { argumentError, quote } from '../errors'
import {
  describeWireType,
  LENGTH_DELIMITED,
  type ProtobufReader,
  tag,
  varint,
  type WireType,
} from './protobuf'

/** Pieces of a file. Large values are the caller's own memory and not copies. */
export class Pieces {
  readonly #pieces: Uint8Array[] = []
  #length = 0

  /** The bytes of all pieces. */
  get length(): number {
    return this.#length
  }

  add(...pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) {
      this.#pieces.push(piece)
      this.#length += piece.length
    }
  }

  /** Adds a field whose value consists of pieces. */
  addField(number: number, value: Pieces): void {
    this.add(tag(number, LENGTH_DELIMITED), varint(value.length))
    for (const piece of value.#pieces) this.add(piece)
  }

  /** The same bytes in fewer pieces: small ones that are neighbours become one, since each is written by a call of the system. */
  merged(): readonly Uint8Array[] {
    const merged: Uint8Array[] = []
    let small: Uint8Array[] = []
    const flush = (): void => {
      if (small.length > 0) merged.push(Buffer.concat(small))
      small = []
    }
    for (const piece of this.#pieces) {
      if (piece.length < SMALL_PIECE) {
        small.push(piece)
      } else {
        flush()
        merged.push(piece)
      }
    }
    flush()
    return merged
  }
}

const SMALL_PIECE = 2 ** 16

/** The values of one field while a message is read: it may occur several times. */
export interface Gathering<V> {
  add(reader: ProtobufReader, wireType: WireType): void
  value(): V
}

/** A field of a message. `V` is the type of the property that it becomes. */
export interface Field<V> {
  readonly number: number
  /** The property of a message without the field. */
  readonly absent: V
  gather(): Gathering<V>
  write(value: V, pieces: Pieces): void
}

/** The fields of a message by the names of their properties. */
export type Fields<M> = { readonly [K in keyof M]-?: Field<M[K]> }

/** A field that makes a file unreadable, and what is expected of a message instead. */
export type Refused = readonly [number: number, expected: string]

/** A kind of message. Fields that it does not name are passed over. */
export class MessageType<M extends object> {
  /** In the order of their numbers, in which protobuf's own libraries write them. */
  readonly #fields: readonly (readonly [name: string, field: Field<unknown>])[]
  readonly #byNumber: ReadonlyMap<number, Field<unknown>>
  readonly #refused: ReadonlyMap<number, string>

  constructor(fields: Fields<M>, ...refused: readonly Refused[]) {
    const entries = Object.entries<Field<unknown>>(fields as Record<string, Field<unknown>>)
    this.#fields = entries.sort(([, a], [, b]) => a.number - b.number)
    this.#byNumber = new Map(entries.map(([, field]) => [field.number, field]))
    this.#refused = new Map(refused)
  }

  /** A message with these properties. All others are absent. */
  of(properties: Partial<M>): M {
    const absent = this.#fields.map(([name, field]) => [name, field.absent])
    return { ...Object.fromEntries(absent), ...properties } as M
  }

  read(reader: ProtobufReader): M {
    const gatherings = this.#gather(reader)
    const properties = this.#fields.map(([name, field]) => {
      const gathering = gatherings.get(field)
      return [name, gathering === undefined ? field.absent : gathering.value()]
    })
    return Object.fromEntries(properties) as M
  }

  #gather(reader: ProtobufReader): ReadonlyMap<Field<unknown>, Gathering<unknown>> {
    const gatherings = new Map<Field<unknown>, Gathering<unknown>>()
    for (let next = reader.nextTag(); next !== undefined; next = reader.nextTag()) {
      const field = this.#byNumber.get(next.number)
      if (field === undefined) {
        const expected = this.#refused.get(next.number)
        if (expected !== undefined) throw reader.fault(expected, 'one that has them')
        reader.skip(next.wireType)
      } else {
        const gathering = gatherings.get(field) ?? field.gather()
        gatherings.set(field, gathering)
        gathering.add(reader, next.wireType)
      }
    }
    return gatherings
  }

  write(message: M, pieces: Pieces): void {
    const properties = message as Readonly<Record<string, unknown>>
    for (const [name, field] of this.#fields) field.write(properties[name], pieces)
  }
}

/** How one value is read and written. */
export interface Codec<V> {
  readonly wireType: WireType
  read(reader: ProtobufReader): V
  write(value: V): Uint8Array
}

function checkWireType(reader: ProtobufReader, expected: WireType, got: WireType): void {
  if (got === expected) return
  throw reader.fault(describeWireType(expected), describeWireType(got))
}

function withLength(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([varint(bytes.length), bytes])
}

export const BYTES: Codec<Uint8Array> = {
  wireType: LENGTH_DELIMITED,
  read: (reader) => reader.bytes(LENGTH_DELIMITED),
  write: withLength,
}

export const TEXT: Codec<string> = {
  wireType: LENGTH_DELIMITED,
  read: (reader) => {
    const bytes = reader.bytes(LENGTH_DELIMITED)
    if (!isUtf8(bytes)) throw reader.fault('text in UTF-8', 'other bytes')
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()
  },
  write: (text) => {
    const bytes = Buffer.from(text)
    if (bytes.toString() === text) return withLength(bytes)
    const expected = 'text that is valid Unicode'
    throw argumentError('ERR_GRU_VALUE', quote(text), expected, 'a lone surrogate')
  },
}

/** A field that occurs once. If it occurs several times, the last one counts, as the format says. */
function last<V, W extends V>(number: number, codec: Codec<W>, absent: V): Field<V> {
  return {
    number,
    absent,
    gather: () => {
      let value = absent
      return {
        add: (reader, wireType) => {
          checkWireType(reader, codec.wireType, wireType)
          value = codec.read(reader)
        },
        value: () => value,
      }
    },
    write: (value, pieces) => {
      if (value !== absent) pieces.add(tag(number, codec.wireType), codec.write(value as W))
    },
  }
}

/** A field with a default value, which is not written. */
export function single<V>(number: number, codec: Codec<V>, absent: NoInfer<V>): Field<V> {
  return last<V, V>(number, codec, absent)
}

/** A field that is undefined if the message has none. */
export function optional<V>(number: number, codec: Codec<V>): Field<V | undefined> {
  return last<V | undefined, V>(number, codec, undefined)
}

/** Bytes that may be many: they are written from their own memory. */
export function optionalBytes(number: number): Field<Uint8Array | undefined> {
  return {
    ...optional(number, BYTES),
    write: (value, pieces) => {
      if (value !== undefined) addBytes(number, value, pieces)
    },
  }
}

function addBytes(number: number, value: Uint8Array, pieces: Pieces): void {
  pieces.add(tag(number, LENGTH_DELIMITED), varint(value.length), value)
}

/** Any number of values. */
export function repeated<V>(number: number, codec: Codec<V>): Field<readonly V[]> {
  return list(
    number,
    (reader, wireType) => {
      checkWireType(reader, codec.wireType, wireType)
      return codec.read(reader)
    },
    (value, pieces) => {
      pieces.add(tag(number, codec.wireType), codec.write(value))
    },
  )
}

/** Any number of messages. `type` is called when it is needed: messages may contain each other. */
export function children<M extends object>(
  number: number,
  type: () => MessageType<M>,
): Field<readonly M[]> {
  return list(
    number,
    (reader, wireType) => readChild(reader, wireType, type()),
    (value, pieces) => {
      addChild(number, value, type(), pieces)
    },
  )
}

function list<V>(
  number: number,
  read: (reader: ProtobufReader, wireType: WireType) => V,
  write: (value: V, pieces: Pieces) => void,
): Field<readonly V[]> {
  return {
    number,
    absent: [],
    gather: () => {
      const values: V[] = []
      return {
        add: (reader, wireType) => {
          values.push(read(reader, wireType))
        },
        value: () => values,
      }
    },
    write: (values, pieces) => {
      for (const value of values) write(value, pieces)
    },
  }
}

/**
 * At most one message. The format would merge several of them, field by field. No writer makes use of that, and readers
 * disagree, so a second one is refused.
 */
export function child<M extends object>(
  number: number,
  type: () => MessageType<M>,
): Field<M | undefined> {
  return {
    number,
    absent: undefined,
    gather: () => {
      let value: M | undefined
      return {
        add: (reader, wireType) => {
          if (value !== undefined) throw reader.fault(`one field ${number} in a message`, 'two')
          value = readChild(reader, wireType, type())
        },
        value: () => value,
      }
    },
    write: (value, pieces) => {
      if (value !== undefined) addChild(number, value, type(), pieces)
    },
  }
}

function readChild<M extends object>(
  reader: ProtobufReader,
  wireType: WireType,
  type: MessageType<M>,
): M {
  checkWireType(reader, LENGTH_DELIMITED, wireType)
  return type.read(reader.message())
}

function addChild<M extends object>(
  number: number,
  value: M,
  type: MessageType<M>,
  pieces: Pieces,
): void {
  const content = new Pieces()
  type.write(value, content)
  pieces.addField(number, content)
}
