import * as fc from 'fast-check'
import { type Hdf5Dataset, type Hdf5Group, readHdf5 } from '../../lib/formats/hdf5'
import { lookup3 } from '../../lib/formats/hdf5-checksum'
import { damaged } from '../support/damage'
import { expectGruError, outcome } from '../support/errors'
import { expectedTree, hdf5Fixture, plainTree } from '../support/hdf5'
import { seed } from '../support/random'

const READ = [
  'forecaster',
  'gru.weights',
  'bfloat16',
  'bfloat16-numbers',
  'kinds',
  'user-block',
  'version-3',
]

const open = (name: string): Hdf5Group => readHdf5(hdf5Fixture(name), name)
const groupIn = (group: Hdf5Group, name: string): Hdf5Group => group.members.get(name) as Hdf5Group
const datasetIn = (group: Hdf5Group, name: string): Hdf5Dataset =>
  group.members.get(name) as Hdf5Dataset

/** A copy of a fixture with other bytes, from the first occurrence of a text on. */
function changed(name: string, text: string, offset: number, ...bytes: number[]): Buffer {
  const copy = Buffer.from(hdf5Fixture(name))
  const at = copy.indexOf(text, 0, 'latin1')
  copy.set(bytes, at + offset)
  return copy
}

test.each(READ)('%s.h5: all values and attributes are those that h5py reads', (name) => {
  expect(plainTree(hdf5Fixture(name), name)).toEqual(expectedTree(name))
})

test('keeps the sign of zero, and bytes of its own', () => {
  const file = hdf5Fixture('kinds')
  const floats = groupIn(readHdf5(file, 'kinds'), 'floats')
  for (const dtype of ['<f2', '>f2', '<f4', '>f4', '<f8', '>f8']) {
    const values = datasetIn(floats, dtype).readFloat32()
    expect(Object.is(values[1], -0)).toBe(true)
    values.fill(7)
    expect(datasetIn(floats, dtype).readFloat32()[2]).toBe(1.5)
  }
})

test('reads bytes that begin at an odd address', () => {
  const file = hdf5Fixture('kinds')
  const memory = new Uint8Array(file.length + 1)
  memory.set(file, 1)
  expect(plainTree(memory.subarray(1), 'kinds')).toEqual(expectedTree('kinds'))
})

test('has names of the language as names of members', () => {
  const file = changed('forecaster', 'model_weights\0', 0, ...Buffer.from('__proto__\0'))
  const { members } = readHdf5(file, 'x.h5')
  expect([...members.keys()]).toEqual(['__proto__'])
  expect(({} as Record<string, unknown>)['gru']).toBeUndefined()
})

