import { GRU, type GruErrorCode, type GruOptions, LSTM, type LstmOptions } from '../lib'
import { cells, parameterBits } from './support/cells'
import { deviceDefaults } from './support/device'
import { expectGruError } from './support/errors'
import { options } from './support/gru'

/** The options that only a GRU has: the defaults, and others. */
const ofGru = { resetAfter: true, updateGate: 'retain' } as const
const othersOfGru = { resetAfter: false, updateGate: 'replace' } as const

/** A message as a pattern. */
const patternOf = (message: string): RegExp =>
  new RegExp(message.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))

describe.each(cells)('options of $name', ({ Layer, make, hasCell }) => {
  test('have the defaults of PyTorch', () => {
    const { seed, ...others } = make({ seed: undefined }).options
    expect(others).toEqual({
      ...{ inputSize: 3, hiddenSize: 4, numLayers: 1, bias: true, batchFirst: false, dropout: 0 },
      ...{ bidirectional: false, ...(!hasCell && ofGru), ...deviceDefaults },
    })
    expect(Number.isSafeInteger(seed)).toBe(true)
  })

  test('are as given, and cannot be changed', () => {
    const given = {
      ...{ inputSize: 2, hiddenSize: 3, numLayers: 2, bias: false, batchFirst: true, dropout: 0.5 },
      ...{ bidirectional: true, ...(!hasCell && othersOfGru) },
      ...{ seed: Number.MAX_SAFE_INTEGER, device: 'cpu', precision: 'float32' as const },
    }
    const layer = make(given)
    expect(layer.options).toEqual(given)
    expect(Object.isFrozen(layer.options)).toBe(true)
  })

  test('may be at their limits', () => {
    expect(make({ numLayers: 1024, hiddenSize: 1 }).options.numLayers).toBe(1024)
    expect(make({ dropout: 1 - 2 ** -24, numLayers: 2 }).options.dropout).toBe(1 - 2 ** -24)
  })

  test('without a seed draw another one each time', () => {
    const seeds = [1, 2, 3].map(() => make({ seed: undefined }).options.seed)
    expect(new Set(seeds).size).toBe(3)
  })

  test('with a seed decide the initial values', () => {
    expect(parameterBits(make({ seed: 5 }))).toEqual(parameterBits(make({ seed: 5 })))
    expect(parameterBits(make({ seed: 5 }))).not.toEqual(parameterBits(make({ seed: 6 })))
  })

  test.each<[object | undefined, GruErrorCode, string]>([
    [undefined, 'ERR_GRU_TYPE', 'options: expected a plain object, got undefined'],
    [{ hiddensize: 4 }, 'ERR_GRU_VALUE', 'got the key "hiddensize" (did you mean hiddenSize?)'],
    [
      { inputSize: 0 },
      'ERR_GRU_VALUE',
      'inputSize: expected an integer from 1 to 536870911, got 0',
    ],
    [
      { inputSize: '3' },
      'ERR_GRU_TYPE',
      'inputSize: expected an integer from 1 to 536870911, got "3"',
    ],
    [
      { hiddenSize: NaN },
      'ERR_GRU_VALUE',
      'hiddenSize: expected an integer from 1 to 536870911, got NaN',
    ],
    [{ hiddenSize: 1e300 }, 'ERR_GRU_VALUE', 'hiddenSize: expected an integer from 1 to'],
    [{ hiddenSize: 2 ** 29 - 1 }, 'ERR_GRU_VALUE', 'options: expected sizes with at most'],
    [
      { numLayers: 1025 },
      'ERR_GRU_VALUE',
      'numLayers: expected an integer from 1 to 1024, got 1025',
    ],
    [{ numLayers: 1.5 }, 'ERR_GRU_VALUE', 'numLayers: expected an integer from 1 to 1024, got 1.5'],
    [
      { numLayers: null },
      'ERR_GRU_TYPE',
      'numLayers: expected an integer from 1 to 1024, got null',
    ],
    [{ bias: 1 }, 'ERR_GRU_TYPE', 'bias: expected true or false, got 1'],
    [{ batchFirst: 'no' }, 'ERR_GRU_TYPE', 'batchFirst: expected true or false, got "no"'],
    [
      { dropout: 1 },
      'ERR_GRU_VALUE',
      'dropout: expected a finite number at least 0 and below 1, got 1',
    ],
    [
      { dropout: -0.1 },
      'ERR_GRU_VALUE',
      'dropout: expected a finite number at least 0 and below 1, got -0.1',
    ],
    [
      { dropout: 0.99999999 },
      'ERR_GRU_VALUE',
      'dropout: expected a number that is below 1 also as float32, got 0.99999999',
    ],
    [{ bidirectional: 0 }, 'ERR_GRU_TYPE', 'bidirectional: expected true or false, got 0'],
    [{ seed: -1 }, 'ERR_GRU_VALUE', 'seed: expected an integer from 0 to 9007199254740991, got -1'],
    [{ seed: 2 ** 53 }, 'ERR_GRU_VALUE', 'seed: expected an integer from 0 to 9007199254740991'],
    [{ device: 0 }, 'ERR_GRU_TYPE', "device: expected the name of a device, such as 'cpu', got 0"],
    [
      { device: 'tpu' },
      'ERR_GRU_VALUE',
      "device: expected 'auto', 'cpu', 'cuda' or 'cuda:N', got 'tpu'",
    ],
    [
      { device: 'cuda:99' },
      'ERR_GRU_DEVICE',
      "device: expected one that can be used, got 'cuda:99': ",
    ],
    [
      { device: 'cpu', precision: 'bfloat16' },
      'ERR_GRU_VALUE',
      "precision: expected 'float32' on the CPU, got 'bfloat16'",
    ],
    [
      { precision: 'float64' },
      'ERR_GRU_VALUE',
      'precision: expected one of "float32", "tf32", "bfloat16", got "float64"',
    ],
  ])('refuse %p', (bad, code, message) => {
    const given = bad === undefined ? undefined : { ...options, ...bad }
    expectGruError(() => new Layer(given as GruOptions), code, patternOf(message))
  })
})

test.each<[object, GruErrorCode, string]>([
  [{ resetAfter: {} }, 'ERR_GRU_TYPE', 'resetAfter: expected true or false, got an object'],
  [
    { updateGate: 'keep' },
    'ERR_GRU_VALUE',
    'updateGate: expected one of "retain", "replace", got "keep"',
  ],
])('a GRU refuses %p', (bad, code, message) => {
  expectGruError(() => new GRU({ ...options, ...bad }), code, message)
})

test('an LSTM has no options of a GRU', () => {
  const given: object = { ...options, resetAfter: true }
  const message = /^options: expected only the keys .*, got the key "resetAfter"/
  expectGruError(() => new LSTM(given as LstmOptions), 'ERR_GRU_VALUE', message)
})
