/**
 * Text files. This package reads all of them with these functions.
 *
 * @module
 */
import { constants, isUtf8 } from 'node:buffer'
import { promises as fs } from 'node:fs'
import { argumentError } from '../errors'
import { readError } from '../files'
import { checkPath } from '../validate'
import { binaryKind } from './content-kind'

const BYTE_ORDER_MARK = '\ufeff'

/**
 * Reads a text file in UTF-8, or in UTF-16 with a byte-order mark. The mark is removed.
 *
 * @throws GruError ERR_GRU_FORMAT if the file cannot be read (with the system's error as cause) or
 *   is in another encoding; the message says what it seems to be
 */
export async function readTextFile(path: string): Promise<string> {
  return decodeText(await readBytes(path), path).text
}

/**
 * Reads the bytes of a file.
 *
 * @throws GruError ERR_GRU_FORMAT if the file cannot be read, with the system's error as cause
 */
export async function readBytes(path: string): Promise<Buffer> {
  checkPath('path', path)
  try {
    return await fs.readFile(path)
  } catch (cause) {
    throw readError(path, cause)
  }
}

/** The text of a file, without a byte-order mark, and how the file encodes it. */
export interface DecodedText {
  readonly text: string
  readonly encoding: 'UTF-8' | 'UTF-16'
}

/**
 * Decodes bytes that are text in UTF-8, or in UTF-16 with a byte-order mark.
 *
 * @param place - the name of the bytes in messages
 * @throws GruError ERR_GRU_FORMAT if they are neither, or too long for one string; the message says what they seem to be
 */
export function decodeText(bytes: Buffer, place: string): DecodedText {
  if (bytes.length > constants.MAX_STRING_LENGTH) {
    const expected = `a text of at most ${constants.MAX_STRING_LENGTH} bytes`
    throw argumentError('ERR_GRU_FORMAT', place, expected, String(bytes.length))
  }
  const utf16 = utf16Form(bytes)
  if (utf16 !== undefined) return { text: decodeUtf16(bytes, utf16, place), encoding: 'UTF-16' }
  const text = decodeUtf8(bytes, place)
  const begin = text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0
  return { text: text.slice(begin), encoding: 'UTF-8' }
}

/** The order of bytes that a UTF-16 mark at the beginning says. UTF-32's mark begins with the same two bytes. */
function utf16Form(bytes: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  if (markOf(bytes) !== 'UTF-16') return undefined
  return bytes[0] === 0xff ? 'utf-16le' : 'utf-16be'
}

function decodeUtf16(bytes: Buffer, form: 'utf-16le' | 'utf-16be', place: string): string {
  try {
    return new TextDecoder(form, { fatal: true }).decode(bytes)
  } catch (cause) {
    const got = 'half of a character in UTF-16'
    throw argumentError('ERR_GRU_FORMAT', place, 'whole characters', got, { cause })
  }
}

/**
 * Decodes bytes as UTF-8. A byte-order mark stays in the text.
 *
 * @param place - the name of the bytes in messages
 * @throws GruError ERR_GRU_FORMAT if they are not UTF-8; the message says what they seem to be
 */
export function decodeUtf8(bytes: Buffer, place: string): string {
  const other = otherForm(bytes)
  if (other !== undefined) throw argumentError('ERR_GRU_FORMAT', place, 'text in UTF-8', other)
  if (isUtf8(bytes)) return bytes.toString()
  const { byte, line } = firstFault(bytes)
  const got = `the byte 0x${byte.toString(16)}, as in Windows-1252 or Latin-1`
  throw argumentError('ERR_GRU_FORMAT', `${place}, line ${line}`, 'text in UTF-8', got)
}

/** The first bytes of texts that are not in UTF-8. UTF-32's mark begins with UTF-16's. */
const MARKS: readonly (readonly [form: string, bytes: readonly number[]])[] = [
  ['UTF-32', [0xff, 0xfe, 0, 0]],
  ['UTF-32', [0, 0, 0xfe, 0xff]],
  ['UTF-16', [0xff, 0xfe]],
  ['UTF-16', [0xfe, 0xff]],
]

function markOf(bytes: Buffer): string | undefined {
  const marked = MARKS.find(([, mark]) => bytes.subarray(0, mark.length).equals(Buffer.from(mark)))
  return marked?.[0]
}

function otherForm(bytes: Buffer): string | undefined {
  const marked = markOf(bytes)
  if (marked !== undefined) return marked
  return looksLikeUtf16(bytes) ? 'UTF-16 without a byte-order mark' : binaryKind(bytes)
}

const SAMPLE_BYTES = 64

/** Whether every second byte is zero and no other byte is: Latin letters and digits in UTF-16. */
function looksLikeUtf16(bytes: Buffer): boolean {
  const sample = bytes.subarray(0, Math.min(SAMPLE_BYTES, bytes.length & ~1))
  if (sample.length === 0) return false
  return [0, 1].some((zeros) => sample.every((byte, i) => (byte === 0) === (i % 2 === zeros)))
}

/** The first byte that is not valid in UTF-8, and its line. */
function firstFault(bytes: Buffer): { readonly byte: number; readonly line: number } {
  // Decoding replaces each invalid sequence by U+FFFD. Up to the first one, text and bytes agree. A
  // U+FFFD in the text itself has its own three bytes.
  const text = bytes.toString()
  let offset = 0
  let begin = 0
  for (;;) {
    const end = text.indexOf('\ufffd', begin)
    offset += Buffer.byteLength(text.slice(begin, end))
    if (bytes.toString('latin1', offset, offset + 3) !== '\xef\xbf\xbd') {
      const line = text.slice(0, end).split(/\r\n?|\n/).length
      return { byte: bytes[offset]!, line }
    }
    offset += 3
    begin = end + 1
  }
}
