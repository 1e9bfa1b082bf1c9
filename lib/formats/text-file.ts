/**
 * Files of text: the one way in which this package reads them.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { argumentError } from '../errors'
import { readError } from '../files'
import { checkPath } from '../validate'
import { binaryKind } from './content-kind'

const BYTE_ORDER_MARK = '\ufeff'

/**
 * Reads a file of text in UTF-8. A byte-order mark at its beginning is no part of the text.
 *
 * @throws GruError ERR_GRU_FORMAT where the file cannot be read (with the system's error as cause)
 *   or is not UTF-8, saying what it seems to be
 */
export async function readTextFile(path: string): Promise<string> {
  checkPath('path', path)
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (cause) {
    throw readError(path, cause)
  }
  const text = decodeUtf8(bytes, path)
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(BYTE_ORDER_MARK.length) : text
}

/**
 * The text that bytes are in UTF-8; a byte-order mark stays in it.
 *
 * @param place - names the bytes in messages
 * @throws GruError ERR_GRU_FORMAT where they are not UTF-8, saying what they seem to be
 */
export function decodeUtf8(bytes: Buffer, place: string): string {
  const other = otherForm(bytes)
  if (other !== undefined) throw argumentError('ERR_GRU_FORMAT', place, 'text in UTF-8', other)
  if (isUtf8(bytes)) return bytes.toString()
  const { byte, line } = firstFault(bytes)
  const got = `the byte 0x${byte.toString(16)}, as in Windows-1252 or Latin-1`
  throw argumentError('ERR_GRU_FORMAT', `${place}, line ${line}`, 'text in UTF-8', got)
}

/** How texts begin that are not in UTF-8; UTF-32's mark begins with UTF-16's. */
const MARKS: readonly (readonly [form: string, bytes: readonly number[]])[] = [
  ['UTF-32', [0xff, 0xfe, 0, 0]],
  ['UTF-32', [0, 0, 0xfe, 0xff]],
  ['UTF-16', [0xff, 0xfe]],
  ['UTF-16', [0xfe, 0xff]],
]

function otherForm(bytes: Buffer): string | undefined {
  const marked = MARKS.find(([, mark]) => bytes.subarray(0, mark.length).equals(Buffer.from(mark)))
  if (marked !== undefined) return marked[0]
  return looksLikeUtf16(bytes) ? 'UTF-16 without a byte-order mark' : binaryKind(bytes)
}

const SAMPLE_BYTES = 64

/** Whether every second byte is zero, and no other: Latin letters and digits as UTF-16 has them. */
function looksLikeUtf16(bytes: Buffer): boolean {
  const sample = bytes.subarray(0, Math.min(SAMPLE_BYTES, bytes.length & ~1))
  if (sample.length === 0) return false
  return [0, 1].some((zeros) => sample.every((byte, i) => (byte === 0) === (i % 2 === zeros)))
}

/** The first byte that no UTF-8 has there, and its line. */
function firstFault(bytes: Buffer): { readonly byte: number; readonly line: number } {
  // Decoding puts U+FFFD for what is not UTF-8; up to the first one, text and bytes are the same.
  // One that stands in the text itself has its own three bytes.
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
