/**
 * The messages of an HDF5 object's header: what it is, and its attributes.
 *
 * @module
 */
import type { Cursor, Hdf5Bytes } from './hdf5-bytes'
import { lookup3 } from './hdf5-checksum'

/** The types of messages that are read. */
export const MESSAGE = {
  space: 0x01,
  linkInfo: 0x02,
  elementType: 0x03,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const

const READ_TYPES: ReadonlySet<number> = new Set(Object.values(MESSAGE))
const WORDS: ReadonlyMap<number, string> = new Map(
  Object.entries(MESSAGE).map(([words, type]) => [type, words]),
)

export interface Message {
  readonly type: number
  readonly content: Cursor
}

/** The messages of one type, each at its beginning. */
export function messagesOfType(messages: readonly Message[], type: number): readonly Cursor[] {
  return messages.filter((message) => message.type === type).map(({ content }) => content)
}

/** The first message of a type. */
export function messageOfType(messages: readonly Message[], type: number): Cursor | undefined {
  return messages.find((message) => message.type === type)?.content
}

const SIGNATURE_2 = 'OHDR'
const CONTINUATION_SIGNATURE_2 = 'OCHK'
const CHECKSUM_BYTES = 4
const SHARED = 2

/** How the messages of a header are encoded. */
interface Encoding {
  /** What a message's type and size, and all before its content, take. */
  readonly prefixBytes: number
  readonly readPrefix: (cursor: Cursor) => Prefix
  /** Opens a block that a continuation message names. */
  readonly continuation: (file: Hdf5Bytes, begin: number, length: number) => Cursor
}

interface Prefix {
  readonly type: number
  readonly bytes: number
  readonly flags: number
}

/** Reads the messages of the header at an address. Those of types that do not matter are left out. */
export function readMessages(file: Hdf5Bytes, address: number): readonly Message[] {
  const first = file.structure('object header', address, 1).u8()
  return first === SIGNATURE_2.charCodeAt(0)
    ? readVersion2(file, address)
    : readVersion1(file, address)
}

const VERSION_1: Encoding = {
  prefixBytes: 8,
  readPrefix: (cursor) => {
    const prefix = { type: cursor.u16(), bytes: cursor.u16(), flags: cursor.u8() }
    cursor.skip(3)
    return prefix
  },
  continuation: (file, begin, length) => file.structure('object header', begin, length),
}
const PREFIX_BYTES_1 = 16

function readVersion1(file: Hdf5Bytes, address: number): readonly Message[] {
  const prefix = file.structure('object header', address, PREFIX_BYTES_1)
  const version = prefix.u8()
  if (version !== 1) throw prefix.fault('version 1 or 2', `${version}`)
  prefix.skip(7)
  const block = file.structure('object header', address + PREFIX_BYTES_1, prefix.u32())
  return readBlocks(block, VERSION_1, address)
}

const TIMES_ARE_STORED = 0x20
const LIMITS_ARE_STORED = 0x10
const ORDER_IS_STORED = 0x04
const TIMES_BYTES = 16
const LIMITS_BYTES = 4

function readVersion2(file: Hdf5Bytes, address: number): readonly Message[] {
  const start = file.structure('object header', address, 6)
  start.expect(SIGNATURE_2)
  const version = start.u8()
  if (version !== 2) throw start.fault('version 2', `${version}`)
  const flags = start.u8()
  let prefixBytes = start.position
  if ((flags & TIMES_ARE_STORED) !== 0) prefixBytes += TIMES_BYTES
  if ((flags & LIMITS_ARE_STORED) !== 0) prefixBytes += LIMITS_BYTES
  const sizeBytes = 2 ** (flags & 3)
  const size = file.structure('object header', address + prefixBytes, sizeBytes).unsigned(sizeBytes)
  prefixBytes += sizeBytes
  const block = checkedBlock(file, address, prefixBytes + size + CHECKSUM_BYTES)
  block.skip(prefixBytes)
  return readBlocks(block.part('messages', size), encodingOf(flags), address)
}

function encodingOf(flags: number): Encoding {
  const orderBytes = (flags & ORDER_IS_STORED) === 0 ? 0 : 2
  return {
    prefixBytes: 4 + orderBytes,
    readPrefix: (cursor) => {
      const prefix = { type: cursor.u8(), bytes: cursor.u16(), flags: cursor.u8() }
      cursor.skip(orderBytes)
      return prefix
    },
    continuation: (file, begin, length) => {
      const block = checkedBlock(file, begin, length)
      block.expect(CONTINUATION_SIGNATURE_2)
      return block.part('messages', Math.max(0, block.left - CHECKSUM_BYTES))
    },
  }
}

function checkedBlock(file: Hdf5Bytes, begin: number, length: number): Cursor {
  const block = file.structure('object header', begin, length)
  checkChecksum(block)
  return block
}

/** Checks a structure that ends with its checksum. */
export function checkChecksum({ file, place, bytes }: Cursor): void {
  const end = bytes.length - CHECKSUM_BYTES
  if (end < 0) throw file.fault(place, `${CHECKSUM_BYTES} bytes or more`, `${bytes.length}`)
  const got = new DataView(bytes.buffer, bytes.byteOffset + end).getUint32(0, true)
  const computed = lookup3(bytes.subarray(0, end))
  if (got !== computed) throw file.fault(place, `the checksum ${computed}`, `${got}`)
}

function readBlocks(first: Cursor, encoding: Encoding, address: number): readonly Message[] {
  const messages: Message[] = []
  const blocks = [first]
  const begins = new Set([address])
  for (const block of blocks) {
    while (block.left >= encoding.prefixBytes) {
      const { type, bytes, flags } = encoding.readPrefix(block)
      if (!READ_TYPES.has(type)) {
        block.skip(bytes)
        continue
      }
      const content = block.part(`message ${WORDS.get(type)}`, bytes)
      if ((flags & SHARED) !== 0)
        throw content.fault('its content', 'a reference to another object')
      if (type === MESSAGE.continuation) blocks.push(nextBlock(content, encoding, begins))
      else messages.push({ type, content })
    }
  }
  return messages
}

function nextBlock(content: Cursor, encoding: Encoding, begins: Set<number>): Cursor {
  const [begin, length] = [content.address(), content.length()]
  if (begins.has(begin)) throw content.fault('a further block', `the one at byte ${begin} again`)
  begins.add(begin)
  return encoding.continuation(content.file, begin, length)
}
