/**
 * Text files. This package reads all of them with these functions.
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
 * Reads a text file in UTF-8. A byte-order mark at its beginning is removed.
 *
 * @throws GruError ERR_GRU_FORMAT if the file cannot be read (with the system's error as cause) or
 *   is not UTF-8; the message says what it seems to be
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

function otherForm(bytes: Buffer): string | undefined {
  const marked = MARKS.find(([, mark]) => bytes.subarray(0, mark.length).equals(Buffer.from(mark)))
  if (marked !== undefined) return marked[0]
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
