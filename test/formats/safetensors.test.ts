import * as fc from 'fast-check'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import type { Tensor } from '../../lib/formats/safetensors-dtypes'
import { type Safetensors, writeSafetensors } from '../../lib/formats/safetensors-writer'
import { expectGruRejection } from '../support/errors'
import { goldenFiles } from '../support/golden'
import { seed } from '../support/random'
import { bytesOfFile, fileOf, readWhole } from '../support/safetensors'
import { temporaryFolder } from '../support/temporary-folder'

const inFolder = temporaryFolder()

const serialized = (written: Safetensors): Promise<Buffer> =>
  bytesOfFile(inFolder('serialized.safetensors'), written)

/** The content of a file with these bytes. */
function parsed(bytes: Uint8Array): Promise<Safetensors> {
  const file = inFolder('parsed.safetensors')
  writeFileSync(file, bytes)
  return readWhole(file)
}

function f32(shape: readonly number[], values: readonly number[]): Tensor {
  return { dtype: 'F32', shape, data: Float32Array.from(values) }
}

function content(
  tensors: Record<string, Tensor>,
  metadata: Record<string, string> = {},
): Safetensors {
  return { metadata, tensors: new Map(Object.entries(tensors)) }
}

describe('the bytes of a file', () => {
  test('are those of the format, written out by hand', async () => {
    const bytes = await serialized(
      content(
        {
          b: f32([2], [1, -2]),
          u: { dtype: 'U8', shape: [3], data: Uint8Array.of(7, 8, 9) },
          a: f32([], [0.5]),
          d: { dtype: 'F64', shape: [1, 1], data: Float64Array.of(1) },
          i: { dtype: 'I32', shape: [1], data: Int32Array.of(-2) },
          l: { dtype: 'I64', shape: [1], data: BigInt64Array.of(-1n) },
          none: f32([0, 4], []),
        },
        { kind: 'x' },
      ),
    )
    const header =
      '{"__metadata__":{"kind":"x"},' +
      '"l":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},' +
      '"d":{"dtype":"F64","shape":[1,1],"data_offsets":[8,16]},' +
      '"a":{"dtype":"F32","shape":[],"data_offsets":[16,20]},' +
      '"b":{"dtype":"F32","shape":[2],"data_offsets":[20,28]},' +
      '"none":{"dtype":"F32","shape":[0,4],"data_offsets":[28,28]},' +
      '"i":{"dtype":"I32","shape":[1],"data_offsets":[28,32]},' +
      '"u":{"dtype":"U8","shape":[3],"data_offsets":[32,35]}}'
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8)
    const hex =
      'ffffffffffffffff' +
      '000000000000f03f' +
      '0000003f' +
      '0000803f000000c0' +
      'feffffff' +
      '070809'
    expect(bytes).toEqual(fileOf(padded, Buffer.from(hex, 'hex')))
  })

  test('of nothing are an empty header', async () => {
    const bytes = await serialized(content({}))
    expect(bytes).toEqual(fileOf('{}      ', Buffer.alloc(0)))
    expect(await parsed(bytes)).toEqual(content({}))
  })

  test.each(goldenFiles.map((file) => [path.basename(file), file]))(
    'of %s, which the Python library wrote, come back bit for bit',
    async (_, file) => {
      const whole = await readWhole(file)
      const shuffled = { ...whole, tensors: new Map([...whole.tensors].reverse()) }
      expect((await serialized(shuffled)).equals(readFileSync(file))).toBe(true)
    },
  )
})

