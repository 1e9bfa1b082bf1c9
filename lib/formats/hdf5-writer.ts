/**
 * Writing HDF5 files that h5py and Keras open: groups, float32 arrays, and attributes that are texts.
 *
 * The file has the oldest form, which every version of HDF5 reads: a superblock of version 0, object headers of version
 * 1, groups by symbol tables, and contiguous arrays. The same content gives the same bytes.
 *
 * @module
 */
import { argumentError, quote } from '../errors'
import { bytesOf } from './byte-source'
import { countOfBytes } from './safetensors-dtypes'
import { describeShape, isCount } from './safetensors-header'

/** Texts by names: one text, or an array of them. */
export type Hdf5Texts = ReadonlyMap<string, string | readonly string[]>

/** A group to write. */
export interface Hdf5NewGroup {
  readonly attributes?: Hdf5Texts
  /** Groups and arrays by name, in any order. */
  readonly members: ReadonlyMap<string, Hdf5NewGroup | Hdf5NewArray>
}

/** An array to write. */
export interface Hdf5NewArray {
  readonly attributes?: Hdf5Texts
  /** Sizes, row-major; empty for one value. */
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/**
 * The bytes of a file, in parts. The values of arrays are parts in their own memory, which must not change before the
 * parts are written.
 *
 * @throws GruError ERR_GRU_SHAPE if an array's values do not match its shape; ERR_GRU_VALUE if a name or a text cannot be
 *   written, or an object's attributes are too long
 */
export function hdf5Pieces(root: Hdf5NewGroup): readonly Uint8Array[] {
  const groups = membersOf(root)
  const largest = groups.reduce((most, { members }) => Math.max(most, members.size), 0)
  const writer = new TreeWriter(Math.max(MIN_TREE_K, Math.ceil(largest / NODE_SYMBOLS / 2)))
  return writer.write(root)
}

/** The group and all groups within it. */
function membersOf(root: Hdf5NewGroup): readonly Hdf5NewGroup[] {
  const groups = [root]
  for (const { members } of groups) {
    for (const member of members.values()) if (!isArray(member)) groups.push(member)
  }
  return groups
}

function isArray(member: Hdf5NewGroup | Hdf5NewArray): member is Hdf5NewArray {
  return 'data' in member
}

/** Half of the names in a node. A node has memory for all, even if it has fewer. */
const NODE_K = 4
const NODE_SYMBOLS = 2 * NODE_K
const MIN_TREE_K = 16
const MAX_MESSAGE_BYTES = 0xfff8
/** An address that means nothing. */
const NOWHERE = 2n ** 64n - 1n

type Field = readonly [bytes: 1 | 2 | 4 | 8, value: number | bigint] | Uint8Array

/** Numbers, all little-endian, and bytes, one after another. */
function pack(...fields: readonly Field[]): Buffer {
  const parts = fields.map((field) => (field instanceof Uint8Array ? field : packNumber(...field)))
  return Buffer.concat(parts)
}

function packNumber(bytes: number, value: number | bigint): Buffer {
  const packed = Buffer.alloc(8)
  packed.writeBigUInt64LE(BigInt(value))
  return packed.subarray(0, bytes)
}

function ascii(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

/** Zeros after bytes, up to a multiple of 8. */
function padded(bytes: Uint8Array): Buffer {
  return paddedTo(bytes, 8 * Math.ceil(bytes.length / 8))
}

function paddedTo(bytes: Uint8Array, length: number): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(length - bytes.length)])
}

interface GroupPlace {
  readonly header: number
  readonly tree: number
  readonly heap: number
}

const SUPERBLOCK_BYTES = 96

/** Writes members before their groups, so that every address is known when it is written. */
class TreeWriter {
  readonly #treeK: number
  readonly #pieces: Uint8Array[] = []
  #end = SUPERBLOCK_BYTES

  /** @param treeK - half of the nodes of names that the largest group has */
  constructor(treeK: number) {
    this.#treeK = treeK
  }

