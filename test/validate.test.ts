import * as fc from 'fast-check'
import { runInNewContext } from 'node:vm'
import type { GruErrorCode } from '../lib/errors'
import * as validate from '../lib/validate'
import { expectGruError, outcome } from './support/errors'
import { detached, resizable, shared } from './support/memory'
import { seed } from './support/random'

const MAX = 2147483647

describe('checkPositiveInteger', () => {
  test('returns sizes as they are', () => {
    expect(validate.checkPositiveInteger('hiddenSize', 1)).toBe(1)
    expect(validate.checkPositiveInteger('hiddenSize', MAX)).toBe(MAX)
    expect(validate.checkPositiveInteger('threads', 8, 8)).toBe(8)
  })

  test.each<[unknown, GruErrorCode, string]>([
    [0, 'ERR_GRU_VALUE', '0'],
    [-3, 'ERR_GRU_VALUE', '-3'],
    [1.5, 'ERR_GRU_VALUE', '1.5'],
    [NaN, 'ERR_GRU_VALUE', 'NaN'],
    [Infinity, 'ERR_GRU_VALUE', 'Infinity'],
    [2 ** 31, 'ERR_GRU_VALUE', '2147483648'],
    [1e300, 'ERR_GRU_VALUE', '1e+300'],
    ['8', 'ERR_GRU_TYPE', '"8"'],
    [8n, 'ERR_GRU_TYPE', 'the bigint 8'],
    [undefined, 'ERR_GRU_TYPE', 'undefined'],
    [null, 'ERR_GRU_TYPE', 'null'],
    [{ valueOf: () => 8 }, 'ERR_GRU_TYPE', 'an object'],
  ])('refuses %p', (value, code, got) => {
    const message = `hiddenSize: expected an integer from 1 to ${MAX}, got ${got}`
    expectGruError(() => validate.checkPositiveInteger('hiddenSize', value), code, message)
  })

  test('holds a maximum of its own', () => {
    const call = (): unknown => validate.checkPositiveInteger('threads', 9, 8)
    expectGruError(call, 'ERR_GRU_VALUE', 'threads: expected an integer from 1 to 8, got 9')
  })
})

describe('checkInteger', () => {
  test('includes both bounds, and nothing outside them', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(), fc.integer(), (minimum, span, value) => {
        const maximum = minimum + span
        const call = (): number => validate.checkInteger('seed', value, minimum, maximum)
        const refusal =
          `ERR_GRU_VALUE: seed: expected an integer from ${minimum} to ${maximum}, ` +
          `got ${value}`
        expect(outcome(call)).toBe(value >= minimum && value <= maximum ? value : refusal)
        expect(validate.checkInteger('seed', minimum, minimum, maximum)).toBe(minimum)
        expect(validate.checkInteger('seed', maximum, minimum, maximum)).toBe(maximum)
      }),
      { seed },
    )
  })
})

describe('checkNumber', () => {
  const probability = { atLeast: 0, below: 1 }

  test('returns numbers within the range', () => {
    expect(validate.checkNumber('dropout', 0, probability)).toBe(0)
    expect(validate.checkNumber('dropout', 0.999, probability)).toBe(0.999)
    expect(validate.checkNumber('x', -1e30)).toBe(-1e30)
    expect(validate.checkNumber('x', 2, { above: 1, atMost: 2 })).toBe(2)
  })

  test.each<[unknown, validate.NumberRange, GruErrorCode, string]>([
    [1, probability, 'ERR_GRU_VALUE', 'a finite number at least 0 and below 1, got 1'],
    [-0.1, probability, 'ERR_GRU_VALUE', 'a finite number at least 0 and below 1, got -0.1'],
    [NaN, probability, 'ERR_GRU_VALUE', 'a finite number at least 0 and below 1, got NaN'],
    [0, { above: 0 }, 'ERR_GRU_VALUE', 'a finite number above 0, got 0'],
    [3, { atMost: 2 }, 'ERR_GRU_VALUE', 'a finite number at most 2, got 3'],
    [Infinity, {}, 'ERR_GRU_VALUE', 'a finite number, got Infinity'],
    ['0.5', probability, 'ERR_GRU_TYPE', 'a finite number at least 0 and below 1, got "0.5"'],
    [null, {}, 'ERR_GRU_TYPE', 'a finite number, got null'],
  ])('refuses %p in %p', (value, range, code, rest) => {
    const message = `dropout: expected ${rest}`
    expectGruError(() => validate.checkNumber('dropout', value, range), code, message)
  })
})

