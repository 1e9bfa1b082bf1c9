import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import * as fc from 'fast-check'
import { bytesOf } from '../../lib/formats/byte-source'
import { type OnnxFile, readOnnx } from '../../lib/formats/onnx-file'
import {
  GRAPH,
  MODEL,
  type StringEntry,
  TENSOR,
  type TensorProto,
} from '../../lib/formats/onnx-messages'
import { MAX_INTEGERS, readFloats, readIntegers } from '../../lib/formats/onnx-tensor'
import { onnxPieces, writeOnnx } from '../../lib/formats/onnx-writer'
import { damaged } from '../support/damage'
import { expectGruError, expectGruRejection } from '../support/errors'
import { dumpOnnx, readAnyOnnx } from '../support/onnx'
import { seed } from '../support/random'
import { temporaryFolder } from '../support/temporary-folder'

// The models are of PyTorch 2.13 (torch-legacy-model-last) and the onnx package 1.23.1 (the others); fixtures/onnx/generate.py
// made everything.onnx. What the onnx package reads from them is in the .json files, which fixtures/onnx/dump.py wrote.
const FIXTURES = path.join(__dirname, 'fixtures', 'onnx')
const fixture = (name: string): string => path.join(FIXTURES, name)
const MODELS = [
  'everything',
  'graph-function',
  'graph-loop',
  'graph-weights-computed',
  'gru-bfloat16',
  'gru-external',
  'gru-typed-data',
  'torch-legacy-model-last',
]

const inFolder = temporaryFolder()

const FLOAT = 1
const INT64 = 7
const DOUBLE = 11

/** What functions for tensors need of a file. */
const file = { name: 'model.onnx', path: undefined }

const bytesFor = (graph: Parameters<typeof GRAPH.of>[0]): Buffer =>
  Buffer.concat(onnxPieces(MODEL.of({ irVersion: 10, graph: GRAPH.of(graph) })))

describe.each(MODELS)('%s.onnx', (name) => {
  const expected: unknown = JSON.parse(readFileSync(fixture(`${name}.json`), 'utf8'))

  test('is read as the onnx package reads it', async () => {
    expect(await dumpOnnx(await readOnnx(fixture(`${name}.onnx`)))).toEqual(expected)
  })

  test('is the same after it was written', async () => {
    const { model } = await readOnnx(fixture(`${name}.onnx`))
    const written = inFolder('written.onnx')
    await writeOnnx(written, model)
    expect((await readOnnx(written)).model).toEqual(model)
  })
})

test('a model whose fields are all known is written to the byte as protobuf does', async () => {
  const place = fixture('torch-legacy-model-last.onnx')
  const { model } = await readOnnx(place)
  expect(Buffer.concat(onnxPieces(model)).equals(readFileSync(place))).toBe(true)
})

test('bytes in memory are read like a file, also shared ones', async () => {
  const bytes = readFileSync(fixture('everything.onnx'))
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
  shared.set(bytes)
  const { model } = await readOnnx(fixture('everything.onnx'))
  for (const source of [bytes, shared]) {
    const read = await readOnnx(source)
    expect(read).toMatchObject({ name: 'bytes', path: undefined })
    expect(read.model).toEqual(model)
  }
})

describe('what is no whole model is refused', () => {
  const cut = readFileSync(fixture('graph-loop.onnx')).subarray(0, 700)
  const empty = Buffer.concat(onnxPieces(MODEL.of({})))
  const noGraph = Buffer.concat(onnxPieces(MODEL.of({ irVersion: 10 })))
  const noVersion = Buffer.concat(onnxPieces(MODEL.of({ graph: GRAPH.of({ name: 'g' }) })))
  const sparse = Buffer.from('080a3a027a00', 'hex')
  const segment = Buffer.from('080a3a042a021a00', 'hex')

  test.each<[what: string, bytes: Buffer, message: string]>([
    ['nothing', empty, 'bytes: expected a whole ONNX model, got an empty file'],
    [
      'a file of another kind',
      Buffer.from('89484446 0d0a1a0a 00000000'.replaceAll(' ', ''), 'hex'),
      'bytes: expected a whole ONNX model, got an HDF5 file, as Keras writes',
    ],
    ['text', Buffer.from('{"a": 1}'), 'bytes: expected a whole ONNX model, got a JSON text'],
    [
      'a model that is cut',
      cut,
      'bytes, byte 2: expected a field of 792 bytes, got a file that ends after 695',
    ],
    [
      'a model without a graph',
      noGraph,
      'bytes: expected a whole ONNX model, got a message without a graph',
    ],
    [
      'a graph without the version',
      noVersion,
      "bytes: expected a whole ONNX model, got a message without the format's version",
    ],
    [
      'a sparse initializer',
      sparse,
      'bytes, byte 4: expected a graph without sparse initializers, got one that has them',
    ],
    [
      'a segment of a tensor',
      segment,
      'bytes, byte 6: expected a tensor without segments, got one that has them',
    ],
  ])('%s', async (_, bytes, message) => {
    await expectGruRejection(readOnnx(bytes), 'ERR_GRU_FORMAT', message)
  })

  test('a file that is not there, and a folder', async () => {
    const missing = /missing\.onnx: expected a file that can be read, got ENOENT/
    await expectGruRejection(readOnnx(inFolder('missing.onnx')), 'ERR_GRU_FORMAT', missing)
    const folder = /: expected a regular file, got something else$/
    await expectGruRejection(readOnnx(FIXTURES), 'ERR_GRU_FORMAT', folder)
  })

  test('a call whose signal is aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(readOnnx(fixture('everything.onnx'), signal)).rejects.toThrow('enough')
  })
})

