import { readFileSync } from 'node:fs'
import * as path from 'node:path'
import type { Constant } from '../../lib/formats/onnx-constant'
import { OnnxConstants } from '../../lib/formats/onnx-constants'
import { readOnnx } from '../../lib/formats/onnx-file'
import {
  ATTRIBUTE,
  type AttributeProto,
  GRAPH,
  MODEL,
  NODE,
  type NodeProto,
  TENSOR,
  type TensorProto,
} from '../../lib/formats/onnx-messages'
import { onnxPieces } from '../../lib/formats/onnx-writer'
import { expectGruRejection } from '../support/errors'

// fixtures/onnx/constants.py made the graphs, and ReferenceEvaluator of the onnx package 1.23.1 their values.
const fixture = (name: string): string => path.join(__dirname, 'fixtures', 'onnx', name)

interface Expected {
  readonly type: number
  readonly shape: readonly number[]
  readonly values: readonly (number | string)[]
}

function dump(constant: Constant | undefined): Expected | undefined {
  if (constant === undefined) return undefined
  const { type, shape, data } = constant
  const values = data instanceof Float32Array ? Array.from(data) : Array.from(data, String)
  return { type, shape, values }
}

describe.each([7, 11, 18])('operators of version %i', (opset) => {
  const expected = JSON.parse(readFileSync(fixture(`constants-${opset}.json`), 'utf8')) as Record<
    string,
    Expected
  >

  test('make of constants what the onnx package makes', async () => {
    const constants = await OnnxConstants.of(await readOnnx(fixture(`constants-${opset}.onnx`)))
    const folded: Record<string, unknown> = {}
    for (const name of Object.keys(expected)) folded[name] = dump(await constants.get(name))
    expect(folded).toEqual(expected)
  })

  test('make no constant of an input', async () => {
    const constants = await OnnxConstants.of(await readOnnx(fixture(`constants-${opset}.onnx`)))
    expect(constants.has('not constant')).toBe(false)
    expect(await constants.get('not constant')).toBeUndefined()
  })
})

const FLOAT = 1
const INT64 = 7

const longs = (name: string, values: readonly bigint[], shape = [values.length]): TensorProto =>
  TENSOR.of({
    name,
    dims: BigInt64Array.from(shape, BigInt),
    dataType: INT64,
    int64Data: BigInt64Array.from(values),
  })
const floats = (name: string, count: number): TensorProto =>
  TENSOR.of({
    name,
    dims: BigInt64Array.of(BigInt(count)),
    dataType: FLOAT,
    rawData: new Uint8Array(4 * count),
  })
const node = (
  operator: string,
  inputs: readonly string[],
  ...attributes: AttributeProto[]
): NodeProto => NODE.of({ operator, inputs, outputs: ['y'], attributes })
const int = (name: string, value: bigint): AttributeProto =>
  ATTRIBUTE.of({ name, type: 2, int: value })
const ints = (name: string, ...values: readonly bigint[]): AttributeProto =>
  ATTRIBUTE.of({ name, type: 7, ints: BigInt64Array.from(values) })

async function constantsOf(
  nodes: readonly NodeProto[],
  ...initializers: readonly TensorProto[]
): Promise<OnnxConstants> {
  const graph = GRAPH.of({ nodes, initializers })
  return OnnxConstants.of(
    await readOnnx(Buffer.concat(onnxPieces(MODEL.of({ irVersion: 8, graph })))),
  )
}