test('checkBoolean takes only true and false', () => {
  expect(validate.checkBoolean('bias', true)).toBe(true)
  expect(validate.checkBoolean('bias', false)).toBe(false)
  for (const [value, got] of [
    [1, '1'],
    ['true', '"true"'],
    [undefined, 'undefined'],
    [null, 'null'],
  ] as const) {
    const message = `bias: expected true or false, got ${got}`
    expectGruError(() => validate.checkBoolean('bias', value), 'ERR_GRU_TYPE', message)
  }
})

test('checkOneOf takes only the strings it was given', () => {
  const check = (value: unknown): string =>
    validate.checkOneOf('updateGate', value, ['retain', 'replace'])
  expect(check('retain')).toBe('retain')
  const expected = 'updateGate: expected one of "retain", "replace", got'
  expectGruError(() => check('Retain'), 'ERR_GRU_VALUE', `${expected} "Retain"`)
  expectGruError(() => check(undefined), 'ERR_GRU_TYPE', `${expected} undefined`)
})

test('checkPath takes only texts that can name a file', () => {
  expect(validate.checkPath('path', 'a/b')).toBe('a/b')
  const expected = 'path: expected the path of a file, got'
  expectGruError(() => validate.checkPath('path', ''), 'ERR_GRU_VALUE', `${expected} ""`)
  expectGruError(() => validate.checkPath('path', 'a\0'), 'ERR_GRU_VALUE', `${expected} "a\\u0000"`)
  expectGruError(() => validate.checkPath('path', 3), 'ERR_GRU_TYPE', `${expected} 3`)
})

describe('checkOptions', () => {
  const allowed = ['inputSize', 'hiddenSize'] as const
  const check = (value: unknown): object => validate.checkOptions('options', value, allowed)

  test('returns plain objects, of any realm and without a prototype', () => {
    const options = { hiddenSize: 3 }
    expect(check(options)).toBe(options)
    expect(check({})).toEqual({})
    expect(check(runInNewContext('({ inputSize: 2 })'))).toMatchObject({ inputSize: 2 })
    const bare: unknown = Object.assign(Object.create(null) as object, { inputSize: 2 })
    expect(check(bare)).toBe(bare)
  })

  test.each<[unknown, string]>([
    [undefined, 'undefined'],
    [null, 'null'],
    [7, '7'],
    ['x', '"x"'],
    [[], 'an Array of 0'],
    [new Float32Array(2), 'a Float32Array of 2'],
    [new Map(), 'a Map'],
    [Object.create({ inputSize: 2 }), 'an object'],
    [() => 1, 'a function'],
  ])('refuses %p', (value, got) => {
    const message = `options: expected a plain object, got ${got}`
    expectGruError(() => check(value), 'ERR_GRU_TYPE', message)
  })

  test('names an unknown key, those allowed, and the one that was meant', () => {
    const expected = 'options: expected only the keys inputSize, hiddenSize, got the key'
    const refuse = (options: object, got: string): void => {
      expectGruError(() => check(options), 'ERR_GRU_VALUE', `${expected} ${got}`)
    }
    refuse({ hiddenSize: 3, layers: 2 }, '"layers"')
    refuse({ hidden_size: 3 }, '"hidden_size" (did you mean hiddenSize?)')
    refuse({ inputsize: undefined }, '"inputsize" (did you mean inputSize?)')
    refuse(JSON.parse('{"__proto__": 1}') as object, '"__proto__"')
  })
})

describe.each([
  ['checkFloat32Array', validate.checkFloat32Array, Float32Array, 'a Float32Array'],
  ['checkInt32Array', validate.checkInt32Array, Int32Array, 'an Int32Array'],
] as const)('%s', (_, check, kind, name) => {
  test('returns arrays as they are, of any realm', () => {
    const array = new kind(3)
    expect(check('input', array)).toBe(array)
    const empty = new kind()
    expect(check('input', empty)).toBe(empty)
    const foreign: unknown = runInNewContext(`new ${kind.name}(2)`)
    expect(check('input', foreign)).toBe(foreign)
  })

  test.each<[unknown, string]>([
    [[1, 2], 'an Array of 2'],
    [new Float64Array(12), 'a Float64Array of 12'],
    [new Uint32Array(1), 'a Uint32Array of 1'],
    [new ArrayBuffer(4), 'an ArrayBuffer'],
    [{ length: 2, [Symbol.toStringTag]: kind.name }, 'an object'],
    [null, 'null'],
    [undefined, 'undefined'],
  ])('refuses %p', (value, got) => {
    const message = `input: expected ${name}, got ${got}`
    expectGruError(() => check('input', value), 'ERR_GRU_TYPE', message)
  })

  test.each([
    ['a SharedArrayBuffer', shared(kind as typeof Float32Array, 3)],
    ['a resizable ArrayBuffer', resizable(kind as typeof Float32Array, 3)],
    ['a detached ArrayBuffer', detached(kind as typeof Float32Array, 3)],
  ])('refuses one over %s', (memory, value) => {
    const expected = `${name} over an ArrayBuffer of fixed length`
    const message = `input: expected ${expected}, got ${name} over ${memory}`
    expectGruError(() => check('input', value), 'ERR_GRU_TYPE', message)
  })
})