describe('a tensor', () => {
  const tensor = (properties: Partial<TensorProto>): TensorProto =>
    TENSOR.of({ name: 'W', dims: BigInt64Array.of(2n, 2n), dataType: FLOAT, ...properties })

  test('of raw bytes at an odd address is read', async () => {
    const values = Float32Array.of(1, -2, 3.5, -0)
    const raw = new Uint8Array(17)
    raw.set(bytesOf(values), 1)
    expect(await readFloats(file, tensor({ rawData: raw.subarray(1) }))).toEqual(values)
  })

  test('of more values than a block has is read', async () => {
    const values = Float64Array.from({ length: 300_001 }, (_, i) => i / 7)
    const dims = BigInt64Array.of(300_001n)
    const large = tensor({ dims, dataType: DOUBLE, rawData: bytesOf(values as ArrayBufferView) })
    expect(await readFloats(file, large)).toEqual(Float32Array.from(values))
  })

  const REFUSED: readonly [string, Partial<TensorProto>, string][] = [
    ['too few raw bytes', { rawData: new Uint8Array(15) }, '16 bytes for float [2, 2], got 15'],
    ['too many raw bytes', { rawData: new Uint8Array(17) }, '16 bytes for float [2, 2], got 17'],
    ['no values', {}, '4 values for float [2, 2], got 0'],
    [
      'values of another type',
      { doubleData: new Float64Array(4) },
      '4 values for float [2, 2], got 0',
    ],
    [
      'a negative size',
      { dims: BigInt64Array.of(-1n, 4n) },
      'sizes from 0 to 2^53 - 1, got [-1, 4]',
    ],
    [
      'a size of 2^63 - 1',
      { dims: BigInt64Array.of(2n ** 63n - 1n) },
      'sizes from 0 to 2^53 - 1, got [9223372036854776000]',
    ],
    [
      'a shape whose product is too large',
      { dims: BigInt64Array.of(2n ** 40n, 2n ** 40n) },
      `a shape of at most ${Number.MAX_SAFE_INTEGER} bits, got [1099511627776, 1099511627776]`,
    ],
    [
      'a shape larger than its data',
      { dims: BigInt64Array.of(2n ** 40n), rawData: new Uint8Array(4) },
      '4398046511104 bytes for float [1099511627776], got 4',
    ],
    ['texts', { dataType: 8 }, 'numbers of a type that this version reads, got string'],
    [
      'numbers of 8 bits',
      { dataType: 17 },
      'numbers of a type that this version reads, got float8e4m3fn',
    ],
    ['an unknown type', { dataType: 99 }, 'numbers of a type that this version reads, got type 99'],
    ['no type', { dataType: 0 }, 'numbers of a type that this version reads, got type 0'],
    [
      'integers',
      { dataType: INT64, int64Data: new BigInt64Array(4) },
      'floating-point numbers (float, float16, bfloat16 or double), got int64',
    ],
    ['an unknown place', { dataLocation: 2 }, 'data in the file or beside it, got location 2'],
  ]
  test.each(REFUSED)('of %s is refused', async (_, properties, expected) => {
    const message = `model.onnx, tensor "W": expected ${expected}`
    await expectGruRejection(readFloats(file, tensor(properties)), 'ERR_GRU_FORMAT', message)
  })

  test('of a double beyond float32 is refused', async () => {
    const doubleData = Float64Array.of(1, 2, -1e39, 4)
    const message =
      'model.onnx, tensor "W", value 2: expected a number that float32 can hold, got -1e+39'
    const large = tensor({ dataType: DOUBLE, doubleData })
    await expectGruRejection(readFloats(file, large), 'ERR_GRU_FORMAT', message)
  })

  test('is refused as integers if it has others', async () => {
    const refuse = (properties: Partial<TensorProto>, expected: string): Promise<unknown> =>
      expectGruRejection(
        readIntegers(file, tensor(properties)),
        'ERR_GRU_FORMAT',
        `model.onnx, tensor "W": expected ${expected}`,
      )
    await refuse({}, 'integers, got float')
    const many = { dataType: 3, dims: BigInt64Array.of(BigInt(MAX_INTEGERS + 1)) }
    await refuse(
      { ...many, rawData: new Uint8Array(MAX_INTEGERS + 1) },
      `at most ${MAX_INTEGERS} integers, got ${MAX_INTEGERS + 1}`,
    )
    const unsigned = { dataType: 13, dims: BigInt64Array.of(1n) }
    const uint64Data = BigUint64Array.of(2n ** 63n)
    await refuse({ ...unsigned, uint64Data }, 'integers below 2^63, got 9223372036854775808')
  })
})