test('reads a GRU cell that computes what its file says', async () => {
  const file = path.join(__dirname, '..', 'golden', 'one.safetensors')
  const { metadata, tensors } = await readWhole(file)
  expect(JSON.parse(metadata['case'] ?? '')).toMatchObject({ steps: 1, batch: 1, hiddenSize: 1 })
  const values = (name: string): number[] => [...(tensors.get(name)?.data as Float32Array)]
  const [x = NaN] = values('input')
  const [h = NaN] = values('initial_state')
  const affine = (side: string, value: number): number[] => {
    const bias = values(`bias_${side}_l0`)
    return values(`weight_${side}_l0`).map((weight, gate) => weight * value + bias[gate]!)
  }
  const [inputReset = NaN, inputUpdate = NaN, inputNew = NaN] = affine('ih', x)
  const [stateReset = NaN, stateUpdate = NaN, stateNew = NaN] = affine('hh', h)
  const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value))
  const update = sigmoid(inputUpdate + stateUpdate)
  const candidate = Math.tanh(inputNew + sigmoid(inputReset + stateReset) * stateNew)
  const next = update * h + (1 - update) * candidate
  expect(values('output')).toEqual([Math.fround(next)])
})

describe('a round trip', () => {
  const text = fc.string({ unit: 'binary', maxLength: 12 })
  const names = fc.oneof(text, fc.constantFrom('__proto__', 'constructor', '0', '10', '-1', ''))
  const shape = fc.array(fc.nat({ max: 4 }), { maxLength: 4 })
  const kinds = fc.constantFrom('F64', 'F32', 'I64', 'I32', 'U8')
  const arrays = {
    F64: Float64Array,
    F32: Float32Array,
    I64: BigInt64Array,
    I32: Int32Array,
    U8: Uint8Array,
  }
  // Arbitrary bits, including NaNs with payloads.
  const tensor = fc.tuple(kinds, shape).chain(([dtype, sizes]) => {
    const kind = arrays[dtype]
    const length = sizes.reduce((product, size) => product * size, 1) * kind.BYTES_PER_ELEMENT
    return fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => {
      return { dtype, shape: sizes, data: new kind(bytes.slice().buffer) } as Tensor
    })
  })
  const tensors = fc
    .uniqueArray(fc.tuple(names, tensor), { maxLength: 6, selector: ([name]) => name })
    .map((entries) => new Map(entries))
  const metadata = fc
    .uniqueArray(fc.tuple(names, text), { selector: ([key]) => key })
    .map((entries) => Object.fromEntries(entries))
  const contents = fc.record({ metadata, tensors })

  const bits = ({ metadata, tensors }: Safetensors): unknown => ({
    metadata: Object.entries(metadata).sort(),
    tensors: [...tensors]
      .map(([name, { dtype, shape, data }]) => ({
        name,
        dtype,
        shape,
        bytes: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex'),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  })

  test('gives the same bits', async () => {
    await fc.assert(
      fc.asyncProperty(contents, async (written) => {
        const bytes = await serialized(written)
        expect(bits(await parsed(bytes))).toEqual(bits(written))
        expect(bytes[8]).toBe('{'.charCodeAt(0))
        expect(bytes.readUInt32LE() % 8).toBe(0)
      }),
      { seed },
    )
  })

  test('of a part of a larger array writes that part alone', async () => {
    const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3)
    const bytes = await serialized(content({ part: { dtype: 'F32', shape: [2], data } }))
    expect((await parsed(bytes)).tensors.get('part')?.data).toEqual(Float32Array.of(2, 3))
  })
})

describe('what cannot be written is refused', () => {
  test.each<[string, Safetensors, 'ERR_GRU_SHAPE' | 'ERR_GRU_TYPE' | 'ERR_GRU_VALUE', string]>([
    [
      'too few values',
      content({ w: f32([2, 3], [1, 2]) }),
      'ERR_GRU_SHAPE',
      'tensors, "w": expected values for the shape [2, 3], got 2',
    ],
    [
      'a fractional shape',
      content({ w: f32([0.5, 2], [1]) }),
      'ERR_GRU_SHAPE',
      'tensors, "w": expected values for the shape [0.5, 2], got 1',
    ],
    [
      'an array of another type',
      content({ w: { dtype: 'F32', shape: [1], data: Int32Array.of(1) } as unknown as Tensor }),
      'ERR_GRU_TYPE',
      'tensors, "w": expected values of type Float32Array, got an Int32Array of 1',
    ],
    [
      'the name of the metadata',
      content({ __metadata__: f32([], [1]) }),
      'ERR_GRU_VALUE',
      'tensors: expected names of tensors, got "__metadata__"',
    ],
    [
      'half of a surrogate pair in a name',
      content({ 'a\ud800': f32([], [1]) }),
      'ERR_GRU_VALUE',
      '"a\\ud800": expected text that is valid Unicode, got a lone surrogate',
    ],
    [
      'half of a surrogate pair in a text',
      content({}, { key: '\udc00' }),
      'ERR_GRU_VALUE',
      '"\\udc00": expected text that is valid Unicode, got a lone surrogate',
    ],
  ])('%s', async (_, written, code, message) => {
    await expectGruRejection(serialized(written), code, message)
  })

  test('a header that no reader would take', async () => {
    const written = content({}, { long: 'x'.repeat(100_000_000) })
    await expectGruRejection(serialized(written), 'ERR_GRU_VALUE', /at most 100000000 bytes/)
  })

  test('and leaves the old file as it was', async () => {
    const file = inFolder('kept.safetensors')
    await writeSafetensors(file, content({ a: f32([1], [3]) }))
    const before = readFileSync(file)
    const bad = content({ a: f32([2], [3]) })
    await expectGruRejection(writeSafetensors(file, bad), 'ERR_GRU_SHAPE', /^tensors, "a"/)
    expect(readFileSync(file)).toEqual(before)
    expect(readdirSync(path.dirname(file)).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })
})

describe('a file that lies is refused', () => {
  const data = Buffer.alloc(16)
  const info = (dtype: string, shape: string, offsets: string): string =>
    `{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}`
  const good = `{"a":${info('"F32"', '[2]', '[0,8]')},"b":${info('"F32"', '[2]', '[8,16]')}}`
  const one = (dtype: string, shape: string, offsets = '[0,16]'): string =>
    `{"a":${info(dtype, shape, offsets)}}`
  const two = (first: string, second: string): string =>
    `{"a":${info('"F32"', '[2]', first)},"b":${info('"F32"', '[2]', second)}}`

  async function expectRefusal(bytes: Buffer, rest: string | RegExp): Promise<void> {
    const file = inFolder('lying.safetensors')
    writeFileSync(file, bytes)
    const error = await expectGruRejection(readWhole(file), 'ERR_GRU_FORMAT', /^/)
    expect(error.message.startsWith(file)).toBe(true)
    expect(error.message).toEqual(
      typeof rest === 'string' ? expect.stringContaining(rest) : expect.stringMatching(rest),
    )
  }

  test('while the same file is taken where it does not lie', async () => {
    const names = async (header: string): Promise<string[]> => [
      ...(await parsed(fileOf(header, data))).tensors.keys(),
    ]
    expect(await names(good)).toEqual(['a', 'b'])
    expect(await names(two('[8,16]', '[0,8]'))).toEqual(['b', 'a'])
    expect(await names(`${good} \n `)).toHaveLength(2)
    const unknown = good.replace('{"dtype"', '{"note":[{"a":1},{"a":1}],"dtype"')
    expect(await names(unknown)).toHaveLength(2)
  })

  test.each<[string, string, string | RegExp]>([
    ['no JSON', '{"a":', /header: expected JSON, got Unexpected end of JSON input/],
    ['something after the JSON', '{} x', /header: expected JSON, got Unexpected/],
    ['JSON of another kind', '[1]', 'header: expected JSON that begins with {, got the byte 91'],
    ['a space before the JSON', ' {}', 'expected JSON that begins with {, got the byte 32'],
    ['no header', '', 'header: expected JSON that begins with {, got nothing'],
    ['a byte order mark', '\ufeff{}', 'expected JSON that begins with {, got the byte 239'],
    ['a tensor twice', good.replace('"b"', '"a"'), 'header: expected each key once, got "a" twice'],
    [
      'a tensor twice, once in escapes',
      good.replace('"b"', '"\\u0061"'),
      'header: expected each key once, got "a" twice',
    ],
    [
      'a tensor twice, after a text with a quote in it',
      good.replace('"b"', '"a"').replace('{', '{"__metadata__":{"k":"\\\\\\""},'),
      'header: expected each key once, got "a" twice',
    ],
    [
      'a field twice',
      good.replace('"shape"', '"dtype":"I32","shape"'),
      'header: expected each key once, got "dtype" twice',
    ],
    ['a tensor that is no object', '{"a":3}', 'tensor "a": expected an object, got 3'],
    ['a tensor that is an array', '{"a":[]}', 'tensor "a": expected an object, got an Array of 0'],
    ['a tensor that is null', '{"a":null}', 'tensor "a": expected an object, got null'],
    [
      'a dtype that is no text',
      one('4', '[4]'),
      'tensor "a": expected a dtype that is a string, got 4',
    ],
    ['no dtype', '{"a":{"shape":[4],"data_offsets":[0,16]}}', /, got undefined$/],
    ['a shape that is no array', one('"F32"', '4'), 'a shape of non-negative integers, got 4'],
    ['no shape', '{"a":{"dtype":"F32","data_offsets":[0,16]}}', 'integers, got undefined'],
    ['a negative size', one('"F32"', '[-4]'), 'a shape of non-negative integers, got -4'],
    ['a fractional size', one('"F32"', '[2,0.5]'), 'a shape of non-negative integers, got 0.5'],
    ['a size that is text', one('"F32"', '["4"]'), 'a shape of non-negative integers, got "4"'],
    ['a size beyond exact integers', one('"F32"', '[9007199254740993]'), /got 9007199254740992$/],
    [
      'sizes whose product overflows',
      one('"F32"', '[4294967296,4294967296,4294967296]'),
      /expected a shape of at most 9007199254740991 bits, got \[4294967296, /,
    ],
    ['an overflow hidden by a zero', one('"F32"', '[4294967296,4294967296,0]', '[0,0]'), /at most/],
    [
      'a shape larger than its bytes',
      one('"F32"', '[5]'),
      'tensor "a": expected 20 bytes for F32 [5], got data_offsets of 16',
    ],
    [
      'a shape smaller than its bytes',
      one('"F64"', '[]'),
      'tensor "a": expected 8 bytes for F64 [], got data_offsets of 16',
    ],
    ['no offsets', '{"a":{"dtype":"F32","shape":[4]}}', 'non-negative integers, got undefined'],
    ['one offset', one('"F32"', '[4]', '[16]'), 'two non-negative integers, got [16]'],
    ['three offsets', one('"F32"', '[4]', '[0,8,16]'), 'integers, got [0, 8, 16]'],
    ['a negative offset', one('"F32"', '[4]', '[-16,0]'), 'integers, got [-16, 0]'],
    ['a fractional offset', one('"F32"', '[4]', '[0.5,16]'), 'integers, got [0.5, 16]'],
    ['an offset of text', one('"F32"', '[4]', '["0",16]'), 'integers, got ["0", 16]'],
    [
      'offsets past the end',
      one('"F32"', '[5]', '[0,20]'),
      'tensor "a": expected data_offsets in order within 16 bytes of data, got [0, 20]',
    ],
    ['offsets far past the end', one('"F32"', '[5]', '[0,9007199254740991]'), /within 16 bytes/],
    ['offsets backwards', one('"F32"', '[4]', '[16,0]'), 'within 16 bytes of data, got [16, 0]'],
    [
      'an overlap',
      two('[0,8]', '[4,12]'),
      'tensor "b": expected its bytes to begin at 8, got 4 (an overlap)',
    ],
    ['two tensors in one place', two('[0,8]', '[0,8]'), 'begin at 8, got 0 (an overlap)'],
    ['a hole at the start', one('"F32"', '[2]', '[8,16]'), 'begin at 0, got 8 (a hole)'],
    [
      'an empty tensor beyond a hole',
      `{"a":${info('"F32"', '[2]', '[0,8]')},"e":${info('"F32"', '[0]', '[16,16]')}}`,
      'tensor "e": expected its bytes to begin at 8, got 16 (a hole)',
    ],
    ['bytes that belong to no tensor', one('"F32"', '[2]', '[0,8]'), '8 bytes of data, got 16'],
    ['bytes and no tensors', '{}', '0 bytes of data, got 16'],
    [
      'metadata that is text',
      '{"__metadata__":"x"}',
      /__metadata__: expected an object of strings, got "x"$/,
    ],
    ['metadata that is null', '{"__metadata__":null}', 'an object of strings, got null'],
    ['metadata that is an array', '{"__metadata__":[]}', 'of strings, got an Array of 0'],
    [
      'metadata of numbers',
      '{"__metadata__":{"epochs":3}}',
      '__metadata__, "epochs": expected a string, got 3',
    ],
  ])('%s', async (_, header, rest) => {
    await expectRefusal(fileOf(header, data), rest)
  })

  test('a header that is not UTF-8', async () => {
    const header = Buffer.from('{"\u00e9":1}', 'latin1')
    await expectRefusal(
      fileOf(header, data),
      'header, line 1: expected text in UTF-8, got the byte 0xe9',
    )
  })

  test.each<[string, bigint, string]>([
    ['one byte past the end', 18n, '26 bytes or more for its header of 18, got a file of 25'],
    ['the largest allowed', 100_000_000n, 'for its header of 100000000, got a file of 25'],
    [
      'larger than allowed',
      100_000_001n,
      'expected a safetensors file with a header of at most 100000000 bytes, got one of 100000001',
    ],
    ['beyond exact numbers', 2n ** 53n + 1n, 'got one of 9007199254740993'],
    ['the largest there is', 2n ** 64n - 1n, 'got one of 18446744073709551615'],
  ])('a header length %s', async (_, length, rest) => {
    await expectRefusal(fileOf('{}', Buffer.alloc(15), length), rest)
  })

  test('one that is cut at any byte, or has one more', async () => {
    const whole = await serialized(
      content({ a: f32([2], [1, 2]), b: f32([1], [3]) }, { kind: 'x' }),
    )
    for (let length = 0; length < whole.length; length++) {
      await expectRefusal(Buffer.from(whole.subarray(0, length)), /expected .*, got /)
    }
    const longer = Buffer.concat([whole, Buffer.alloc(1)])
    await expectRefusal(longer, 'expected 12 bytes of data, got 13')
  })

  test('any change of the header is refused or read within the file', async () => {
    const whole = fileOf(good, data)
    const change = fc.tuple(fc.nat({ max: 8 + good.length - 1 }), fc.nat({ max: 255 }))
    const error = expect.objectContaining({ code: 'ERR_GRU_FORMAT' }) as unknown
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const bytes = Buffer.from(whole)
        for (const [position, value] of changes) bytes[position] = value
        const result: unknown = await parsed(bytes).then(
          ({ tensors }) =>
            [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0),
          (thrown: unknown) => thrown,
        )
        expect([16, error]).toContainEqual(result)
      }),
      { seed, numRuns: 2000 },
    )
  })

  test('nested without end', async () => {
    await expectRefusal(fileOf(`{"a":${'['.repeat(1_000_000)}`, data), /expected JSON, got/)
    const closed = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    await expectRefusal(fileOf(closed, data), 'expected an object, got an Array of 1')
  })
})

describe('a file that cannot be read', () => {
  test('because it is not there', async () => {
    const file = inFolder('missing.safetensors')
    const error = await expectGruRejection(readWhole(file), 'ERR_GRU_FORMAT', /ENOENT/)
    expect(error.message.startsWith(`${file}: expected a file that can be read, got `)).toBe(true)
    expect(error.cause).toMatchObject({ code: 'ENOENT' })
  })

  test('because it is a folder', async () => {
    mkdirSync(inFolder('folder'))
    const message = /folder: expected a regular file, got something else$/
    await expectGruRejection(readWhole(inFolder('folder')), 'ERR_GRU_FORMAT', message)
  })

  test('because the path is none', async () => {
    const path = 3 as unknown as string
    const write = writeSafetensors(path, content({}))
    await expectGruRejection(write, 'ERR_GRU_TYPE', 'path: expected the path of a file, got 3')
    const message = 'path: expected the path of a file, or a Uint8Array, got 3'
    await expectGruRejection(readWhole(path), 'ERR_GRU_TYPE', message)
  })
})