  write(root: Hdf5NewGroup): readonly Uint8Array[] {
    const place = this.#group(root, '/')
    return [this.#superblock(place), ...this.#pieces]
  }

  #superblock({ header, tree, heap }: GroupPlace): Buffer {
    const sizes: Field[] = [[2, NODE_K], [2, this.#treeK]] // prettier-ignore
    const root: Field[] = [[8, 0], [8, header], [4, 1], [4, 0], [8, tree], [8, heap]] // prettier-ignore
    return pack(
      ascii('\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0'),
      ...sizes,
      [4, 0],
      [8, 0],
      [8, NOWHERE],
      [8, this.#end],
      [8, NOWHERE],
      ...root,
    )
  }

  /** Appends bytes, and zeros up to a multiple of 8, and returns their address. */
  #append(bytes: Uint8Array): number {
    const address = this.#end
    this.#pieces.push(bytes)
    const padding = -bytes.length & 7
    if (padding > 0) this.#pieces.push(new Uint8Array(padding))
    this.#end += bytes.length + padding
    return address
  }

  #group({ attributes, members }: Hdf5NewGroup, path: string): GroupPlace {
    const symbols: GroupSymbol[] = []
    for (const [name, member] of members) {
      const at = `${path}${path === '/' ? '' : '/'}${name}`
      const bytes = nameBytes(name, at)
      const header = isArray(member) ? this.#array(member, at) : this.#group(member, at).header
      symbols.push({ bytes, header })
    }
    symbols.sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    const { heap, offsets } = this.#localHeap(symbols)
    const tree = this.#groupTree(symbols, offsets)
    const messages = [message(SYMBOL_TABLE, pack([8, tree], [8, heap]))]
    const header = this.#header([...messages, ...this.#attributes(attributes, path)])
    return { header, tree, heap }
  }

  /** The names of a group. The empty text at the beginning is the key before the first name. */
  #localHeap(symbols: readonly GroupSymbol[]): { heap: number; offsets: readonly number[] } {
    const texts = [Buffer.alloc(8), ...symbols.map(({ bytes }) => padded(pack(bytes, [1, 0])))]
    const offsets: number[] = []
    let end = 0
    for (const text of texts) {
      offsets.push(end)
      end += text.length
    }
    const noFreeSpace = 1
    const head = pack(ascii('HEAP\0\0\0\0'), [8, end], [8, noFreeSpace], [8, this.#end + 32])
    return { heap: this.#append(pack(head, ...texts)), offsets: offsets.slice(1) }
  }

  /** A tree of one level, over nodes of names. */
  #groupTree(symbols: readonly GroupSymbol[], offsets: readonly number[]): number {
    const entries: Field[] = [[8, 0]]
    for (let begin = 0; begin < symbols.length; begin += NODE_SYMBOLS) {
      const end = Math.min(begin + NODE_SYMBOLS, symbols.length)
      const node = symbols
        .slice(begin, end)
        .map(({ header }, i) => symbol(offsets[begin + i]!, header))
      const bytes = pack(ascii('SNOD\x01\0'), [2, node.length], ...node)
      entries.push([8, this.#append(paddedTo(bytes, 8 + NODE_SYMBOLS * SYMBOL_BYTES))])
      entries.push([8, offsets[end - 1]!])
    }
    const count = (entries.length - 1) / 2
    const tree = pack(ascii('TREE\0\0'), [2, count], [8, NOWHERE], [8, NOWHERE], ...entries)
    return this.#append(paddedTo(tree, 24 + 8 * (4 * this.#treeK + 1)))
  }

  #array({ attributes, shape, data }: Hdf5NewArray, path: string): number {
    if (!shape.every(isCount) || countOfBytes(shape, 32) !== data.byteLength) {
      const expected = `values for the shape ${describeShape(shape)}`
      throw argumentError('ERR_GRU_SHAPE', quote(path), expected, `${data.length}`)
    }
    const address = data.length === 0 ? NOWHERE : this.#append(bytesOf(data))
    const layout = pack([1, 3], [1, 1], [8, address], [8, data.byteLength])
    return this.#header([
      message(SPACE, space(shape)),
      message(ELEMENT_TYPE, FLOAT32),
      message(FILL_VALUE, NO_FILL_VALUE),
      message(LAYOUT, layout),
      ...this.#attributes(attributes, path),
    ])
  }

  #header(messages: readonly Buffer[]): number {
    const size = messages.reduce((sum, { length }) => sum + length, 0)
    const references = 1
    const head = pack([2, 1], [2, messages.length], [4, references], [4, size], [4, 0])
    return this.#append(pack(head, ...messages))
  }