describe('is no constant', () => {
  test.each<[what: string, node: NodeProto, stored: readonly TensorProto[]]>([
    [
      'what another domain makes',
      { ...node('Identity', ['a']), domain: 'local' },
      [longs('a', [1n])],
    ],
    ['what an unknown operator makes', node('Relu', ['a']), [longs('a', [1n])]],
    ['a quotient by 0', node('Div', ['a', 'b']), [longs('a', [1n]), longs('b', [0n])]],
    ['a rounded negative quotient', node('Div', ['a', 'b']), [longs('a', [-1n]), longs('b', [2n])]],
    ['a sum of floats', node('Add', ['a', 'a']), [floats('a', 1)]],
    ['float16 made of float', node('Cast', ['a'], int('to', 10n)), [floats('a', 1)]],
    [
      'a float of a large integer',
      node('Cast', ['a'], int('to', 1n)),
      [longs('a', [2n ** 24n + 1n])],
    ],
    [
      'a tensor of 2^40 values',
      node('Expand', ['a', 's']),
      [floats('a', 1), longs('s', [2n ** 40n])],
    ],
    [
      'a tensor whose size is infinite',
      node('ConstantOfShape', ['s']),
      [
        longs(
          's',
          Array.from({ length: 32 }, () => 2n ** 50n),
        ),
      ],
    ],
    [
      'a tensor of infinity times 0 values',
      node('ConstantOfShape', ['s']),
      [longs('s', [...Array.from({ length: 31 }, () => 2n ** 50n), 0n])],
    ],
    [
      'a tensor of 33 dimensions',
      node('Reshape', ['a', 's']),
      [
        floats('a', 1),
        longs(
          's',
          Array.from({ length: 33 }, () => 1n),
        ),
      ],
    ],
    [
      'a sum of 2^24 values',
      node('Add', ['a', 'b']),
      [
        longs('a', new Array<bigint>(2 ** 12).fill(1n), [2 ** 12, 1]),
        longs('b', new Array<bigint>(2 ** 12).fill(1n), [1, 2 ** 12]),
      ],
    ],
  ])('%s', async (_, made, stored) => {
    const constants = await constantsOf([made], ...stored)
    expect(constants.has('y')).toBe(false)
  })

  test('a value after many others', async () => {
    const nodes = ['a', 'b', 'c'].map((output) => ({
      ...node('ConstantOfShape', ['s']),
      outputs: [output],
    }))
    const constants = await constantsOf(nodes, longs('s', [2n ** 21n]))
    expect(['a', 'b', 'c'].map((name) => constants.has(name))).toEqual([true, true, false])
  })

  test('a value that doubles too often', async () => {
    const nodes = Array.from({ length: 40 }, (_, i) =>
      NODE.of({
        operator: 'Concat',
        inputs: [`x${i}`, `x${i}`],
        outputs: [`x${i + 1}`],
        attributes: [int('axis', 0n)],
      }),
    )
    const constants = await constantsOf(nodes, floats('x0', 1))
    expect(constants.has('x20')).toBe(true)
    expect(constants.has('x23')).toBe(false)
  })
})

describe('a node that contradicts its constants is refused', () => {
  test.each<
    [operator: string, attributes: readonly AttributeProto[], shape: bigint[], message: string]
  >([
    ['Transpose', [ints('perm', 0n)], [], 'an order of 2 axes, got [0]'],
    ['Transpose', [ints('perm', 0n, 0n)], [], 'an order of 2 axes, got [0, 0]'],
    ['Transpose', [int('perm', 0n)], [], 'ints as attribute "perm", got type 2'],
    ['Reshape', [], [4n], 'a shape of 6 values, got [4]'],
    ['Reshape', [], [4n, -1n], 'a shape of 6 values, got [4, -1]'],
    ['Reshape', [], [-1n, -1n], 'at most one size of -1, got [-1, -1]'],
    ['Reshape', [], [-2n, -3n], 'a shape of 6 values, got [-2, -3]'],
    ['Squeeze', [], [0n], 'axes of size 1, got one of 2'],
    ['Squeeze', [], [2n], 'an axis from -2 to 1, got 2'],
    ['Unsqueeze', [], [0n, -4n], 'each axis once, got [0, -4]'],
    ['Gather', [], [2n], 'an axis from -2 to 1, got 2'],
    ['Gather', [int('axis', 2n)], [0n], 'an axis from -2 to 1, got 2'],
    ['Expand', [], [4n, 3n], 'a shape that [2, 3] fits, got [4, 3]'],
    [
      'Slice',
      [ints('starts', 0n), ints('ends', 1n, 1n)],
      [],
      '1 ends, axes and steps, got another number',
    ],
    [
      'Slice',
      [ints('starts', 0n, 0n), ints('ends', 1n, 1n), ints('axes', 0n, -2n)],
      [],
      'each axis once, got [0, -2]',
    ],
  ])('%s', async (operator, attributes, second, message) => {
    const x = longs('x', [1n, 2n, 3n, 4n, 5n, 6n], [2, 3])
    const inputs = second.length === 0 ? ['x'] : ['x', 's']
    const reading = constantsOf([node(operator, inputs, ...attributes)], x, longs('s', second))
    const place = `bytes, node ${operator} "y": expected ${message}`
    await expectGruRejection(reading, 'ERR_GRU_FORMAT', place)
  })

  test('a value that is made twice', async () => {
    const message = 'bytes, node Identity "y": expected each value once, got "y" twice'
    const made = node('Identity', ['x'])
    await expectGruRejection(constantsOf([made, made], longs('x', [1n])), 'ERR_GRU_FORMAT', message)
  })
})
