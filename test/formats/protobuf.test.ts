import * as fc from 'fast-check'
import {
  LENGTH_DELIMITED,
  MAX_DEPTH,
  MAX_FIELDS,
  ProtobufReader,
  readVarint,
  tag,
  VARINT,
  varint,
} from '../../lib/formats/protobuf'
import {
  child,
  children,
  MessageType,
  optional,
  optionalBytes,
  Pieces,
  repeated,
  single,
  TEXT,
} from '../../lib/formats/protobuf-messages'
import {
  DOUBLES,
  FLOAT,
  FLOATS,
  INT32S,
  INT64,
  INT64S,
  INTEGER,
  packed,
  UINT64S,
  unpacked,
} from '../../lib/formats/protobuf-numbers'
import { expectGruError } from '../support/errors'
import { seed } from '../support/random'

/** A message with a field of each kind. */
interface Sample {
  readonly text: string
  readonly count: number
  readonly large: bigint | undefined
  readonly ratio: number | undefined
  readonly bytes: Uint8Array | undefined
  readonly texts: readonly string[]
  readonly inner: Sample | undefined
  readonly list: readonly Sample[]
  readonly floats: Float32Array
  readonly doubles: Float64Array
  readonly int32s: Int32Array
  readonly int64s: BigInt64Array
  readonly uint64s: BigUint64Array
}

const SAMPLE: MessageType<Sample> = new MessageType<Sample>(
  {
    text: single(1, TEXT, ''),
    count: single(2, INTEGER, 0),
    large: optional(3, INT64),
    ratio: optional(4, FLOAT),
    bytes: optionalBytes(5),
    texts: repeated(6, TEXT),
    inner: child(7, () => SAMPLE),
    list: children(8, () => SAMPLE),
    floats: unpacked(9, FLOATS),
    doubles: packed(10, DOUBLES),
    int32s: packed(11, INT32S),
    int64s: unpacked(12, INT64S),
    uint64s: packed(13, UINT64S),
  },
  [99, 'a sample without a field 99'],
)

const read = (bytes: Uint8Array): Sample => SAMPLE.read(ProtobufReader.of(bytes, 'file'))
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

function written(sample: Partial<Sample>): Buffer {
  const pieces = new Pieces()
  SAMPLE.write(SAMPLE.of(sample), pieces)
  return Buffer.concat(pieces.merged())
}

/** @param inner - the messages in them */
function samples(inner: fc.Arbitrary<Sample>): fc.Arbitrary<Sample> {
  return fc.record({
    text: fc.string({ unit: 'grapheme' }),
    count: fc.maxSafeInteger(),
    large: fc.option(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), { nil: undefined }),
    ratio: fc.option(fc.float({ noNaN: true }), { nil: undefined }),
    bytes: fc.option(fc.uint8Array(), { nil: undefined }),
    texts: fc.array(fc.string(), { maxLength: 3 }),
    inner: fc.option(inner, { nil: undefined }),
    list: fc.array(inner, { maxLength: 2 }),
    floats: fc.float32Array({ maxLength: 4 }),
    doubles: fc.float64Array({ maxLength: 4 }),
    int32s: fc.int32Array({ maxLength: 4 }),
    int64s: fc.bigInt64Array({ maxLength: 4 }),
    uint64s: fc.bigUint64Array({ maxLength: 4 }),
  })
}

function expectFault(bytes: Uint8Array, message: string): void {
  expectGruError(() => read(bytes), 'ERR_GRU_FORMAT', `file, byte ${message}`)
}

