import { writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { contentKind, HEAD_BYTES } from '../../lib/formats/content-kind'
import { expectGruRejection } from '../support/errors'
import { readWhole } from '../support/safetensors'
import { temporaryFolder } from '../support/temporary-folder'
import { zip } from '../support/zip'

const inFolder = temporaryFolder()

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')

/** A protobuf field with bytes in it. */
function field(number: number, content: Uint8Array): Buffer {
  const length = Buffer.of((content.length & 0x7f) | 0x80, content.length >> 7)
  return Buffer.concat([Buffer.of((number << 3) | 2), length, content])
}

/** ONNX's ModelProto: its version, who wrote it, a graph. */
const onnx = Buffer.concat([
  Buffer.of(0x08, 8),
  field(2, latin1('pytorch')),
  field(3, latin1('2.13.0')),
  field(7, Buffer.alloc(300, 1)),
  field(8, Buffer.of(0x0a, 0, 0x10, 17)),
])

const hdf5 = latin1('\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0')
const html = '<!DOCTYPE html>\n<html><head><title>Not found</title></head></html>'
const lfs = `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 1234\n`
const python = '\x80\x02}q\0X\x01\0\0\0aq\x01K\x01s.'
const olderTorch = '\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.'

const KINDS: readonly [what: string, bytes: Buffer, kind: string][] = [
  ['nothing', Buffer.alloc(0), 'an empty file'],
  ['torch.save', zip('archive/data.pkl'), 'a zip archive, as PyTorch writes'],
  ['torch.export', zip('m/data/weights/weight_0'), 'a zip archive, as PyTorch writes'],
  ['.keras', zip('metadata.json', '{"keras_version": "3"}'), 'a zip archive, as Keras writes'],
  ['.keras in another order', zip('config.json', '{}'), 'a zip archive, as Keras writes'],
  ['.npz', zip('w.npy'), 'a zip archive, as NumPy writes'],
  ['another zip', zip('a.txt'), 'a zip archive'],
  ['an empty zip', Buffer.concat([latin1('PK\x05\x06'), Buffer.alloc(18)]), 'an empty zip archive'],
  ['.h5', hdf5, 'an HDF5 file, as Keras writes'],
  [
    ".h5 after a user's block",
    Buffer.concat([Buffer.alloc(512), hdf5]),
    'an HDF5 file, as Keras writes',
  ],
  ['ONNX', onnx, 'a protobuf message, as ONNX writes'],
  ['ONNX, cut', onnx.subarray(0, 40), 'a protobuf message, as ONNX writes'],
  ['a pickle', latin1(python), 'a pickle, as Python and older PyTorch write'],
  ['an older torch.save', latin1(olderTorch), 'a pickle, as Python and older PyTorch write'],
  [
    'a pickle of protocol 4',
    latin1('\x80\x04\x95\x09\0\0\0\0\0\0\0}\x94\x8c\x01a\x94K\x01s.'),
    'a pickle, as Python and older PyTorch write',
  ],
  [
    'a pickle of protocol 0',
    latin1('(dp0\nVa\np1\nI1\ns.'),
    'a pickle, as Python and older PyTorch write',
  ],
  ['gzip', gzipSync('{}'.repeat(100)), 'a gzip archive'],
  ['bzip2', latin1('BZh91AY&SY\x01\x02'), 'a bzip2 archive'],
  ['Zstandard', latin1('\x28\xb5\x2f\xfd\x04\0'), 'a Zstandard archive'],
  ['xz', latin1('\xfd7zXZ\0\0\x04'), 'an xz archive'],
  ['7z', latin1('7z\xbc\xaf\x27\x1c\0\x04'), 'a 7z archive'],
  ['tar', Buffer.concat([Buffer.alloc(257, 'a'), latin1('ustar\x0000')]), 'a tar archive'],
  ['.npy', latin1('\x93NUMPY\x01\0v\0'), "a NumPy array's file"],
  ['GGUF', latin1('GGUF\x03\0\0\0\0\0\0\0'), 'a GGUF model'],
  ['TensorFlow Lite', latin1('\x1c\0\0\0TFL3\x14\0'), 'a TensorFlow Lite model'],
  [
    'a Git LFS pointer',
    latin1(lfs),
    'a Git LFS pointer, which stands for a file that was not fetched (git lfs pull)',
  ],
  ['HTML', latin1(html), 'an HTML page'],
  ['HTML after a comment', latin1(`\n<!-- saved -->\n${html}`), 'an HTML page'],
  ['XML', latin1('<?xml version="1.0"?>\n<Error/>'), 'an XML text'],
  ['a JSON object', latin1('{"modelTopology": {}}'), 'a JSON text'],
  ['JSON with a brace where a header would begin', latin1('{"abcd":{"e": 1}}'), 'a JSON text'],
  ['a short JSON array', latin1(' [1]'), 'a JSON text'],
  ['JSON after a byte order mark', Buffer.from('\ufeff{"a": "é"}'), 'a JSON text'],
  ['text', latin1('Entry not found'), 'a text that begins "Entry not found"'],
  [
    'a text cut within a character',
    Buffer.from(`a${'é'.repeat(HEAD_BYTES)}`),
    `a text that begins "a${'é'.repeat(59)}..."`,
  ],
]

test.each(KINDS)('%s is refused for what it is, whatever its name', async (_, bytes, kind) => {
  const file = inFolder('model.safetensors')
  writeFileSync(file, bytes)
  const expected = 'a safetensors file, the one kind that this version reads'
  const message = `${file}: expected ${expected}, got ${kind}`
  await expectGruRejection(readWhole(file), 'ERR_GRU_FORMAT', message)
})

test.each<[string, Buffer]>([
  ['zeros', Buffer.alloc(100)],
  ['numbers', Buffer.from(Float32Array.of(0.1, -0.2, 0.3, -0.4).buffer)],
  ['a protobuf message with other fields', Buffer.of(0x08, 8, 0x4a, 1, 0, 0x3a, 1, 0)],
  ['a protobuf message with other types', Buffer.of(0x08, 8, 0x10, 1, 0x3a, 1, 0)],
  ['a protobuf message that begins otherwise', Buffer.of(0x12, 1, 0x61, 0x3a, 1, 0)],
  ['a number without end', Buffer.alloc(20, 0x88)],
])('%s have no kind that is known', (_, bytes) => {
  expect(contentKind(bytes)).toBeUndefined()
})

test('other bytes are refused for the length of a header that they would be', async () => {
  const file = inFolder('weights.bin')
  writeFileSync(file, Buffer.alloc(100, 0x88))
  const message =
    /expected a safetensors file with a header of at most 100000000 bytes, got one of 9838263505978427528$/
  await expectGruRejection(readWhole(file), 'ERR_GRU_FORMAT', message)
})

// A header is accepted even if its length looks like one of the kinds above.
test.each([0x0808, 0x4b50, 0x8b1f])('a header of %d bytes is none of these', async (length) => {
  const header = '{}'.padEnd(length)
  const prefix = Buffer.alloc(8)
  prefix.writeBigUInt64LE(BigInt(length))
  const file = inFolder('long.safetensors')
  writeFileSync(file, Buffer.concat([prefix, latin1(header)]))
  expect((await readWhole(file)).tensors.size).toBe(0)
})