test('the two kinds of array are not taken for each other', () => {
  const floats = (): unknown => validate.checkFloat32Array('x', new Int32Array(1))
  const integers = (): unknown => validate.checkInt32Array('x', new Float32Array(1))
  expectGruError(floats, 'ERR_GRU_TYPE', 'x: expected a Float32Array, got an Int32Array of 1')
  expectGruError(integers, 'ERR_GRU_TYPE', 'x: expected an Int32Array, got a Float32Array of 1')
})

describe('lengths of arrays', () => {
  test('checkLength', () => {
    const array = new Float32Array(6)
    expect(() => {
      validate.checkLength('state', array, 'batch*hiddenSize', 6)
    }).not.toThrow()
    expectGruError(
      () => {
        validate.checkLength('state', array, 'batch*hiddenSize', 7)
      },
      'ERR_GRU_SHAPE',
      'state: expected batch*hiddenSize = 7 values, got 6 values',
    )
    expectGruError(
      () => {
        validate.checkLength('state', [1], 'batch', 0)
      },
      'ERR_GRU_SHAPE',
      'state: expected batch = 0 values, got 1 value',
    )
  })

  test('checkMultiple returns the number of steps', () => {
    const check = (length: number): number =>
      validate.checkMultiple('input', { length }, 'steps*batch*inputSize', 256)
    expect(check(256)).toBe(1)
    expect(check(2560)).toBe(10)
    const expected = 'input: expected steps*batch*inputSize = a'
    expectGruError(
      () => check(1000),
      'ERR_GRU_SHAPE',
      `${expected} multiple of 256, got 1000 values`,
    )
    expectGruError(() => check(1), 'ERR_GRU_SHAPE', `${expected} multiple of 256, got 1 value`)
    expectGruError(
      () => check(0),
      'ERR_GRU_SHAPE',
      `${expected} positive multiple of 256, got 0 values`,
    )
  })
})

describe('checkProduct', () => {
  test('is exact up to its bound and refuses everything above it', () => {
    const size = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: MAX }))
    fc.assert(
      fc.property(fc.array(size, { minLength: 1, maxLength: 5 }), (sizes) => {
        const exact = sizes.reduce((product, next) => product * BigInt(next), 1n)
        const call = (): number => validate.checkProduct('input', 'a*b', ...sizes)
        const refusal =
          `ERR_GRU_VALUE: input: expected a*b = at most ${validate.MAX_VALUES} values, ` +
          `got ${sizes.join('*')}`
        const fits = exact <= BigInt(validate.MAX_VALUES)
        expect(outcome(call)).toBe(fits ? Number(exact) : refusal)
      }),
      { seed },
    )
  })

  test('says the product', () => {
    expectGruError(
      () => validate.checkProduct('weight_ih_l0', '3*hiddenSize*inputSize', 3, MAX, MAX),
      'ERR_GRU_VALUE',
      `weight_ih_l0: expected 3*hiddenSize*inputSize = at most ${validate.MAX_VALUES} values, ` +
        `got 3*${MAX}*${MAX}`,
    )
  })

  test('allows no more values than a typed array can have', () => {
    expect(() => new Uint8Array(2 * validate.MAX_VALUES)).toThrow(/length|allocation/)
  })
})

