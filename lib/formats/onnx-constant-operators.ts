/**
 * ONNX's operators that exporters leave between stored weights and the nodes that use them, over constants. Each works in the
 * form of every version of the operator: what was an attribute once may be an input since.
 *
 * @module
 */
import { clamped, type OnnxNode } from './onnx-attributes'
import {
  broadcastShape,
  broadcastView,
  type Constant,
  type ConstantData,
  copyView,
  countOf,
  MAX_RANK,
  newData,
  stridesOf,
} from './onnx-constant'

/** The result of a node; undefined if it is not computed here. An input that is left out is undefined. */
export type Operator = (
  node: OnnxNode,
  inputs: readonly (Constant | undefined)[],
) => Folding | undefined

/** How a result is computed, once it is known that there is room for its values. */
export interface Folding {
  /** The number of new values. */
  readonly count: number
  /** Undefined if the values cannot be told. */
  compute(): Constant | undefined
}

/** A constant with the same values in the same order. */
function reshaped({ type, data }: Constant, shape: readonly number[]): Folding {
  return { count: 0, compute: () => ({ type, shape, data }) }
}

function viewed(source: Constant, view: Parameters<typeof copyView>[1]): Folding {
  return { count: countOf(view.shape), compute: () => copyView(source, view) }
}

/** The axis from 0 on that a number means in tensors of this rank. */
function axisOf(node: OnnxNode, axis: number, rank: number): number {
  if (axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis
  throw node.fault(`an axis from ${-rank} to ${rank - 1}`, `${axis}`)
}

/** Numbers that an input has, or an attribute in older versions; undefined if there is neither. */
function numbersOf(
  node: OnnxNode,
  input: Constant | undefined,
  attribute: string,
): readonly number[] | undefined {
  if (input === undefined) return node.ints(attribute)
  if (input.data instanceof BigInt64Array) return Array.from(input.data, clamped)
  throw node.fault(`integers as ${attribute}`, 'floating-point numbers')
}

const transpose: Operator = (node, [x]) => {
  if (x === undefined) return undefined
  const rank = x.shape.length
  const order = node.ints('perm') ?? x.shape.map((_, axis) => rank - 1 - axis)
  if (order.length !== rank || !x.shape.every((_, axis) => order.includes(axis))) {
    throw node.fault(`an order of ${rank} axes`, `[${order.slice(0, MAX_RANK).join(', ')}]`)
  }
  const strides = stridesOf(x.shape)
  const shape = order.map((axis) => x.shape[axis]!)
  return viewed(x, { shape, strides: order.map((axis) => strides[axis]!), offset: 0 })
}

const reshape: Operator = (node, [x, sizes]) => {
  const asked = numbersOf(node, sizes, 'shape')
  if (x === undefined || asked === undefined || asked.length > MAX_RANK) return undefined
  if (asked.filter((size) => size === -1).length > 1) {
    throw node.fault('at most one size of -1', `[${asked.join(', ')}]`)
  }
  const keepsZero = node.int('allowzero') === 1
  const known = asked.map((size, axis) => (size === 0 && !keepsZero ? (x.shape[axis] ?? 0) : size))
  const rest = countOf(x.shape) / countOf(known.filter((size) => size !== -1))
  const shape = known.map((size) => (size === -1 ? rest : size))
  const isWhole = shape.every((size) => Number.isSafeInteger(size) && size >= 0)
  if (isWhole && countOf(shape) === countOf(x.shape)) return reshaped(x, shape)
  throw node.fault(`a shape of ${countOf(x.shape)} values`, `[${asked.join(', ')}]`)
}

const squeeze: Operator = (node, [x, given]) => {
  if (x === undefined) return undefined
  const rank = x.shape.length
  const axes = numbersOf(node, given, 'axes')?.map((axis) => axisOf(node, axis, rank))
  const isLeftOut = (size: number, axis: number): boolean => axes?.includes(axis) ?? size === 1
  const wrong = x.shape.find((size, axis) => isLeftOut(size, axis) && size !== 1)
  if (wrong !== undefined) throw node.fault('axes of size 1', `one of ${wrong}`)
  return reshaped(
    x,
    x.shape.filter((size, axis) => !isLeftOut(size, axis)),
  )
}

const unsqueeze: Operator = (node, [x, given]) => {
  const asked = numbersOf(node, given, 'axes')
  if (x === undefined || asked === undefined) return undefined
  const rank = x.shape.length + asked.length
  if (rank > MAX_RANK) return undefined
  const axes = new Set(asked.map((axis) => axisOf(node, axis, rank)))
  if (axes.size < asked.length) throw node.fault('each axis once', `[${asked.join(', ')}]`)
  const sizes = x.shape.values()
  const shape = Array.from({ length: rank }, (_, axis) =>
    axes.has(axis) ? 1 : (sizes.next().value as number),
  )
  return reshaped(x, shape)
}

const concat: Operator = (node, inputs) => {
  const [first] = inputs
  const parts = inputs.filter((input) => input !== undefined)
  if (first === undefined || parts.length < inputs.length) return undefined
  const rank = first.shape.length
  // The attribute is required from version 4 on.
  const axis = axisOf(node, node.int('axis') ?? 1, rank)
  const fits = ({ type, shape }: Constant): boolean =>
    type === first.type &&
    shape.length === rank &&
    shape.every((size, i) => i === axis || size === first.shape[i])
  if (!parts.every(fits)) {
    throw node.fault(`tensors that differ in axis ${axis} alone`, 'others')
  }
  const length = parts.reduce((sum, { shape }) => sum + shape[axis]!, 0)
  const shape = first.shape.map((size, i) => (i === axis ? length : size))
  return { count: countOf(shape), compute: () => joined(parts, shape, axis) }
}

function joined(parts: readonly Constant[], shape: readonly number[], axis: number): Constant {
  const [first] = parts as readonly [Constant]
  const data = newData(first, countOf(shape))
  const row = countOf(shape.slice(axis))
  let begin = 0
  for (const part of parts) {
    const own = countOf(part.shape.slice(axis))
    const rows = own === 0 ? 0 : part.data.length / own
    for (let i = 0; i < rows; i++) copyInto(data, i * row + begin, part.data, i * own, own)
    begin += own
  }
  return { type: first.type, shape, data }
}

function copyInto(
  target: ConstantData,
  at: number,
  source: ConstantData,
  from: number,
  count: number,
): void {
  // Both have the same type.
  ;(target as Float32Array).set(source.subarray(from, from + count) as Float32Array, at)
}

const gather: Operator = (node, [x, indices]) => {
  if (x === undefined || indices === undefined) return undefined
  const chosen = numbersOf(node, indices, 'indices')!
  const axis = axisOf(node, node.int('axis') ?? 0, x.shape.length)
  const places = chosen.map((index) => axisOf(node, index, x.shape[axis]!))
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)]
  if (shape.length > MAX_RANK) return undefined
  return { count: countOf(shape), compute: () => gathered(x, places, shape, axis) }
}

