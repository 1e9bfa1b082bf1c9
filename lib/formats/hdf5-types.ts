/**
 * The types and shapes of HDF5's values.
 *
 * @module
 */
import type { Cursor } from './hdf5-bytes'
import { countOfBytes } from './safetensors-dtypes'

/** The type of an element. */
export interface ElementType {
  /**
   * `F16`, `BF16`, `F32`, `F64`, `I8`, `U8`, ..., `I64`, `U64`, `STRING`, or for a type that is not read its name:
   * `OPAQUE`, `COMPOUND`. Enumerations and booleans are integers.
   */
  readonly dtype: string
  /** The bytes of an element. Those of a string of variable length say where it is. */
  readonly bytes: number
  readonly isBigEndian: boolean
  /** Whether a text stands in the element (padded by zeros or spaces) or elsewhere. */
  readonly text?: 'zeros' | 'spaces' | 'elsewhere'
}

const FIXED_POINT = 0
const FLOATING_POINT = 1
const STRING = 3
const ENUMERATION = 8
const VARIABLE_LENGTH = 9
/** By their numbers, those that are not read. */
const OTHER_CLASSES: readonly (string | undefined)[] = [
  undefined,
  undefined,
  'TIME',
  undefined,
  'BITFIELD',
  'OPAQUE',
  'COMPOUND',
  'REFERENCE',
  undefined,
  'SEQUENCE',
  'ARRAY',
  'COMPLEX',
]

/** Reads a datatype message. */
export function readElementType(cursor: Cursor): ElementType {
  const kind = cursor.u8() & 0x0f
  const bits = cursor.unsigned(3)
  const bytes = cursor.u32()
  if (bytes === 0) throw cursor.fault('elements of at least one byte', 'none')
  switch (kind) {
    case FIXED_POINT:
      return integerType(cursor, bits, bytes)
    case FLOATING_POINT:
      return floatType(cursor, bits, bytes)
    case STRING:
      return { dtype: 'STRING', bytes, isBigEndian: false, text: paddingOf(bits) }
    case ENUMERATION:
      return enumerationType(cursor)
    case VARIABLE_LENGTH:
      if ((bits & 0x0f) === 1) return variableText(cursor, bytes)
  }
  return { dtype: OTHER_CLASSES[kind] ?? `CLASS ${kind}`, bytes, isBigEndian: false }
}

function paddingOf(bits: number): 'zeros' | 'spaces' {
  return (bits & 0x0f) === 2 ? 'spaces' : 'zeros'
}

/** A length, an address and a number within a heap. */
function variableText(cursor: Cursor, bytes: number): ElementType {
  const expected = 8 + cursor.file.addressBytes
  if (bytes !== expected) throw cursor.fault(`strings by ${expected} bytes`, `${bytes}`)
  return { dtype: 'STRING', bytes, isBigEndian: false, text: 'elsewhere' }
}

function integerType(cursor: Cursor, bits: number, bytes: number): ElementType {
  const [offset, precision] = [cursor.u16(), cursor.u16()]
  const isWhole = offset === 0 && precision === 8 * bytes && [1, 2, 4, 8].includes(bytes)
  const sign = (bits & 0x08) === 0 ? 'U' : 'I'
  const dtype = isWhole ? `${sign}${precision}` : `INTEGER OF ${precision} BITS`
  return { dtype, bytes, isBigEndian: (bits & 1) === 1 }
}

/** An enumeration is stored as its integers, whose type comes next. */
function enumerationType(cursor: Cursor): ElementType {
  const kind = cursor.u8() & 0x0f
  if (kind !== FIXED_POINT) throw cursor.fault('an enumeration of integers', `class ${kind}`)
  const bits = cursor.unsigned(3)
  return integerType(cursor, bits, cursor.u32())
}

/** Bits: offset, all, place of exponent, its bits, place of mantissa, its bits, bias of the exponent. */
const FLOATS: ReadonlyMap<string, string> = new Map([
  ['0 16 10 5 0 10 15', 'F16'],
  ['0 16 7 8 0 7 127', 'BF16'],
  ['0 32 23 8 0 23 127', 'F32'],
  ['0 64 52 11 0 52 1023', 'F64'],
])
const VAX_ORDER = 0x40
const LEADING_ONE_IS_IMPLIED = 2

function floatType(cursor: Cursor, bits: number, bytes: number): ElementType {
  const shorts = [cursor.u16(), cursor.u16()]
  const fields = [...shorts, cursor.u8(), cursor.u8(), cursor.u8(), cursor.u8(), cursor.u32()]
  const dtype = FLOATS.get(fields.join(' '))
  const all = shorts[1]!
  const sign = (bits >> 8) & 0xff
  const normalization = (bits >> 4) & 3
  const isIeee = normalization === LEADING_ONE_IS_IMPLIED && (bits & VAX_ORDER) === 0
  const isKnown = isIeee && sign === all - 1 && all === 8 * bytes
  const isBigEndian = (bits & 1) === 1
  return { dtype: (isKnown && dtype) || `FLOAT OF ${all} BITS`, bytes, isBigEndian }
}

/** How many elements there are. */
export interface Space {
  /** Sizes, row-major; empty for one value. */
  readonly shape: readonly number[]
  readonly count: number
}

const MAX_RANK = 32
const NULL_SPACE = 2

/** Reads a dataspace message. */
export function readSpace(cursor: Cursor): Space {
  const version = cursor.u8()
  const rank = cursor.u8()
  if (rank > MAX_RANK) throw cursor.fault(`at most ${MAX_RANK} dimensions`, `${rank}`)
  cursor.skip(1)
  if (version === 1) cursor.skip(5)
  else if (version !== 2) throw cursor.fault('a dataspace of version 1 or 2', `${version}`)
  else if (cursor.u8() === NULL_SPACE) return { shape: [0], count: 0 }
  const shape = Array.from({ length: rank }, () => cursor.length())
  return { shape, count: countOf(cursor, shape) }
}

function countOf(cursor: Cursor, shape: readonly number[]): number {
  const count = countOfBytes(shape, 8)
  if (count === Infinity || !shape.every(Number.isSafeInteger)) {
    const got = shape.join(' * ')
    throw cursor.fault(`a shape of at most ${Number.MAX_SAFE_INTEGER} bits`, got)
  }
  return count
}
