import { inspect } from 'node:util'
import { runInNewContext } from 'node:vm'
import { GRU, SequenceModel, Trainer } from '../lib'
import { argumentError, describe as words, GruError, memoryFault, visible } from '../lib/errors'
import { options } from './support/gru'
import { detached, resizable, shared } from './support/memory'

describe('GruError', () => {
  test('is an Error with a code, a name and a cause', () => {
    const cause = new Error('why')
    const error = new GruError('ERR_GRU_VALUE', 'batch: expected more', { cause })
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ code: 'ERR_GRU_VALUE', name: 'GruError', cause })
    expect(String(error)).toBe('GruError: batch: expected more')
    expect(Object.keys(error)).toEqual(['code'])
    expect(inspect(error)).toContain("code: 'ERR_GRU_VALUE'")
  })

  test('has no cause where none was given', () => {
    expect('cause' in new GruError('ERR_GRU_LOAD', 'no')).toBe(false)
  })

  test('argumentError gives every message one form', () => {
    const error = argumentError('ERR_GRU_SHAPE', 'input', 'steps*batch = 6 values', '5 values')
    expect(error.message).toBe('input: expected steps*batch = 6 values, got 5 values')
    expect(error.code).toBe('ERR_GRU_SHAPE')
  })
})

class Matrix {
  readonly rows = 1
}

describe('a value in words', () => {
  test.each<[string, unknown]>([
    ['"abc"', 'abc'],
    ['"a\\nb"', 'a\nb'],
    ['null', null],
    ['undefined', undefined],
    ['true', true],
    ['NaN', NaN],
    ['-Infinity', -Infinity],
    ['-0', -0],
    ['1.5', 1.5],
    ['the bigint 12', 12n],
    ['Symbol(x)', Symbol('x')],
    ['a function', () => 1],
    ['a function', Matrix],
    ['an Array of 3', [1, 2, 3]],
    ['an object', { a: 1 }],
    ['an object', Object.create(null)],
    ['a Map', new Map()],
    ['a Promise', Promise.resolve(1)],
    ['a Matrix', new Matrix()],
    ['an ArrayBuffer', new ArrayBuffer(4)],
    ['a DataView', new DataView(new ArrayBuffer(4))],
    ['a Proxy', new Proxy({}, {})],
    ['a Float64Array of 12', new Float64Array(12)],
    ['an Int32Array of 0', new Int32Array()],
    ['a Uint8Array of 2', Buffer.from('ab')],
    ['a Float32Array over a SharedArrayBuffer', shared(Float32Array, 3)],
    ['a Float32Array over a resizable ArrayBuffer', resizable(Float32Array, 3)],
    ['a Float32Array over a detached ArrayBuffer', detached(Float32Array, 3)],
  ])('%s', (expected, value) => {
    expect(words(value)).toBe(expected)
  })

  test('shortens what is long', () => {
    expect(words('x'.repeat(1000))).toBe(`"${'x'.repeat(60)}..."`)
    expect(words(`x${'🌧'.repeat(50)}`)).toBe(`"x${'🌧'.repeat(29)}..."`)
    expect(words(10n ** 100n)).toBe(`the bigint 1${'0'.repeat(59)}...`)
  })

  test.each<[string, string, string]>([
    ['a byte-order mark', '\ufeff{', '\\ufeff{'],
    ['controls', '\0\u001b[2J\u007f\u009b', '\\u0000\\u001b[2J\\u007f\\u009b'],
    ['line ends', 'a\r\n\tb\u2028\u0085', 'a\\r\\n\\tb\\u2028\\u0085'],
    ['spaces that are not the common one', 'a b\u00a0c\u3000', 'a b\\u00a0c\\u3000'],
    ['what has no width', 'a\u200bb\u00adc\u2060', 'a\\u200bb\\u00adc\\u2060'],
    ['what turns the direction', '\u202eabc\u2066', '\\u202eabc\\u2066'],
    ['letters and signs that are blank', '\u3164\u2800\u115f', '\\u3164\\u2800\\u115f'],
    ['half a surrogate pair', 'a\ud83d', 'a\\ud83d'],
    ['tags beyond 16 bits', 'a\u{e0041}', 'a\\u{e0041}'],
    ['letters of any script, and signs', 'Ünïcödé 数 🌧 €', 'Ünïcödé 数 🌧 €'],
  ])('shows %s', (_, text, shown) => {
    expect(words(text)).toBe(`"${shown}"`)
    expect(visible(text)).toBe(shown)
    const { message } = argumentError('ERR_GRU_VALUE', `${text}.csv`, `not ${text}`, `the ${text}`)
    expect(message).toBe(`${shown}.csv: expected not ${shown}, got the ${shown}`)
  })

  test('an error of any message shows them too, and may have several lines', () => {
    const { message, stack } = new GruError('ERR_GRU_FORMAT', 'a\u200b\nb\u001b[0m')
    expect(message).toBe('a\\u200b\nb\\u001b[0m')
    expect(stack).toContain(message)
  })

  test('runs no code of the value', () => {
    const fail = (): never => {
      throw new Error('was run')
    }
    const trap = { get: fail, getPrototypeOf: fail, getOwnPropertyDescriptor: fail }
    const hostile = { toString: fail, toJSON: fail, [Symbol.toPrimitive]: fail }
    Object.defineProperty(hostile, 'constructor', { get: fail })
    expect(words(hostile)).toBe('an object')
    expect(words(new Proxy({}, trap))).toBe('a Proxy')
    expect(words(Object.create(new Proxy({}, trap)))).toBe('an object')
    const child: unknown = Object.create(Object.defineProperty({}, 'constructor', { get: fail }))
    expect(words(child)).toBe('an object')
  })

  test('knows values of another realm', () => {
    expect(words(runInNewContext('new Float32Array(2)'))).toBe('a Float32Array of 2')
    expect(words(runInNewContext('[1, 2]'))).toBe('an Array of 2')
    expect(words(runInNewContext('new Date()'))).toBe('a Date')
  })
})

test('memoryFault finds nothing wrong with plain and with empty arrays', () => {
  expect(memoryFault(new Float32Array(2))).toBeUndefined()
  expect(memoryFault(new Float32Array())).toBeUndefined()
  expect(memoryFault(new Float32Array(4).subarray(4))).toBeUndefined()
})

describe("what the caller's own code throws goes through unchanged", () => {
  const mine = new RangeError('mine')
  const fail = (): never => {
    throw mine
  }

  test('from a getter of an options object', async () => {
    const hostile = Object.defineProperty({ ...options }, 'hiddenSize', { get: fail })
    expect(() => new GRU(hostile)).toThrow(mine)
    const call = new GRU(options).forward(
      new Float32Array(3),
      Object.defineProperty({}, 'batch', { get: fail }),
    )
    await expect(call).rejects.toBe(mine)
  })

  test('from an iterable of batches', async () => {
    const output = { size: 1, loss: 'meanSquaredError' } as const
    const model = new SequenceModel({ input: { features: 1 }, gru: { hiddenSize: 1 }, output })
    const trainer = new Trainer(model, { optimizer: { kind: 'sgd' } })
    const training = trainer.fit({ [Symbol.iterator]: fail }, { epochs: 1 })
    await expect(training.next()).rejects.toBe(mine)
  })
})
