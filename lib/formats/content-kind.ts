/**
 * Finds the kind of a file from its first bytes, for messages about files of another kind.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer'
import { quote } from '../errors'
import { isOnnx } from './onnx-signature'

/** The number of first bytes that are enough to find the kind. */
export const HEAD_BYTES = 4096

/** Bytes that files of a kind have at their beginning or at given positions. */
interface Signature {
  readonly bytes: string
  readonly at?: readonly number[]
  readonly kind: string
}

/** The bytes are written as latin1. */
const SIGNATURES: readonly Signature[] = [
  // A user block, whose size is a power of two, may come before HDF5's superblock.
  { bytes: '\x89HDF\r\n\x1a\n', at: [0, 512, 1024, 2048], kind: 'an HDF5 file, as Keras writes' },
  { bytes: 'PK\x05\x06', kind: 'an empty zip archive' },
  { bytes: '\x1f\x8b', kind: 'a gzip archive' },
  { bytes: 'BZh', kind: 'a bzip2 archive' },
  { bytes: '\xfd7zXZ\0', kind: 'an xz archive' },
  { bytes: '\x28\xb5\x2f\xfd', kind: 'a Zstandard archive' },
  { bytes: '7z\xbc\xaf\x27\x1c', kind: 'a 7z archive' },
  { bytes: 'ustar', at: [257], kind: 'a tar archive' },
  { bytes: '\x93NUMPY', kind: "a NumPy array's file" },
  { bytes: 'GGUF', kind: 'a GGUF model' },
  { bytes: 'TFL3', at: [4], kind: 'a TensorFlow Lite model' },
]

const ZIP_ENTRY = 'PK\x03\x04'
const ZIP_NAME_LENGTH_AT = 26
const ZIP_NAME_AT = 30
/** Names of first entries that distinguish archives. */
const ZIP_KINDS: readonly [entry: RegExp, kind: string][] = [
  [/^[^/]+\/data(\.pkl|\/)/, 'a zip archive, as PyTorch writes'],
  [/^(metadata|config)\.json$/, 'a zip archive, as Keras writes'],
  [/\.npy$/, 'a zip archive, as NumPy writes'],
  [/^(\[Content_Types\]\.xml$|_rels\/|docProps\/|xl\/)/, 'a zip archive, as .xlsx files are'],
  [/^mimetype$/, 'a zip archive, as .ods files are'],
]

/** The kind among `signatures` whose signature the first bytes have. */
function signedKind(bytes: Buffer, signatures: readonly Signature[]): string | undefined {
  const latin1 = bytes.toString('latin1', 0, HEAD_BYTES)
  if (latin1.startsWith(ZIP_ENTRY)) return zipKind(bytes)
  const isSigned = ({ bytes, at = [0] }: Signature): boolean =>
    at.some((place) => latin1.startsWith(bytes, place))
  return signatures.find(isSigned)?.kind
}

/** Signatures with bytes that do not occur in ASCII text. */
const BINARY_SIGNATURES = SIGNATURES.filter(({ bytes }) => /[^ -~]/.test(bytes))

/**
 * The kind of a file that cannot be text, although a user may have given it as text: `a gzip archive`; undefined if its
 * first bytes do not show it.
 */
export function binaryKind(bytes: Buffer): string | undefined {
  return signedKind(bytes, BINARY_SIGNATURES)
}

function zipKind(bytes: Buffer): string {
  const length = bytes.length < ZIP_NAME_AT ? 0 : bytes.readUInt16LE(ZIP_NAME_LENGTH_AT)
  const entry = bytes.toString('latin1', ZIP_NAME_AT, ZIP_NAME_AT + length)
  return ZIP_KINDS.find(([pattern]) => pattern.test(entry))?.[1] ?? 'a zip archive'
}

// Protocols from 2 on begin with the opcode PROTO and their number. Protocols 0 and 1 begin with an empty collection, a
// mark or the two names of a global.
const PICKLE_PROTO = 0x80
const NEWEST_PICKLE = 5
const OLD_PICKLE = /^([}\]]q\0|\(?[dl]p\d+\n|\(?c[\w.]+\n[\w.]+\n)/

function isPickle(bytes: Buffer): boolean {
  const [opcode, protocol = 0] = bytes
  if (opcode === PICKLE_PROTO) return protocol >= 2 && protocol <= NEWEST_PICKLE
  return OLD_PICKLE.test(bytes.toString('latin1'))
}

/** The kinds of text, each with its beginning after spaces. */
const TEXT_KINDS: readonly [beginning: RegExp, kind: string][] = [
  [
    /^version https:\/\/git-lfs\.github\.com\//,
    'a Git LFS pointer, which stands for a file that was not fetched (git lfs pull)',
  ],
  [/^(<!--[^]*?-->\s*)?<(!doctype html|html|head|body|script|meta|title)\b/i, 'an HTML page'],
  [/^<\?xml\b/i, 'an XML text'],
  [/^[[{]/, 'a JSON text'],
]

/**
 * The kind of a file, as the end of a phrase: `a gzip archive`; undefined if its bytes do not show it.
 *
 * @param head - the first {@link HEAD_BYTES} of the file, or all of a shorter one
 */
export function contentKind(head: Uint8Array): string | undefined {
  if (head.length === 0) return 'an empty file'
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.length)
  const signed = signedKind(bytes, SIGNATURES)
  if (signed !== undefined) return signed
  if (isPickle(bytes)) return 'a pickle, as Python and older PyTorch write'
  if (isOnnx(bytes)) return 'a protobuf message, as ONNX writes'
  return textKind(bytes)
}

const REPLACEMENT = '\ufffd'
// eslint-disable-next-line no-control-regex -- control characters that no text has: all except line ends, tabs and form feeds
const CONTROL = /[\0-\x08\x0b\x0e-\x1f\x7f]/

function textKind(bytes: Buffer): string | undefined {
  // The bytes may end within a character, which has at most four bytes.
  const text = bytes.toString()
  const isText = isUtf8(bytes) || text.indexOf(REPLACEMENT) >= text.length - 3
  if (!isText || CONTROL.test(text)) return undefined
  const trimmed = text.replace(/^\ufeff/, '').trimStart()
  const known = TEXT_KINDS.find(([beginning]) => beginning.test(trimmed))
  return known?.[1] ?? `a text that begins ${quote(trimmed)}`
}