function gathered(
  x: Constant,
  places: readonly number[],
  shape: readonly number[],
  axis: number,
): Constant {
  const data = newData(x, countOf(shape))
  const inner = countOf(x.shape.slice(axis + 1))
  const rows = places.length * inner === 0 ? 0 : data.length / (places.length * inner)
  for (let row = 0; row < rows; row++) {
    places.forEach((place, i) => {
      const from = (row * x.shape[axis]! + place) * inner
      copyInto(data, (row * places.length + i) * inner, x.data, from, inner)
    })
  }
  return { type: x.type, shape, data }
}

const slice: Operator = (node, [x, startsInput, endsInput, axesInput, stepsInput]) => {
  const starts = numbersOf(node, startsInput, 'starts')
  const ends = numbersOf(node, endsInput, 'ends')
  if (x === undefined || starts === undefined || ends === undefined) return undefined
  const axes = numbersOf(node, axesInput, 'axes') ?? starts.map((_, i) => i)
  const steps = numbersOf(node, stepsInput, 'steps') ?? starts.map(() => 1)
  if ([ends, axes, steps].some(({ length }) => length !== starts.length)) {
    throw node.fault(`${starts.length} ends, axes and steps`, 'another number')
  }
  const places = axes.map((axis) => axisOf(node, axis, x.shape.length))
  if (new Set(places).size < places.length) {
    throw node.fault('each axis once', `[${axes.slice(0, MAX_RANK).join(', ')}]`)
  }
  const own = stridesOf(x.shape)
  const shape = [...x.shape]
  const strides = [...own]
  let offset = 0
  places.forEach((axis, i) => {
    const step = steps[i]!
    if (step === 0) throw node.fault('steps that are not 0', '0')
    const { start, count } = rangeOf(starts[i]!, ends[i]!, step, x.shape[axis]!)
    offset += start * own[axis]!
    shape[axis] = count
    strides[axis] = own[axis]! * step
  })
  return viewed(x, { shape, strides, offset })
}

