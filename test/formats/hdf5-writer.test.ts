import { createHash } from 'node:crypto'
import { type Hdf5NewArray, type Hdf5NewGroup, hdf5Pieces } from '../../lib/formats/hdf5-writer'
import { expectGruError } from '../support/errors'
import { plainTree } from '../support/hdf5'

function arrayOf(...shape: number[]): Hdf5NewArray {
  const length = shape.reduce((product, size) => product * size, 1)
  return { shape, data: Float32Array.from({ length }, (_, i) => i / 2 - 1) }
}

const groupOf = (members: Hdf5NewGroup['members']): Hdf5NewGroup => ({ members })

/** A file with more names in a group than a node of the smallest tree has. */
const tree: Hdf5NewGroup = {
  attributes: new Map<string, string | readonly string[]>([
    ['model_config', '{"größe": 1}'],
    ['names', ['kernel', '', 'größe']],
    ['none', []],
    ['empty', ''],
  ]),
  members: new Map<string, Hdf5NewGroup | Hdf5NewArray>([
    ['scalar', arrayOf()],
    ['weights', { ...arrayOf(2, 3), attributes: new Map([['dtype', 'float32']]) }],
    ['empty', arrayOf(0, 3)],
    ['group', groupOf(new Map())],
    ['many', groupOf(new Map(Array.from({ length: 300 }, (_, i) => [`layer_${i}`, arrayOf(1)])))],
  ]),
}

function plainNew(node: Hdf5NewGroup | Hdf5NewArray): unknown {
  const attributes = Object.fromEntries(
    [...(node.attributes ?? [])].map(([name, texts]) => {
      const isOne = typeof texts === 'string'
      const shape = isOne ? [] : [texts.length]
      return [name, { dtype: 'STRING', shape, values: isOne ? [texts] : texts }]
    }),
  )
  if ('data' in node) {
    return { attributes, dtype: 'F32', shape: node.shape, values: [...node.data] }
  }
  const members = [...node.members].map(([name, member]) => [name, plainNew(member)] as const)
  return { attributes, members: Object.fromEntries(members) }
}

test('what is written is read again', () => {
  expect(plainTree(Buffer.concat(hdf5Pieces(tree)), 'x.h5')).toEqual(plainNew(tree))
})

// These bytes were opened by h5py 3.16.0 (HDF5 2.0.0), with all values and attributes as they are here. h5py also added
// groups and attributes to them.
test('the bytes are those that h5py opened', () => {
  const hash = createHash('sha256')
    .update(Buffer.concat(hdf5Pieces(tree)))
    .digest('hex')
  expect(hash).toBe('eeaadecc0b4fdc39974e6a7e88d09a5252ee7b845c2af71375348b56aee5584a')
})

test("values of arrays are parts in the arrays' own memory", () => {
  const array = arrayOf(4)
  const pieces = hdf5Pieces(groupOf(new Map([['x', array]])))
  expect(pieces.some(({ buffer }) => buffer === array.data.buffer)).toBe(true)
})

describe('refuses', () => {
  test('values that do not match their shape', () => {
    const write = (): unknown =>
      hdf5Pieces(groupOf(new Map([['x', { shape: [2, 2], data: new Float32Array(3) }]])))
    const message = '"/x": expected values for the shape [2, 2], got 3'
    expectGruError(write, 'ERR_GRU_SHAPE', message)
  })

  test.each(['', '.', 'a/b', 'a\0b'])('the name %j', (name) => {
    const write = (): unknown => hdf5Pieces(groupOf(new Map([[name, arrayOf()]])))
    expectGruError(write, 'ERR_GRU_VALUE', /expected a name without \/ and zeros/)
  })

  test('texts that are not Unicode, or too many', () => {
    const write = (texts: string | readonly string[]) => (): unknown =>
      hdf5Pieces({ attributes: new Map([['a', texts]]), members: new Map() })
    expectGruError(write('\ud800'), 'ERR_GRU_VALUE', /expected valid Unicode without zeros/)
    const tooLong = new Array<string>(5000).fill('a')
    expectGruError(write(tooLong), 'ERR_GRU_VALUE', /expected attributes of at most 65528 bytes/)
  })
})