describe('external data', () => {
  mkdirSync(inFolder('model/below'), { recursive: true })
  mkdirSync(inFolder('model/folder.bin'))
  mkdirSync(inFolder('model-2'))
  const values = Float32Array.of(1, 2, 3, 4)
  writeFileSync(inFolder('model/model.onnx'), '')
  writeFileSync(inFolder('model/below/w.bin'), Buffer.concat([Buffer.alloc(8), bytesOf(values)]))
  writeFileSync(inFolder('model-2/w.bin'), bytesOf(values))
  symlinkSync('../model-2/w.bin', inFolder('model/outside.bin'))
  symlinkSync('../model-2', inFolder('model/outside'))
  symlinkSync('below/w.bin', inFolder('model/inside.bin'))
  const model = { name: 'model.onnx', path: inFolder('model/model.onnx') }

  function external(entries: Readonly<Record<string, string>>): TensorProto {
    const externalData = Object.entries(entries).map(([key, value]) => ({ key, value }))
    return externalOf(externalData)
  }

  function externalOf(externalData: readonly StringEntry[]): TensorProto {
    const dims = BigInt64Array.of(4n)
    return TENSOR.of({ name: 'W', dims, dataType: FLOAT, dataLocation: 1, externalData })
  }

  test.each([
    ['all it says', { location: 'below/w.bin', offset: '8', length: '16', checksum: 'x' }],
    ['no length', { location: './below/w.bin', offset: '8' }],
    ['a link within the folder', { location: 'inside.bin', offset: '8' }],
  ])('with %s is read', async (_, entries) => {
    expect(await readFloats(model, external(entries))).toEqual(values)
  })

  test('of a model that is a link to where all files are is read', async () => {
    mkdirSync(inFolder('cache'))
    symlinkSync('../model/model.onnx', inFolder('cache/model.onnx'))
    symlinkSync('../model/below/w.bin', inFolder('cache/w.bin'))
    const linked = { name: 'model.onnx', path: inFolder('cache/model.onnx') }
    const tensor = external({ location: 'w.bin', offset: '8' })
    expect(await readFloats(linked, tensor)).toEqual(values)
  })

  const OUTSIDE = "external data in the model's folder, by a relative path without .."
  const LINK = "a file in the model's folder, got a symbolic link that leaves it"
  const REFUSED: readonly [string, Record<string, string>, string][] = [
    ['no location', {}, `: expected ${OUTSIDE}, got ""`],
    ['..', { location: '../model-2/w.bin' }, `: expected ${OUTSIDE}, got "../model-2/w.bin"`],
    ['.. within', { location: 'below/../w.bin' }, `: expected ${OUTSIDE}, got "below/../w.bin"`],
    [
      '\\..\\',
      { location: 'below\\..\\w.bin' },
      `: expected ${OUTSIDE}, got "below\\\\..\\\\w.bin"`,
    ],
    [
      'an absolute path',
      { location: '/etc/hostname' },
      `: expected ${OUTSIDE}, got "/etc/hostname"`,
    ],
    ['a drive', { location: 'C:w.bin' }, `: expected ${OUTSIDE}, got "C:w.bin"`],
    [
      'a share',
      { location: '\\\\host\\a\\b' },
      `: expected ${OUTSIDE}, got "\\\\\\\\host\\\\a\\\\b"`,
    ],
    ['a NUL', { location: 'w.bin\0' }, `: expected ${OUTSIDE}, got "w.bin\\u0000"`],
    [
      'a link outside',
      { location: 'outside.bin' },
      `, external data "outside.bin": expected ${LINK}`,
    ],
    [
      'a folder that is a link outside',
      { location: 'outside/w.bin' },
      `, external data "outside/w.bin": expected ${LINK}`,
    ],
    [
      'a folder',
      { location: 'folder.bin' },
      ', external data "folder.bin": expected a regular file, got something else',
    ],
    [
      'an offset too large',
      { location: 'below/w.bin', offset: '9' },
      ', external data "below/w.bin": expected 25 bytes or more, got a file of 24',
    ],
    [
      'a negative offset',
      { location: 'below/w.bin', offset: '-8' },
      ', external data "below/w.bin": expected offset in digits, got "-8"',
    ],
    [
      'an offset of many digits',
      { location: 'below/w.bin', offset: '9'.repeat(20) },
      `, external data "below/w.bin": expected offset in digits, got "${'9'.repeat(20)}"`,
    ],
    [
      'another length',
      { location: 'below/w.bin', offset: '8', length: '12' },
      ', external data "below/w.bin": expected 16 bytes for its shape, got a length of 12',
    ],
  ]
  test.each(REFUSED)('with %s is refused', async (_, entries, expected) => {
    const message = `model.onnx, tensor "W"${expected}`
    await expectGruRejection(readFloats(model, external(entries)), 'ERR_GRU_FORMAT', message)
  })

  test('in a file that is not there is refused with the cause', async () => {
    const reading = readFloats(model, external({ location: 'no.bin' }))
    const message =
      'model.onnx, tensor "W", external data "no.bin": expected a file that can be read, got ENOENT: no such file or directory'
    const { cause } = await expectGruRejection(reading, 'ERR_GRU_FORMAT', message)
    expect(cause).toMatchObject({ code: 'ENOENT' })
  })

  test('with a key twice is refused', async () => {
    const entry = { key: 'location', value: 'below/w.bin' }
    const message =
      'model.onnx, tensor "W": expected each key of its external data once, got "location" twice'
    const reading = readFloats(model, externalOf([entry, entry]))
    await expectGruRejection(reading, 'ERR_GRU_FORMAT', message)
  })

  test('of a model from memory is refused', async () => {
    const { name, graph } = await readOnnx(readFileSync(fixture('gru-external.onnx')))
    const message =
      'bytes, tensor "W": expected a model whose values are all in its bytes (give its path instead), got values in "gru-external.bin"'
    const reading = readFloats({ name, path: undefined }, graph.initializers[0]!)
    await expectGruRejection(reading, 'ERR_GRU_FORMAT', message)
  })

  test.each([
    ['absolute', 'W', `: expected ${OUTSIDE}, got "/etc/hostname"`],
    ['outside', 'W', `: expected ${OUTSIDE}, got "../../gru-outside.bin"`],
    [
      'cut',
      'B',
      ', external data "gru-external-cut.bin": expected 1176 bytes or more, got a file of 1166',
    ],
  ])('of gru-external-%s.onnx is refused', async (name, tensor, expected) => {
    const place = fixture(`gru-external-${name}.onnx`)
    const opened: OnnxFile = await readOnnx(place)
    const found = opened.graph.initializers.find((each) => each.name === tensor)!
    const message = `${place}, tensor "${tensor}"${expected}`
    await expectGruRejection(readFloats(opened, found), 'ERR_GRU_FORMAT', message)
  })
})

