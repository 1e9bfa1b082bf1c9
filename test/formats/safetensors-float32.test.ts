import { readFileSync, writeFileSync } from 'node:fs'
import { readSafetensors } from '../../lib/formats/safetensors-reader'
import { expectGruRejection } from '../support/errors'
import { type RawTensor, readWhole, writeRaw } from '../support/safetensors'
import { temporaryFolder } from '../support/temporary-folder'

const inFolder = temporaryFolder()

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

function raw(dtype: string, values: ArrayBufferView & { readonly length: number }): RawTensor {
  return { dtype, shape: [values.length], bytes: bytesOf(values) }
}

function float32(file: string, name: string, target?: Float32Array): Promise<Float32Array> {
  return readSafetensors(file, (open) => open.readFloat32(name, target))
}

/** The first index where two arrays differ, or -1. Jest would print large arrays completely. */
function firstDifference(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) return Math.min(actual.length, expected.length)
  return actual.findIndex((value, i) => !Object.is(value, expected[i]))
}

describe('tensors as float32', () => {
  const file = inFolder('floats.safetensors')
  // An odd number of halves comes first, so that nothing after them is aligned.
  writeRaw(file, {
    half: raw('F16', Uint16Array.of(0x3c00, 0xc000, 0x0001)),
    brain: raw('BF16', Uint16Array.of(0x3f80, 0xc000, 0x0001)),
    single: raw('F32', Float32Array.of(1, -2, 2 ** -149)),
    double: raw('F64', Float64Array.of(1, -2, 1 + 2 ** -24)),
    none: raw('F16', new Uint16Array()),
    whole: raw('I64', BigInt64Array.of(1n)),
    eight: raw('F8_E4M3', Uint8Array.of(0x38)),
  })

  test.each([
    ['half', [1, -2, 2 ** -24]],
    ['brain', [1, -2, 2 ** -133]],
    ['single', [1, -2, 2 ** -149]],
    ['double', [1, -2, 1]],
    ['none', []],
  ])('%s', async (name, expected) => {
    expect([...(await float32(file, name))]).toEqual(expected)
    const target = new Float32Array(expected.length + 2).fill(9)
    await float32(file, name, target.subarray(1, -1))
    expect([...target]).toEqual([9, ...expected, 9])
  })

  test('of other kinds are refused where they are wanted', async () => {
    const message = `${file}, tensor "whole": expected a dtype among F16, BF16, F32, F64, got "I64"`
    await expectGruRejection(float32(file, 'whole'), 'ERR_GRU_FORMAT', message)
    await expectGruRejection(float32(file, 'eight'), 'ERR_GRU_FORMAT', / got "F8_E4M3"$/)
    const missing = `${file}: expected a tensor "other", got none`
    await expectGruRejection(float32(file, 'other'), 'ERR_GRU_FORMAT', missing)
    const short = new Float32Array(2)
    const length = 'target: expected [3] = 3 values, got 2 values'
    await expectGruRejection(float32(file, 'half', short), 'ERR_GRU_SHAPE', length)
  })

  test('larger than what is converted at once', async () => {
    const large = inFolder('large.safetensors')
    const count = 300_001
    const doubles = Float64Array.from({ length: count }, (_, i) => i / 7)
    const halves = Uint16Array.from({ length: count }, (_, i) => (i % 15) << 10)
    writeRaw(large, { halves: raw('F16', halves), doubles: raw('F64', doubles) })
    expect(firstDifference(await float32(large, 'doubles'), Float32Array.from(doubles))).toBe(-1)
    const expected = Float32Array.from(halves, (_, i) => (i % 15 === 0 ? 0 : 2 ** ((i % 15) - 15)))
    expect(firstDifference(await float32(large, 'halves'), expected)).toBe(-1)
    doubles[200_003] = -1e39
    writeRaw(large, { doubles: raw('F64', doubles) })
    const message = `${large}, tensor "doubles", value 200003: expected a number that float32 can hold, got -1e+39`
    await expectGruRejection(float32(large, 'doubles'), 'ERR_GRU_FORMAT', message)
  })

  test('of a file that is cut while it is open are refused', async () => {
    const cut = inFolder('cut.safetensors')
    writeRaw(cut, { w: raw('F16', new Uint16Array(10_000)) })
    const reading = readSafetensors(cut, (open) => {
      writeFileSync(cut, readFileSync(cut).subarray(0, 9000))
      return open.readFloat32('w')
    })
    await expectGruRejection(
      reading,
      'ERR_GRU_FORMAT',
      /expected \d+ bytes, got a file cut at 9000$/,
    )
  })
})

describe('a file with tensors of other kinds', () => {
  const BYTES = {
    BOOL: 1,
    I8: 1,
    F8_E4M3: 1,
    F8_E5M2: 1,
    F8_E8M0: 1,
    I16: 2,
    U16: 2,
    U32: 4,
    U64: 8,
  }

  test.each([
    ...Object.entries(BYTES),
    ['C64', 8],
    ['F4', 0.5],
    ['F6_E2M3', 0.75],
    ['of the future', 3],
  ] as const)('(%s) is read but for these', async (dtype, bytes) => {
    const file = inFolder('other.safetensors')
    const other = { dtype, shape: [2, 4], bytes: new Uint8Array(8 * bytes) }
    writeRaw(file, { other, single: raw('F32', Float32Array.of(5)) })
    const [info, single] = await readSafetensors(file, async (open) => [
      open.tensors.get('other'),
      await open.readFloat32('single'),
    ])
    expect(info).toMatchObject({ dtype, shape: [2, 4] })
    expect(single).toEqual(Float32Array.of(5))
    const message = `${file}, tensor "other": expected a dtype among I64, F64, F32, I32, U8, got "${dtype}"`
    await expectGruRejection(readWhole(file), 'ERR_GRU_FORMAT', message)
  })

  test.each([
    ['BOOL', [3], 4, '3 bytes for BOOL [3], got data_offsets of 4'],
    ['F16', [3], 12, '6 bytes for F16 [3], got data_offsets of 12'],
    ['C64', [1], 4, '8 bytes for C64 [1], got data_offsets of 4'],
    ['F4', [3], 2, '1.5 bytes for F4 [3], got data_offsets of 2'],
  ])('%s of another size is refused', async (dtype, shape, length, message) => {
    const file = inFolder('size.safetensors')
    writeRaw(file, { other: { dtype, shape, bytes: new Uint8Array(length) } })
    const expected = `${file}, tensor "other": expected ${message}`
    await expectGruRejection(readWhole(file), 'ERR_GRU_FORMAT', expected)
  })
})
