import { mkdirSync, writeFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { decodeUtf8, readTextFile } from '../../lib/formats/text-file'
import { expectGruError, expectGruRejection } from '../support/errors'
import { seed } from '../support/random'
import { temporaryFolder } from '../support/temporary-folder'
import { zip } from '../support/zip'

const inFolder = temporaryFolder()
const file = inFolder('text.txt')

function read(bytes: string | Uint8Array): Promise<string> {
  writeFileSync(file, bytes)
  return readTextFile(file)
}

const bigEndian = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16()
const marked = '\ufeffdäy 🌧\r\n'

test.each<[string, string | Buffer, string]>([
  ['UTF-16 and a mark', Buffer.from(marked, 'utf16le'), marked.slice(1)],
  ['UTF-16 and a mark, the other way', bigEndian(marked), marked.slice(1)],
  ['nothing', '', ''],
  ['one character', 'a', 'a'],
  ['many languages', 'Ünïcödé 数 🌧', 'Ünïcödé 数 🌧'],
  ['a byte-order mark', '\ufeffday', 'day'],
  ['a byte-order mark alone', '\ufeff', ''],
  ['a byte-order mark that is none, since it is not the first character', 'a\ufeff', 'a\ufeff'],
  ['a replacement character', 'a\ufffdb', 'a\ufffdb'],
  ['a word that some binary files begin with', 'GGUF,BZh\n', 'GGUF,BZh\n'],
  ['NUL characters', '\0\0\0\0ab', '\0\0\0\0ab'],
])('gives the text of a file with %s', async (_, content, text) => {
  expect(await read(content)).toBe(text)
})

test.each<[string, Buffer, string]>([
  ['UTF-16 alone', Buffer.from('day,w', 'utf16le'), 'UTF-16 without a byte-order mark'],
  ['the same, the other way', bigEndian('day,w'), 'UTF-16 without a byte-order mark'],
  ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]), 'UTF-32'],
  ['UTF-32, the other way', Buffer.from([0, 0, 0xfe, 0xff, 0, 0, 0, 0x61]), 'UTF-32'],
  ['a spreadsheet', zip('[Content_Types].xml'), 'a zip archive, as .xlsx files are'],
  ['another spreadsheet', zip('mimetype'), 'a zip archive, as .ods files are'],
  ['the beginning of a zip archive', Buffer.from('PK\u0003\u0004abc'), 'a zip archive'],
  ['a table of NumPy', Buffer.from('\x93NUMPY\x01\0', 'latin1'), "a NumPy array's file"],
  ['what gzip made', Buffer.from([0x1f, 0x8b, 8, 0]), 'a gzip archive'],
])('says that a file is %s', async (_, bytes, form) => {
  const message = `${file}: expected text in UTF-8, got ${form}`
  await expectGruRejection(read(bytes), 'ERR_GRU_FORMAT', message)
})

const join = (...parts: (string | number[])[]): Buffer =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string)))

test.each<[string, Buffer, number, string]>([
  ['a byte of Latin-1', Buffer.from('day\nn\u00e9\n', 'latin1'), 2, '0xe9'],
  ['one after replacement characters', join('\ufffd\r\n\ufffd\r\n', [0xff]), 3, '0xff'],
  ['a character cut short', Buffer.from('day\n\u20ac').subarray(0, -1), 2, '0xe2'],
  ['a surrogate', Buffer.from([0x61, 0x0d, 0x0a, 0xed, 0xa0, 0x80]), 2, '0xed'],
])('names line and byte of %s', async (_, bytes, line, byte) => {
  const got = `the byte ${byte}, as in Windows-1252 or Latin-1`
  const message = `${file}, line ${line}: expected text in UTF-8, got ${got}`
  await expectGruRejection(read(bytes), 'ERR_GRU_FORMAT', message)
})

test.each<[string, Buffer]>([
  ['half of a surrogate pair', Buffer.from('\ufeffa\ud83cb', 'utf16le')],
  ['a byte too few', Buffer.from('\ufeffab', 'utf16le').subarray(0, -1)],
])('refuses UTF-16 with %s', async (_, bytes) => {
  const message = `${file}: expected whole characters, got half of a character in UTF-16`
  await expectGruRejection(read(bytes), 'ERR_GRU_FORMAT', message)
})

test('finds the first byte that is wrong, after any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (before, after) => {
      const text = Buffer.from(`x${before}`)
      const bytes = Buffer.concat([text, Buffer.of(0xc0), Buffer.from(after)])
      const lines = text.toString().split(/\r\n?|\n/).length
      const got = 'the byte 0xc0, as in Windows-1252 or Latin-1'
      const message = `t, line ${lines}: expected text in UTF-8, got ${got}`
      expectGruError(() => decodeUtf8(bytes, 't'), 'ERR_GRU_FORMAT', message)
    }),
    { seed },
  )
})

test('refuses a file that is not there, and a folder', async () => {
  const missing = inFolder('missing.txt')
  const error = await expectGruRejection(readTextFile(missing), 'ERR_GRU_FORMAT', /ENOENT/)
  const got = 'ENOENT: no such file or directory'
  expect(error.message).toBe(`${missing}: expected a file that can be read, got ${got}`)
  expect(error.cause).toMatchObject({ code: 'ENOENT' })
  mkdirSync(inFolder('folder'))
  await expectGruRejection(readTextFile(inFolder('folder')), 'ERR_GRU_FORMAT', /EISDIR/)
  await expectGruRejection(readTextFile(''), 'ERR_GRU_VALUE', /^path: /)
})