  #attributes(attributes: Hdf5Texts | undefined, path: string): readonly Buffer[] {
    if (attributes === undefined || attributes.size === 0) return []
    const texts = [...attributes.values()].flat().map((text) => utf8(text, path))
    if (texts.length > MAX_HEAP_OBJECTS) {
      const expected = `at most ${MAX_HEAP_OBJECTS} texts as attributes`
      throw argumentError('ERR_GRU_VALUE', quote(path), expected, `${texts.length}`)
    }
    const heap = this.#append(globalHeap(texts))
    let index = 0
    return [...attributes].map(([name, value]) => {
      const count = typeof value === 'string' ? 1 : value.length
      const places = texts
        .slice(index, index + count)
        .map((text, i) => place(text, heap, index + i + 1))
      index += count
      const shape = typeof value === 'string' ? [] : [count]
      return attribute(nameBytes(name, path), shape, places, path)
    })
  }
}

/** A member of a group: its name, and the address of its header. */
interface GroupSymbol {
  readonly bytes: Buffer
  readonly header: number
}

const SYMBOL_BYTES = 40

function symbol(nameOffset: number, header: number): Buffer {
  return paddedTo(pack([8, nameOffset], [8, header]), SYMBOL_BYTES)
}

function nameBytes(name: string, path: string): Buffer {
  if (name !== '' && name !== '.' && !/[/\0]/.test(name)) return utf8(name, path)
  throw argumentError('ERR_GRU_VALUE', quote(path), 'a name without / and zeros', quote(name))
}

function utf8(text: string, path: string): Buffer {
  const bytes = Buffer.from(text)
  if (bytes.toString() === text && !text.includes('\0')) return bytes
  throw argumentError('ERR_GRU_VALUE', quote(path), 'valid Unicode without zeros', quote(text))
}

const SPACE = 0x01
const ELEMENT_TYPE = 0x03
const FILL_VALUE = 0x05
const LAYOUT = 0x08
const ATTRIBUTE = 0x0c
const SYMBOL_TABLE = 0x11

function message(type: number, content: Uint8Array): Buffer {
  const bytes = padded(content)
  return pack([2, type], [2, bytes.length], [4, 0], bytes)
}

function space(shape: readonly number[]): Buffer {
  return pack([1, 1], [1, shape.length], [2, 0], [4, 0], ...shape.map((size): Field => [8, size]))
}

/** IEEE, little-endian: where its sign, exponent and mantissa are, and the exponent's bias. */
const FLOAT32 = Buffer.from('11201f000400000000002000170800177f000000', 'hex')
/** A text of variable length in UTF-8, made of bytes. */
const TEXT = Buffer.from('1901010010000000100000000100000000000800', 'hex')
/** Version 2: space when values are written, zeros in it if it was never written. */
const NO_FILL_VALUE = Buffer.from('0202020100000000', 'hex')

function attribute(
  name: Buffer,
  shape: readonly number[],
  places: readonly Buffer[],
  path: string,
): Buffer {
  const named = pack(name, [1, 0])
  const extent = space(shape)
  const sizes: Field[] = [named, TEXT, extent].map(({ length }) => [2, length])
  const head = pack([2, 1], ...sizes, padded(named), padded(TEXT), padded(extent))
  const content = pack(head, ...places)
  if (content.length <= MAX_MESSAGE_BYTES) return message(ATTRIBUTE, content)
  const expected = `attributes of at most ${MAX_MESSAGE_BYTES} bytes (16 for each text of an array)`
  throw argumentError('ERR_GRU_VALUE', quote(path), expected, `${content.length}`)
}

/** Where a text is: its length, the heap, and its number there. */
function place(text: Buffer, heap: number, index: number): Buffer {
  return text.length === 0 ? Buffer.alloc(16) : pack([4, text.length], [8, heap], [4, index])
}

const MAX_HEAP_OBJECTS = 0xffff
const MIN_HEAP_BYTES = 4096

/** A collection of texts, with numbers from 1 on. What is left is free space, object 0. */
function globalHeap(texts: readonly Buffer[]): Buffer {
  const objects = texts.map((text, i) =>
    pack([2, i + 1], [2, 0], [4, 0], [8, text.length], padded(text)),
  )
  const used = 16 + objects.reduce((sum, { length }) => sum + length, 0)
  const size = Math.max(MIN_HEAP_BYTES, used)
  const head = pack(ascii('GCOL\x01\0\0\0'), [8, size])
  const free = size - used >= 16 ? [pack([2, 0], [2, 0], [4, 0], [8, size - used])] : []
  return paddedTo(pack(head, ...objects, ...free), size)
}
