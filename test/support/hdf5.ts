import * as fs from 'node:fs'
import * as path from 'node:path'
import { type Hdf5Dataset, type Hdf5Group, readHdf5 } from '../../lib/formats/hdf5'
import { isFloatDtype } from '../../lib/formats/safetensors-reader'

/** Files by Keras and h5py, and beside them what h5py reads in them; generate.py there tells how they were made. */
const FIXTURES = path.join(__dirname, '..', 'formats', 'fixtures', 'hdf5')

export function hdf5Fixture(name: string): Buffer {
  return fs.readFileSync(path.join(FIXTURES, `${name}.h5`))
}

/** What h5py reads in a fixture, as {@link plainTree} has it. */
export function expectedTree(name: string): unknown {
  return JSON.parse(fs.readFileSync(path.join(FIXTURES, `${name}.json`), 'utf8'))
}

/** All that a file holds, read to the last value, as JSON has it: integers of 64 bits and NaN are texts. */
export function plainTree(bytes: Uint8Array, name: string): unknown {
  return plainNode(readHdf5(bytes, name))
}

function plainNode(node: Hdf5Group | Hdf5Dataset): unknown {
  const attributes = entries(node.attributes, ({ dtype, shape, values }) => {
    return { dtype, shape, values: values?.map(plainValue) ?? null }
  })
  if (node.kind === 'group') return { attributes, members: entries(node.members, plainNode) }
  const { dtype, shape } = node
  const values = isFloatDtype(dtype) ? [...node.readFloat32()] : node.readValues()
  return { attributes, dtype, shape, values: values.map(plainValue) }
}

function entries<T>(map: ReadonlyMap<string, T>, plain: (value: T) => unknown): unknown {
  return Object.fromEntries([...map].map(([name, value]) => [name, plain(value)]))
}

const PYTHON_WORDS = new Map([
  [Infinity, 'inf'],
  [-Infinity, '-inf'],
  [NaN, 'nan'],
])

function plainValue(value: number | bigint | string): number | string {
  return typeof value === 'bigint' ? String(value) : (PYTHON_WORDS.get(value as number) ?? value)
}