describe('checkLengths', () => {
  test('returns an Int32Array as it is and numbers as a new one', () => {
    const lengths = Int32Array.of(0, 3, 5)
    expect(validate.checkLengths('lengths', lengths, 3, 5)).toBe(lengths)
    expect(validate.checkLengths('lengths', [0, 3, 5], 3, 5)).toEqual(lengths)
    const foreign: unknown = runInNewContext('[0, 3, 5]')
    expect(validate.checkLengths('lengths', foreign, 3, 5)).toEqual(lengths)
  })

  test.each<[unknown, GruErrorCode, string]>([
    [[1, 2], 'ERR_GRU_SHAPE', 'lengths: expected batch = 3 values, got 2 values'],
    [new Int32Array(4), 'ERR_GRU_SHAPE', 'lengths: expected batch = 3 values, got 4 values'],
    [[1, 6, 2], 'ERR_GRU_VALUE', 'lengths[1]: expected an integer from 0 to 5, got 6'],
    [[1, 2, -1], 'ERR_GRU_VALUE', 'lengths[2]: expected an integer from 0 to 5, got -1'],
    [[1.5, 2, 3], 'ERR_GRU_VALUE', 'lengths[0]: expected an integer from 0 to 5, got 1.5'],
    [[1, NaN, 3], 'ERR_GRU_VALUE', 'lengths[1]: expected an integer from 0 to 5, got NaN'],
    [[1, '2', 3], 'ERR_GRU_TYPE', 'lengths[1]: expected an integer from 0 to 5, got "2"'],
    [new Array(3), 'ERR_GRU_TYPE', 'lengths[0]: expected an integer from 0 to 5, got undefined'],
    [Int32Array.of(1, 2, 6), 'ERR_GRU_VALUE', 'lengths[2]: expected an integer from 0 to 5, got 6'],
    [
      new Float32Array(3),
      'ERR_GRU_TYPE',
      'lengths: expected an Int32Array or an Array of integers, got a Float32Array of 3',
    ],
    [3, 'ERR_GRU_TYPE', 'lengths: expected an Int32Array or an Array of integers, got 3'],
  ])('refuses %p', (value, code, message) => {
    expectGruError(() => validate.checkLengths('lengths', value, 3, 5), code, message)
  })

  test('refuses memory that native code cannot use', () => {
    const check = (value: unknown): unknown => validate.checkLengths('lengths', value, 3, 5)
    expectGruError(() => check(shared(Int32Array, 3)), 'ERR_GRU_TYPE', /SharedArrayBuffer$/)
    expectGruError(() => check(detached(Int32Array, 3)), 'ERR_GRU_TYPE', /detached ArrayBuffer$/)
  })
})

describe('checkIndices', () => {
  test('passes indices in range and names the first that is not', () => {
    const index = fc.integer({ min: -2, max: 12 })
    fc.assert(
      fc.property(fc.array(index), fc.integer({ min: 1, max: 12 }), (indices, count) => {
        const bad = indices.findIndex((value) => value < 0 || value >= count)
        const call = (): void => {
          validate.checkIndices('input', Int32Array.from(indices), count)
        }
        const refusal =
          `ERR_GRU_VALUE: input[${bad}]: expected an integer from 0 to ${count - 1}, ` +
          `got ${indices[bad]}`
        expect(outcome(call)).toBe(bad === -1 ? undefined : refusal)
      }),
      { seed },
    )
  })

  test('knows the extremes of an Int32Array', () => {
    const check = (value: number, count: number): void => {
      validate.checkIndices('target', Int32Array.of(0, value), count)
    }
    expect(() => {
      check(MAX - 1, MAX)
    }).not.toThrow()
    const lowest = (): void => {
      check(-(2 ** 31), MAX)
    }
    expectGruError(lowest, 'ERR_GRU_VALUE', /^target\[1\]: .* got -2147483648$/)
  })
})

test('checkAbortSignal takes signals of any realm and nothing else', () => {
  const { signal } = new AbortController()
  expect(validate.checkAbortSignal('signal', signal)).toBe(signal)
  const nothing = (): void => undefined
  const foreign = { aborted: false, addEventListener: nothing, throwIfAborted: nothing }
  expect(validate.checkAbortSignal('signal', foreign)).toBe(foreign)
  const values: [unknown, string][] = [
    [new AbortController(), 'an AbortController'],
    [null, 'null'],
    [undefined, 'undefined'],
    [true, 'true'],
    [{ aborted: true }, 'an object'],
    [{ aborted: true, addEventListener: nothing }, 'an object'],
  ]
  for (const [value, got] of values) {
    const message = `signal: expected an AbortSignal, got ${got}`
    expectGruError(() => validate.checkAbortSignal('signal', value), 'ERR_GRU_TYPE', message)
  }
})