describe('varints', () => {
  test.each<[bigint, string]>([
    [0n, '00'],
    [127n, '7f'],
    [128n, '8001'],
    [150n, '9601'],
    [2n ** 32n, '8080808010'],
    [2n ** 63n - 1n, 'ffffffffffffffff7f'],
    [-1n, 'ffffffffffffffffff01'],
    [-(2n ** 63n), '80808080808080808001'],
  ])('%s is %s', (value, bytes) => {
    expect(Buffer.from(varint(value)).toString('hex')).toBe(bytes)
    expect(read(Buffer.concat([tag(3, VARINT), hex(bytes)])).large).toBe(value)
  })

  test('of safe integers are the same from numbers and bigints', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        expect(varint(value)).toEqual(varint(BigInt(value)))
      }),
      { seed },
    )
  })

  test('have halves, and an end', () => {
    const bytes = hex('ff ffffffffffffffffff01 00')
    expect(readVarint(bytes, 1, bytes.length)).toEqual({
      low: 2 ** 32 - 1,
      high: 2 ** 32 - 1,
      end: 11,
    })
    expect(readVarint(bytes, 1, 10)).toBeUndefined()
  })
})

describe('a message', () => {
  test('is written and read as in the examples of the format', () => {
    expect(written({ count: 150 }).toString('hex')).toBe('109601')
    expect(written({ text: 'testing' }).toString('hex')).toBe('0a0774657374696e67')
    expect(written({ inner: SAMPLE.of({ count: 150 }) }).toString('hex')).toBe('3a03109601')
    expect(written({ uint64s: BigUint64Array.of(3n, 270n, 86942n) }).toString('hex')).toBe(
      '6a06038e029ea705',
    )
  })

  test('without fields has the values of absent ones, and is written as nothing', () => {
    const absent = SAMPLE.of({})
    expect(read(new Uint8Array())).toEqual(absent)
    expect(absent).toMatchObject({ text: '', count: 0, large: undefined, texts: [], list: [] })
    expect(written({})).toHaveLength(0)
  })

  test('is what was written', () => {
    const arbitrary = samples(samples(samples(fc.constant(SAMPLE.of({})))))
    fc.assert(
      fc.property(arbitrary, (sample) => {
        expect(read(written(sample))).toEqual({
          ...sample,
          bytes: sample.bytes === undefined ? undefined : Buffer.from(sample.bytes),
        })
      }),
      { seed, numRuns: 50 },
    )
  })

  test('takes numbers that are packed, unpacked and both', () => {
    const floats = hex('4d 0000803f  4a08 0000004000004040  4d 00008040')
    expect([...read(floats).floats]).toEqual([1, 2, 3, 4])
    const integers = hex('6005  6203 06ff01  6007')
    expect([...read(integers).int64s]).toEqual([5n, 6n, 255n, 7n])
    expect([...read(hex('5a0b ffffffffffffffffff01 02')).int32s]).toEqual([-1, 2])
  })

  test('takes the last of several values of a field', () => {
    expect(read(hex('0a0161 1001 0a0162')).text).toBe('b')
  })

  test('passes over fields that it does not know, of every form', () => {
    const unknown = hex(
      'f807 8001 f107 0102030405060708 fa07 03 616263 fd07 01020304'.replace('f107', 'f907'),
    )
    const content = Buffer.concat([unknown, hex('1005'), unknown])
    expect(read(content)).toEqual(SAMPLE.of({ count: 5 }))
  })

  test('gives large values to be written from their own memory, and small ones in one piece', () => {
    const bytes = new Uint8Array(2 ** 16)
    const pieces = new Pieces()
    SAMPLE.write(SAMPLE.of({ text: 'a', count: 1, bytes, texts: ['b', 'c'] }), pieces)
    const merged = pieces.merged()
    expect(merged.map(({ length }) => length)).toEqual([9, 2 ** 16, 6])
    expect(merged[1]).toBe(bytes)
    expect(pieces.length).toBe(2 ** 16 + 15)
  })

  test('cannot be written with half of a character', () => {
    const expected = '"\\ud800": expected text that is valid Unicode, got a lone surrogate'
    expectGruError(() => written({ text: '\ud800' }), 'ERR_GRU_VALUE', expected)
  })
})

