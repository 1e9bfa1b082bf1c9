/**
 * The names in an HDF5 group, and where the objects are that they mean.
 *
 * @module
 */
import { quote } from '../errors'
import type { Cursor, Hdf5Bytes } from './hdf5-bytes'
import { MESSAGE, type Message, messageOfType, messagesOfType } from './hdf5-messages'

/** The address of each object's header, by the object's name. */
export type Links = ReadonlyMap<string, number>

/** Whether an object with these messages is a group. */
export function isGroup(messages: readonly Message[]): boolean {
  return messages.some(({ type }) => type === MESSAGE.symbolTable || type === MESSAGE.linkInfo)
}

/**
 * Reads the links of a group. Links to other files and links by path are refused: nothing in a file may name what is
 * read.
 */
export function readLinks(file: Hdf5Bytes, messages: readonly Message[]): Links {
  const links = new Map<string, number>()
  const info = messageOfType(messages, MESSAGE.linkInfo)
  if (info !== undefined) checkIsCompact(info)
  for (const link of messagesOfType(messages, MESSAGE.link)) addLink(links, link)
  const table = messageOfType(messages, MESSAGE.symbolTable)
  if (table !== undefined) addSymbols(links, file, table)
  return links
}

function add(links: Map<string, number>, cursor: Cursor, name: string, address: number): void {
  if (name === '' || name.includes('/')) throw cursor.fault('the name of an object', quote(name))
  if (links.has(name)) throw cursor.fault('each name once', `${quote(name)} again`)
  links.set(name, address)
}

function checkIsCompact(info: Cursor): void {
  const version = info.u8()
  if (version !== 0) throw info.fault('version 0', `${version}`)
  const isOrdered = (info.u8() & 1) === 1
  if (isOrdered) info.skip(8)
  if (info.file.isNowhere(info.address())) return
  throw info.fault('links in a symbol table or in the header', 'dense storage (a fractal heap)')
}

const LINK = { hasType: 0x08, hasOrder: 0x04, hasCharset: 0x10 } as const
const HARD = 0
const SOFT = 1

function addLink(links: Map<string, number>, link: Cursor): void {
  const version = link.u8()
  if (version !== 1) throw link.fault('version 1', `${version}`)
  const flags = link.u8()
  const type = (flags & LINK.hasType) === 0 ? HARD : link.u8()
  if ((flags & LINK.hasOrder) !== 0) link.skip(8)
  if ((flags & LINK.hasCharset) !== 0) link.skip(1)
  const name = link.text(link.unsigned(2 ** (flags & 3)))
  if (type !== HARD)
    throw hardLinkError(link, name, type === SOFT ? 'a soft link' : 'an external link')
  add(links, link, name, link.address())
}

function hardLinkError(cursor: Cursor, name: string, got: string): Error {
  return cursor.fault(`${quote(name)} to be an object of the file`, got)
}

/** Where the names of a group of the older form are. */
interface Names {
  readonly begin: number
  readonly end: number
}

const GROUP_NODE = 0

function addSymbols(links: Map<string, number>, file: Hdf5Bytes, table: Cursor): void {
  const [tree, heap] = [table.address(), table.address()]
  const names = readLocalHeap(file, heap)
  for (const { address } of leavesOf(file, tree, GROUP_NODE, file.lengthBytes)) {
    addNode(links, file, address, names)
  }
}

function readLocalHeap(file: Hdf5Bytes, address: number): Names {
  const head = file.structure('local heap', address, 8 + 2 * file.lengthBytes + file.addressBytes)
  head.expect('HEAP')
  head.skip(4)
  const size = head.length()
  head.length()
  const begin = head.address()
  if (begin + size > file.size)
    throw head.fault(`${size} bytes at ${begin}`, `a file of ${file.size}`)
  return { begin, end: begin + size }
}

const SYMBOL_OF_SOFT_LINK = 2
const SYMBOL_SCRATCH_BYTES = 16

function addNode(links: Map<string, number>, file: Hdf5Bytes, address: number, names: Names): void {
  const head = file.structure('symbol table node', address, 8)
  head.expect('SNOD')
  head.skip(2)
  const count = head.u16()
  const symbolBytes = 2 * file.addressBytes + 8 + SYMBOL_SCRATCH_BYTES
  const symbols = file.structure('symbol table node', address + 8, count * symbolBytes)
  for (let i = 0; i < count; i++) {
    const nameBegin = names.begin + symbols.address()
    const object = symbols.address()
    const cache = symbols.u32()
    symbols.skip(4 + SYMBOL_SCRATCH_BYTES)
    const name = file.textUntilZero('name', nameBegin, names.end)
    if (cache === SYMBOL_OF_SOFT_LINK) throw hardLinkError(symbols, name, 'a soft link')
    add(links, symbols, name, object)
  }
}

/** What a B-tree of version 1 leads to: the key before it, and its address. */
export interface Leaf {
  readonly key: Cursor
  readonly address: number
}

/**
 * All that a B-tree of version 1 leads to, in order.
 *
 * @param type - the type that its nodes must have
 * @param keyBytes - the bytes of a key
 */
export function leavesOf(
  file: Hdf5Bytes,
  root: number,
  type: number,
  keyBytes: number,
): readonly Leaf[] {
  const leaves: Leaf[] = []
  const visit = (address: number, above: number | undefined): void => {
    const head = file.structure('B-tree', address, 8 + 2 * file.addressBytes)
    head.expect('TREE')
    const got = head.u8()
    if (got !== type) throw head.fault(`a node of type ${type}`, `${got}`)
    const level = head.u8()
    // Levels fall, so a node cannot be below itself.
    if (above !== undefined && level !== above - 1)
      throw head.fault(`level ${above - 1}`, `${level}`)
    const count = head.u16()
    const bytes = count * (keyBytes + file.addressBytes)
    const entries = file.structure('B-tree', address + head.bytes.length, bytes)
    for (let i = 0; i < count; i++) {
      const key = entries.part('key', keyBytes)
      const child = entries.address()
      if (level === 0) leaves.push({ key, address: child })
      else visit(child, level)
    }
  }
  visit(root, undefined)
  return leaves
}