describe('refuses by name', () => {
  test.each([
    ['soft', /x\.h5, symbol table node at byte \d+: expected "x" to be .*, got a soft link/],
    ['soft-2', /x\.h5, object header at byte 48, .*expected "x" to be .*, got a soft link/],
    ['external', /"x" to be an object of the file, got an external link/],
    ['outside', /got values in external files/],
    ['virtual', /got version 4, virtual/],
    ['chunks-2', /chunks in a B-tree of version 1, got version 4, chunked/],
    ['lzf', /expected the filters deflate and shuffle, got lzf/],
    ['fletcher32', /got fletcher32/],
    ['unwritten', /got a dataset that was not, or not completely, written/],
    ['dense', /got dense storage \(a fractal heap\)/],
    ['dense-attributes', /attributes in the object's header, got dense storage/],
    ['loop', /object "\/a\/b": expected a group with one place, got one with several/],
  ])('%s', (name, message) => {
    const file = hdf5Fixture(`refused-${name}`)
    const read = (): unknown => datasetIn(readHdf5(file, 'x.h5'), 'x').readFloat32()
    expectGruError(read, 'ERR_GRU_FORMAT', message)
  })

  test('a type that is not the one of the call', () => {
    const kinds = open('kinds')
    const integers = datasetIn(groupIn(kinds, 'integers'), 'i1')
    const message =
      'kinds, object "/integers/i1": expected a type among F16, BF16, F32, F64, got "I8"'
    expectGruError(() => integers.readFloat32(), 'ERR_GRU_FORMAT', message)
    const half = datasetIn(groupIn(kinds, 'floats'), '<f2')
    expectGruError(
      () => half.readValues(),
      'ERR_GRU_FORMAT',
      /integers, STRING, F32, F64, got "F16"/,
    )
  })

  test('a double that float32 cannot hold', () => {
    const file = hdf5Fixture('kinds')
    const half = Buffer.alloc(8)
    half.writeDoubleLE(1.5)
    // The first double 1.5 is that of floats/<f8.
    file.writeDoubleLE(1e300, file.indexOf(half))
    const dataset = datasetIn(groupIn(readHdf5(file, 'x.h5'), 'floats'), '<f8')
    const message =
      'x.h5, object "/floats/<f8", value 2: expected a number that float32 can hold, got 1e+300'
    expectGruError(() => dataset.readFloat32(), 'ERR_GRU_FORMAT', message)
  })
})

describe('damage', () => {
  test('of a chunk that would inflate to more than its bytes can hold is found before memory is taken', () => {
    const file = Buffer.from(hdf5Fixture('kinds'))
    const [rows, elementBytes] = [2 ** 20, 4]
    const sizes = Buffer.from(Uint32Array.of(3, 2, 2, elementBytes).buffer)
    file.writeUInt32LE(rows, file.indexOf(sizes))
    const chunks = groupIn(readHdf5(file, 'x.h5'), 'chunks')
    const message = /expected a chunk that can become 16777216 bytes, got one of \d+$/
    expectGruError(() => datasetIn(chunks, 'deflate').readFloat32(), 'ERR_GRU_FORMAT', message)
  })

  test('a file of another kind', () => {
    const read = (): unknown => readHdf5(Buffer.from('{"a": 1}'), 'x.h5')
    expectGruError(read, 'ERR_GRU_FORMAT', 'x.h5: expected an HDF5 file, got a JSON text')
  })

  test('a file that is cut', () => {
    const file = hdf5Fixture('forecaster').subarray(0, 12352)
    const message = 'x.h5: expected 18528 bytes, as its superblock says, got a file cut at 12352'
    expectGruError(() => readHdf5(file, 'x.h5'), 'ERR_GRU_FORMAT', message)
  })

  test('a changed byte under a checksum', () => {
    const file = changed('version-3', 'layers', 0, 'm'.charCodeAt(0))
    expectGruError(
      () => readHdf5(file, 'x.h5'),
      'ERR_GRU_FORMAT',
      /expected the checksum \d+, got \d+/,
    )
  })

  test('a B-tree whose node is below itself', () => {
    const file = hdf5Fixture('forecaster')
    const tree = file.indexOf('TREE')
    file.set([1], tree + 5)
    file.writeBigUInt64LE(BigInt(tree), tree + 32)
    expectGruError(
      () => readHdf5(file, 'x.h5'),
      'ERR_GRU_FORMAT',
      /B-tree at byte \d+: expected level 0, got 1/,
    )
  })

  test('a tree that leads to one node again and again', () => {
    const file = hdf5Fixture('kinds')
    // The second child of the largest tree, that of /many, becomes the first.
    const trees = [...file.toString('latin1').matchAll(/TREE\0\0/g)].map(({ index }) => index)
    const tree = trees.sort((a, b) => file.readUInt16LE(b + 6) - file.readUInt16LE(a + 6))[0]!
    file.copy(file, tree + 48, tree + 32, tree + 40)
    expectGruError(
      () => readHdf5(file, 'x.h5'),
      'ERR_GRU_FORMAT',
      /expected each name once, got "layer_\d+" again/,
    )
  })

  test('a header that goes on in a block that was read', () => {
    const file = hdf5Fixture('forecaster')
    // The first message of the root group's header becomes one that continues in itself.
    const header = Number(file.readBigUInt64LE(64))
    file.writeUInt16LE(0x10, header + 16)
    file.writeBigUInt64LE(BigInt(header), header + 24)
    file.writeBigUInt64LE(64n, header + 32)
    expectGruError(
      () => readHdf5(file, 'x.h5'),
      'ERR_GRU_FORMAT',
      /expected a further block, got the one at byte \d+ again/,
    )
  })

  test.each([
    [
      'a shape that no file holds',
      [255, 255, 255, 255, 255, 255, 255, 0],
      /expected a shape of at most/,
    ],
    [
      'more values than there are',
      [255, 255, 255, 255, 0, 0, 0, 0],
      /expected \d+ bytes for its shape/,
    ],
  ])('%s', (_, size, message) => {
    const file = hdf5Fixture('gru.weights')
    const shape = Buffer.from('03000000000000000f00000000000000', 'hex')
    file.set(size, file.indexOf(shape))
    expectGruError(() => plainTree(file, 'x.h5'), 'ERR_GRU_FORMAT', message)
  })

  test('a chunk that does not become what it should', () => {
    const file = hdf5Fixture('user-block')
    // The first bytes of zlib's streams at this level.
    file.set([0], file.lastIndexOf(Buffer.from('785e', 'hex')) + 8)
    expectGruError(
      () => plainTree(file, 'x.h5'),
      'ERR_GRU_FORMAT',
      /expected a chunk of 224 bytes, compressed by deflate/,
    )
  })
})

test('damaged files are read or refused', () => {
  let refused = 0
  const property = fc.property(damaged(READ.map(hdf5Fixture)), (file) => {
    // Any other error ends the test.
    const result = outcome(() => plainTree(file, 'x.h5'))
    const isRefused = typeof result === 'string'
    if (isRefused) refused++
    expect(isRefused ? result : 'a tree').toMatch(/^(ERR_GRU_FORMAT: x\.h5|a tree$)/)
  })
  fc.assert(property, { seed, numRuns: 500 })
  expect(refused).toBeGreaterThan(50)
})

test.each([
  ['', 0xdeadbeef],
  ['Four score and seven years ago', 0x17770551],
])('the checksum of %j is the one that its author gives', (text, expected) => {
  expect(lookup3(Buffer.from(text))).toBe(expected)
})
