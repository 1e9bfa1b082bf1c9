import { type ModelOptions, Trainer, type TrainerOptions } from '../lib'
import { expectGruError, expectGruRejection } from './support/errors'
import { makeModel } from './support/models'
import { batch, bits, make, options } from './support/trainer'

const huge: TrainerOptions = { optimizer: { kind: 'sgd' } }
const skipping: TrainerOptions = { ...huge, nonFinite: 'skip' }
const nan = { ...batch, input: batch.input.map((x, i) => (i === 7 ? NaN : x)) }
const badTarget = { ...batch, target: Float32Array.of(0, Infinity, 0) }
const hugeTarget = { ...batch, target: Float32Array.of(3e38, 3e38, 3e38) }

describe('a step that is not finite', () => {
  test('names itself and the input, where that holds the number', async () => {
    const { model, trainer } = make(options, huge)
    trainer.stepSync(batch)
    const before = bits(model)
    const message =
      'step 2: loss: expected a finite number, got NaN; it began in the input "input". ' +
      'The step changed nothing. Look for NaN, infinity and very large numbers in the batch and the parameters; ' +
      'a lower learning rate keeps parameters from growing'
    expectGruError(() => trainer.stepSync(nan), 'ERR_GRU_NONFINITE', message)
    await expectGruRejection(trainer.step(nan), 'ERR_GRU_NONFINITE', message)
    expect(bits(model)).toEqual(before)
    const second = /^step 2: .* in the input "input" in batches\[1\]\. /
    expectGruError(() => trainer.stepSync([batch, nan]), 'ERR_GRU_NONFINITE', second)
  })

  const deep: ModelOptions = {
    inputs: { x: { features: 2 }, y: { features: 2 } },
    layers: {
      first: { type: 'gru', input: 'x', hiddenSize: 3 },
      second: { type: 'gru', input: 'first', hiddenSize: 3 },
      left: { type: 'linear', input: 'second', size: 1 },
      other: { type: 'gru', input: 'y', hiddenSize: 3 },
      right: { type: 'linear', input: 'other', size: 1 },
    },
    outputs: { left: { loss: 'meanSquaredError' }, right: { loss: 'meanSquaredError' } },
    seed: 2,
  }
  const deepBatch = {
    inputs: { x: new Float32Array(8).fill(0.5), y: new Float32Array(8).fill(-0.5) },
    targets: { left: new Float32Array(4), right: new Float32Array(4) },
  }
  test.each([
    ['first.bias_ih_l0', 'first'],
    ['second.weight_ih_l0', 'second'],
    ['left.weight', 'left'],
    ['other.bias_hh_l0', 'other'],
    ['right.bias', 'right'],
  ])('with NaN in %s names the output of layer %j', (parameter, layer) => {
    const model = makeModel(deep)
    const trainer = new Trainer(model, huge)
    const values = model.getParameters()[parameter]!
    values[0] = NaN
    model.setParameters({ [parameter]: values })
    const message = new RegExp(`^step 1: loss: .*; it began in the output of layer "${layer}"\\.`)
    expectGruError(() => trainer.stepSync(deepBatch), 'ERR_GRU_NONFINITE', message)
  })

  test('names the loss, where the targets hold the number', () => {
    const { trainer } = make(options, huge)
    const message = /^step 1: loss: .*got Infinity; it began in the loss of output "head"\. /
    expectGruError(() => trainer.stepSync(badTarget), 'ERR_GRU_NONFINITE', message)
  })

  test('names the parameter whose gradient is beyond float32', () => {
    const { trainer } = make(options, huge)
    const message =
      /^step 1: norm of the gradients: .*got Infinity; it began in the gradient of "head\.bias"\. /
    expectGruError(() => trainer.stepSync(hugeTarget), 'ERR_GRU_NONFINITE', message)
  })

  test('is looked into with the masks that it had', () => {
    const dropping = { ...options, gru: { hiddenSize: 16, numLayers: 2, dropout: 0.5 } }
    const { trainer } = make(dropping, huge)
    expectGruError(() => trainer.stepSync(nan), 'ERR_GRU_NONFINITE', /in the input "input"/)
    const other = make(dropping, huge)
    expect(trainer.stepSync(batch)).toEqual(other.trainer.stepSync(batch))
  })
})

describe("with nonFinite: 'skip'", () => {
  test('a step is left out, is told, and is counted', async () => {
    const [expected, { model, trainer }] = [make(options, huge), make(options, skipping)]
    expect(trainer.skippedSteps).toBe(0)
    expect(expected.trainer.stepSync(batch).skipped).toBe(false)
    trainer.stepSync(batch)
    for (const [index, bad] of [nan, badTarget, hugeTarget].entries()) {
      const before = bits(model)
      const result = await trainer.step(bad)
      expect(result.skipped).toBe(true)
      expect(Number.isFinite(result.loss) && Number.isFinite(result.gradNorm)).toBe(false)
      expect(trainer.skippedSteps).toBe(index + 1)
      expect(bits(model)).toEqual(before)
    }
    expect(trainer.stepSync([batch, nan]).skipped).toBe(true)
    expect(trainer.skippedSteps).toBe(4)
    expect(trainer.stepSync(batch)).toEqual(expected.trainer.stepSync(batch))
    expect(bits(model)).toEqual(bits(expected.model))
  })

  test('the optimiser has gathered nothing', () => {
    const adam = { kind: 'adam', learningRate: 0.1 } as const
    const expected = make(options, { optimizer: adam, average: { decay: 0.5 } })
    const { model, trainer } = make(options, {
      ...{ optimizer: adam, average: { decay: 0.5 } },
      nonFinite: 'skip',
    })
    for (let step = 0; step < 3; step++) {
      trainer.stepSync(hugeTarget)
      trainer.stepSync(batch)
      expected.trainer.stepSync(batch)
    }
    expect(bits(model)).toEqual(bits(expected.model))
    expect(trainer.getAverage()).toEqual(expected.trainer.getAverage())
  })

  test('wrong arguments are errors as ever', () => {
    const { model, trainer } = make(options, skipping)
    expectGruError(() => trainer.stepSync({ ...batch, lengths: [0, 0, 0] }), 'ERR_GRU_VALUE', /./)
    expect(trainer.skippedSteps).toBe(0)
    const bad = { ...huge, nonFinite: 'ignore' } as unknown as TrainerOptions
    const message = 'nonFinite: expected one of "throw", "skip", got "ignore"'
    expectGruError(() => new Trainer(model, bad), 'ERR_GRU_VALUE', message)
  })
})
