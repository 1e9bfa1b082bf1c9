import { GRU, type GruErrorCode, type GruOptions } from '../lib'
import { deviceDefaults } from './support/device'
import { expectGruError } from './support/errors'
import { makeGru, options, parameterBits } from './support/gru'

describe('options', () => {
  test('have the defaults of PyTorch', () => {
    const { seed, ...others } = makeGru({ seed: undefined }).options
    expect(others).toEqual({
      ...{ inputSize: 3, hiddenSize: 4, numLayers: 1, bias: true, batchFirst: false, dropout: 0 },
      ...{ bidirectional: false, resetAfter: true, updateGate: 'retain', ...deviceDefaults },
    })
    expect(Number.isSafeInteger(seed)).toBe(true)
  })

  test('are as given, and cannot be changed', () => {
    const given = {
      ...{ inputSize: 2, hiddenSize: 3, numLayers: 2, bias: false, batchFirst: true, dropout: 0.5 },
      ...{ bidirectional: true, resetAfter: false, updateGate: 'replace' as const },
      ...{ seed: Number.MAX_SAFE_INTEGER, device: 'cpu', precision: 'float32' as const },
    }
    const gru = makeGru(given)
    expect(gru.options).toEqual(given)
    expect(Object.isFrozen(gru.options)).toBe(true)
  })

  test('may be at their limits', () => {
    expect(makeGru({ numLayers: 1024, hiddenSize: 1 }).options.numLayers).toBe(1024)
    expect(makeGru({ dropout: 1 - 2 ** -24, numLayers: 2 }).options.dropout).toBe(1 - 2 ** -24)
  })

  test('without a seed draw another one each time', () => {
    const seeds = [1, 2, 3].map(() => makeGru({ seed: undefined }).options.seed)
    expect(new Set(seeds).size).toBe(3)
  })

  test('with a seed decide the initial values', () => {
    expect(parameterBits(makeGru({ seed: 5 }))).toEqual(parameterBits(makeGru({ seed: 5 })))
    expect(parameterBits(makeGru({ seed: 5 }))).not.toEqual(parameterBits(makeGru({ seed: 6 })))
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
    [{ resetAfter: {} }, 'ERR_GRU_TYPE', 'resetAfter: expected true or false, got an object'],
    [
      { updateGate: 'keep' },
      'ERR_GRU_VALUE',
      'updateGate: expected one of "retain", "replace", got "keep"',
    ],
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
    const pattern = new RegExp(message.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    expectGruError(() => new GRU(given as GruOptions), code, pattern)
  })
})