test('names of prototypes are names like others', async () => {
  const names = ['__proto__', 'constructor', 'toString']
  const initializers = names.map((name) =>
    TENSOR.of({ name, dataType: FLOAT, rawData: new Uint8Array(4) }),
  )
  const { graph } = await readOnnx(bytesFor({ initializers }))
  expect(graph.initializers.map(({ name }) => name)).toEqual(names)
  expect(Object.getPrototypeOf(graph)).toBe(Object.prototype)
})

test('a text that is no Unicode is not written', () => {
  const write = (): unknown => onnxPieces(MODEL.of({ producerName: 'a\udc00' }))
  const message = '"a\\udc00": expected text that is valid Unicode, got a lone surrogate'
  expectGruError(write, 'ERR_GRU_VALUE', message)
})

test('damaged models are refused or read, and what is read can be written', async () => {
  const names = [...MODELS, 'constants-7', 'constants-18']
  const files = names.map((name) => readFileSync(fixture(`${name}.onnx`)))
  const outcomes = new Set<string>()
  await fc.assert(
    fc.asyncProperty(damaged(files), async (bytes) => {
      outcomes.add(await readAnyOnnx(bytes))
    }),
    { seed, numRuns: 1000 },
  )
  expect([...outcomes].sort()).toEqual(['opened', 'refused'])
})