/** As Python's slices: negative numbers count from the end, and those beyond it stand for it. */
function rangeOf(
  start: number,
  end: number,
  step: number,
  size: number,
): { readonly start: number; readonly count: number } {
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1]
  const place = (at: number): number => Math.max(low, Math.min(high, at < 0 ? at + size : at))
  const count = Math.max(0, Math.ceil((place(end) - place(start)) / step))
  return { start: count === 0 ? 0 : place(start), count }
}

const INT64 = 7

const shape: Operator = (node, [x]) => {
  if (x === undefined) return undefined
  const sizes = x.shape.slice(node.int('start') ?? 0, node.int('end') ?? x.shape.length)
  const data = BigInt64Array.from(sizes, BigInt)
  return { count: sizes.length, compute: () => ({ type: INT64, shape: [sizes.length], data }) }
}

const expand: Operator = (node, [x, sizes]) => {
  const asked = numbersOf(node, sizes, 'shape')
  if (x === undefined || asked === undefined || asked.length > MAX_RANK) return undefined
  const result = broadcastShape(x.shape, asked)
  if (result !== undefined && asked.every((size) => size >= 0)) {
    return viewed(x, broadcastView(x, result))
  }
  throw node.fault(`a shape that [${x.shape.join(', ')}] fits`, `[${asked.join(', ')}]`)
}

/** Fills a tensor of a shape; the node's attribute, one value, has been read by the caller. */
export function filled(
  node: OnnxNode,
  sizes: Constant | undefined,
  value: Constant,
): Folding | undefined {
  const asked = numbersOf(node, sizes, 'shape')
  if (asked === undefined || asked.length > MAX_RANK) return undefined
  const wrong = asked.find((size) => size < 0)
  if (wrong !== undefined) throw node.fault('sizes from 0 on', `${wrong}`)
  if (value.data.length !== 1) throw node.fault('one value', `${value.data.length}`)
  return viewed({ ...value, shape: [] }, broadcastView({ ...value, shape: [] }, asked))
}

/** The bits of integers, by the numbers of their types; negative for unsigned ones. */
const INTEGER_BITS: ReadonlyMap<number, number> = new Map([
  [2, -8],
  [3, 8],
  [4, -16],
  [5, 16],
  [6, 32],
  [INT64, 64],
  [12, -32],
])

function wrapped(value: bigint, bits: number): bigint {
  return bits < 0 ? BigInt.asUintN(-bits, value) : BigInt.asIntN(bits, value)
}

const BOOL = 9

const isInteger = (type: number): boolean => INTEGER_BITS.has(type)

type Combine = (a: bigint, b: bigint) => bigint | undefined

/** Arithmetic of integers. That of floating-point numbers is no bookkeeping of shapes, and is left to the graph. */
function arithmetic(combine: Combine): Operator {
  return (node, [a, b]) => {
    // Before version 7 an attribute said how the second input was broadcast.
    if (a === undefined || b === undefined || node.attribute('axis') !== undefined) return undefined
    if (!isInteger(a.type) || a.type !== b.type) return undefined
    const shape = broadcastShape(a.shape, b.shape)
    if (shape === undefined) {
      throw node.fault('two shapes that fit', `[${a.shape.join(', ')}] and [${b.shape.join(', ')}]`)
    }
    return { count: countOf(shape), compute: () => combined(a, b, shape, combine) }
  }
}

