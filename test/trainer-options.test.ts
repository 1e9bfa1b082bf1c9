import {
  type GruErrorCode,
  type OptimizerOptions,
  SequenceModel,
  Trainer,
  type TrainerOptions,
} from '../lib'
import { expectGruError } from './support/errors'
import { adam, make, options } from './support/trainer'

describe('options', () => {
  test.each<[OptimizerOptions['kind'], object]>([
    ['sgd', { learningRate: 1e-3, momentum: 0, weightDecay: 0 }],
    ['adam', { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 }],
    ['adamw', { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 1e-2 }],
    ['rmsprop', { learningRate: 1e-2, decay: 0.99, epsilon: 1e-8, momentum: 0, weightDecay: 0 }],
  ])('have the defaults of PyTorch: %s', (kind, defaults) => {
    const { trainer } = make(options, { optimizer: { kind } })
    expect(trainer.options.optimizer).toEqual({ kind, ...defaults })
    expect(trainer.options.clipNorm).toBeUndefined()
    expect(trainer.options.clipValue).toBeUndefined()
  })

  const sgd = { kind: 'sgd' }
  test.each<[unknown, GruErrorCode, string | RegExp]>([
    [undefined, 'ERR_GRU_TYPE', 'options: expected a plain object, got undefined'],
    [{}, 'ERR_GRU_TYPE', 'optimizer: expected a plain object, got undefined'],
    [
      { optimizer: {} },
      'ERR_GRU_TYPE',
      /^optimizer\.kind: expected one of "sgd", "adam", "adamw", "rmsprop", got undefined$/,
    ],
    [{ optimizer: { kind: 'lion' } }, 'ERR_GRU_VALUE', /^optimizer\.kind: .*got "lion"$/],
    [
      { optimizer: { kind: 'sgd', beta1: 0.9 } },
      'ERR_GRU_VALUE',
      'optimizer (sgd): expected only the keys kind, learningRate, momentum, weightDecay, got the key "beta1"',
    ],
    [
      { optimizer: { kind: 'adam', momentum: 0.9 } },
      'ERR_GRU_VALUE',
      /^optimizer \(adam\): .*"momentum"$/,
    ],
    [
      { optimizer: { kind: 'sgd', lr: 0.1 } },
      'ERR_GRU_VALUE',
      /^optimizer: .*"lr" \(did you mean learningRate\?\)$/,
    ],
    [
      { optimizer: { kind: 'sgd', learningRate: -1 } },
      'ERR_GRU_VALUE',
      'optimizer.learningRate: expected a finite number at least 0 and at most 3.4028234663852886e+38, got -1',
    ],
    [
      { optimizer: { kind: 'sgd', learningRate: 1e39 } },
      'ERR_GRU_VALUE',
      /^optimizer\.learningRate: .* at most 3\.4028234663852886e\+38, got 1e\+39$/,
    ],
    [
      { optimizer: { kind: 'adamw', weightDecay: 1e39 } },
      'ERR_GRU_VALUE',
      /^optimizer\.weightDecay: .*got 1e\+39$/,
    ],
    [
      { optimizer: { kind: 'rmsprop', momentum: 1e39 } },
      'ERR_GRU_VALUE',
      /^optimizer\.momentum: .*got 1e\+39$/,
    ],
    [
      { optimizer: { kind: 'adam', epsilon: 1e39 } },
      'ERR_GRU_VALUE',
      /^optimizer\.epsilon: .*got 1e\+39$/,
    ],
    ...(['adam', 'adamw', 'rmsprop'] as const).flatMap(
      (kind): [unknown, GruErrorCode, RegExp | string][] => [
        [
          { optimizer: { kind, epsilon: 0 } },
          'ERR_GRU_VALUE',
          /^optimizer\.epsilon: expected a finite number above 0 .*got 0$/,
        ],
        [
          { optimizer: { kind, epsilon: 1e-46 } },
          'ERR_GRU_VALUE',
          'optimizer.epsilon: expected a number that is above 0 also as float32, got 1e-46',
        ],
      ],
    ),
    [
      { optimizer: { kind: 'adam', beta2: 1 - 1e-12 } },
      'ERR_GRU_VALUE',
      /^optimizer\.beta2: expected a number that is below 1 also as float32, got 0\.9/,
    ],
    [
      { optimizer: sgd, clipNorm: 1e-46 },
      'ERR_GRU_VALUE',
      'clipNorm: expected a number that is above 0 also as float32, got 1e-46',
    ],
    [{ optimizer: sgd, clipNorm: 1e39 }, 'ERR_GRU_VALUE', /^clipNorm: .*got 1e\+39$/],
    [{ optimizer: sgd, clipValue: 1e39 }, 'ERR_GRU_VALUE', /^clipValue: .*got 1e\+39$/],
    [
      { optimizer: { kind: 'adam', beta2: 1 } },
      'ERR_GRU_VALUE',
      'optimizer.beta2: expected a finite number at least 0 and below 1, got 1',
    ],
    [
      { optimizer: { kind: 'adam', epsilon: '1' } },
      'ERR_GRU_TYPE',
      /^optimizer\.epsilon: .*got "1"$/,
    ],
    [
      { optimizer: sgd, clipNorm: 0 },
      'ERR_GRU_VALUE',
      'clipNorm: expected a finite number above 0 and at most 3.4028234663852886e+38, got 0',
    ],
    [
      { optimizer: sgd, clipValue: NaN },
      'ERR_GRU_VALUE',
      'clipValue: expected a finite number above 0 and at most 3.4028234663852886e+38, got NaN',
    ],
    [{ optimizer: sgd, clip: 1 }, 'ERR_GRU_VALUE', /^options: .*"clip"/],
    [
      { optimizer: sgd, recomputeActivations: 2 },
      'ERR_GRU_TYPE',
      'recomputeActivations: expected true or false, got 2',
    ],
  ])('refuse what is wrong: %#', (bad, code, message) => {
    const { model } = make()
    expectGruError(() => new Trainer(model, bad as TrainerOptions), code, message)
  })

  test.each([undefined, null, {}, options, Object.create(SequenceModel.prototype)])(
    'need a model: %#',
    (bad) => {
      const call = (): unknown => new Trainer(bad as SequenceModel, adam)
      expectGruError(
        call,
        'ERR_GRU_TYPE',
        /^model: expected a Model, a SequenceModel or a Seq2Seq, got /,
      )
    },
  )

  test('need a model that is not disposed of', () => {
    const { model } = make()
    model.dispose()
    expectGruError(() => new Trainer(model, adam), 'ERR_GRU_DISPOSED', /./)
  })
})