describe('a fault', () => {
  test.each<[what: string, bytes: string, message: string]>([
    [
      'a tag that is cut',
      '1005 90',
      '2: expected a whole number, got one that is cut after 1 bytes',
    ],
    [
      'a varint that is cut',
      '1005 10 80',
      '2: expected a whole number, got one that is cut after 1 bytes',
    ],
    [
      'a varint of 11 bytes',
      '10 8080808080808080808001',
      '0: expected a number of 64 bits, got a longer one',
    ],
    [
      'a varint of 65 bits',
      '10 80808080808080808002',
      '0: expected a number of 64 bits, got a longer one',
    ],
    ['a field 0', '0001', '0: expected the number of a field, got 0'],
    ['a tag of more than 32 bits', '8880808010 01', '0: expected the number of a field, got 1'],
    ['a group', '1005 0b', '2: expected a field that is no group, got the start of a group'],
    ['the end of a group', '0c', '0: expected a field that is no group, got the end of a group'],
    ['an unknown form', '0e', '0: expected a field that is no group, got wire type 6'],
    [
      'a length beyond the end',
      '0a05 61',
      '0: expected a field of 5 bytes, got a file that ends after 1',
    ],
    [
      'a length of 2^63',
      '0a 80808080808080808001',
      '0: expected a field of 9223372036854776000 bytes, got a file that ends after 0',
    ],
    [
      'a length beyond the end of the message',
      '3a03 0a05 61 1001 1001',
      '2: expected a field of 5 bytes, got a message that ends after 1',
    ],
    [
      '4 bytes that are cut',
      '25 0000',
      '0: expected a field of 4 bytes, got a file that ends after 2',
    ],
    [
      'an unknown field that is cut',
      'f907 00',
      '0: expected a field of 8 bytes, got a file that ends after 1',
    ],
    ['another form', '0801', '0: expected bytes with a length, got a varint'],
    ['another form of numbers', '4801', '0: expected 4 bytes, got a varint'],
    [
      'packed floats that are cut',
      '4a03 000000',
      '0: expected whole numbers of up to 64 bits, got others',
    ],
    [
      'packed integers that are cut',
      '5a02 0180',
      '0: expected whole numbers of up to 64 bits, got others',
    ],
    ['text in another encoding', '0a02 c328', '0: expected text in UTF-8, got other bytes'],
    [
      'a number that is not safe',
      '10 ffffffffffffffff7f',
      '0: expected a number between -2^53 and 2^53, got one of 9223372036854776000',
    ],
    ['a message twice', '3a00 3a00', '2: expected one field 7 in a message, got two'],
    [
      'a field that is refused',
      '9a06 00',
      '0: expected a sample without a field 99, got one that has them',
    ],
  ])('%s', (_, bytes, message) => {
    expectFault(hex(bytes), message)
  })

  test('messages that are nested too deep', () => {
    const nested = (depth: number): Buffer => {
      let bytes = Buffer.alloc(0)
      for (let i = 0; i < depth; i++) {
        bytes = Buffer.concat([tag(7, LENGTH_DELIMITED), varint(bytes.length), bytes])
      }
      return bytes
    }
    expect(read(nested(MAX_DEPTH)).inner).toBeDefined()
    expect(() => read(nested(MAX_DEPTH + 1))).toThrow(
      /: expected messages nested up to 100 deep, got deeper$/,
    )
    expect(() => read(nested(1000))).toThrow(
      /: expected messages nested up to 100 deep, got deeper$/,
    )
  })

  test('more fields than a file may have', () => {
    const bytes = Buffer.alloc(2 * (MAX_FIELDS + 1), hex('7801'))
    expect(read(bytes.subarray(2))).toEqual(SAMPLE.of({}))
    expectFault(bytes, `${2 * MAX_FIELDS}: expected at most ${MAX_FIELDS} fields, got more`)
  })
})