function combined(
  a: Constant,
  b: Constant,
  shape: readonly number[],
  combine: Combine,
): Constant | undefined {
  const left = copyView(a, broadcastView(a, shape)).data as BigInt64Array
  const right = copyView(b, broadcastView(b, shape)).data as BigInt64Array
  for (let i = 0; i < left.length; i++) {
    const value = combine(left[i]!, right[i]!)
    if (value === undefined) return undefined
    left[i] = wrapped(value, INTEGER_BITS.get(a.type)!)
  }
  return { type: a.type, shape, data: left }
}

/** Systems disagree on how a negative quotient is rounded. */
function quotient(a: bigint, b: bigint): bigint | undefined {
  if (b === 0n) return undefined
  return a % b === 0n || a < 0n === b < 0n ? a / b : undefined
}

const FLOAT = 1
const DOUBLE = 11

/** Larger integers may not be exact as float32. */
const EXACT_INTEGERS = 2n ** 24n

const cast: Operator = (node, [x]) => {
  const to = node.int('to')
  if (x === undefined || to === undefined) return undefined
  const { shape, data } = x
  if (to === x.type) return reshaped(x, shape)
  if (data instanceof Float32Array && (to === FLOAT || to === DOUBLE)) {
    return { count: 0, compute: () => ({ type: to, shape, data }) }
  }
  const convert = conversion(x, to)
  const compute = (): Constant | undefined => {
    const converted = convert?.()
    return converted === undefined ? undefined : { type: to, shape, data: converted }
  }
  return convert && { count: data.length, compute }
}

/** Undefined for types whose rounding is not done here, and for doubles, which have been rounded to float32. */
function conversion(
  { type, data }: Constant,
  to: number,
): (() => ConstantData | undefined) | undefined {
  if (data instanceof BigInt64Array) {
    if (to === FLOAT || to === DOUBLE) return () => floatsOf(data)
    if (to === BOOL) return () => data.map((value) => (value === 0n ? 0n : 1n))
    const bits = INTEGER_BITS.get(to)
    return bits === undefined ? undefined : () => data.map((value) => wrapped(value, bits))
  }
  if (type === DOUBLE) return undefined
  if (to === BOOL) return () => BigInt64Array.from(data, (value) => (value === 0 ? 0n : 1n))
  const bits = INTEGER_BITS.get(to)
  return bits === undefined ? undefined : () => integersOf(data, bits)
}

function floatsOf(data: BigInt64Array): Float32Array | undefined {
  const isExact = data.every((value) => value <= EXACT_INTEGERS && value >= -EXACT_INTEGERS)
  return isExact ? Float32Array.from(data, Number) : undefined
}

/** Undefined if one is too large: systems disagree on what it becomes. */
function integersOf(data: Float32Array, bits: number): BigInt64Array | undefined {
  const fits = (value: number): boolean => {
    if (!Number.isFinite(value)) return false
    const whole = BigInt(Math.trunc(value))
    return wrapped(whole, bits) === whole
  }
  return data.every(fits)
    ? BigInt64Array.from(data, (value) => BigInt(Math.trunc(value)))
    : undefined
}

/** By the names of the operators. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ['Add', arithmetic((a, b) => a + b)],
  ['Cast', cast],
  ['Concat', concat],
  ['Div', arithmetic(quotient)],
  ['Expand', expand],
  ['Gather', gather],
  ['Identity', (_, [x]) => x && reshaped(x, x.shape)],
  ['Mul', arithmetic((a, b) => a * b)],
  ['Reshape', reshape],
  ['Shape', shape],
  ['Slice', slice],
  ['Squeeze', squeeze],
  ['Sub', arithmetic((a, b) => a - b)],
  ['Transpose', transpose],
  ['Unsqueeze', unsqueeze],
])
