import type { NativeLossOptions, NativeTarget, NativeTrainingBatch } from '../../binding'
import {
  addon,
  BATCH,
  chain,
  codeOf,
  createModel,
  device,
  gruOptions,
  STEPS,
  trainerOptions,
  wave,
} from '../support/addon'

// What lib checks before: the binding must refuse it by itself.

const numbers = { labelSmoothing: 0, classWeights: new Float32Array(0), ignoredClass: null }
const classes: NativeLossOptions = { kind: 'crossEntropy', ...numbers }

function failureOf(call: () => unknown): { code?: unknown; message?: string } {
  try {
    call()
  } catch (error) {
    return error as Error
  }
  return {}
}

const ofSize = (loss: NativeLossOptions, outputSize = 6, every: 'step' | 'last' = 'step') =>
  chain({ tokens: 0, loss, outputSize, every })

describe('a loss', () => {
  test.each<[unknown, string, string]>([
    ['crossEntropy', 'ERR_GRU_TYPE', 'output.loss: expected an object, got "crossEntropy"'],
    [undefined, 'ERR_GRU_TYPE', 'output.loss: expected an object, got undefined'],
    [{ kind: 'mse' }, 'ERR_GRU_VALUE', 'output.loss.kind: expected one of "crossEntropy", '],
    [{ kind: 7 }, 'ERR_GRU_TYPE', 'output.loss.kind: expected one of "crossEntropy", '],
    [
      { ...classes, labelSmoothing: 1 },
      'ERR_GRU_VALUE',
      'output.loss.labelSmoothing: expected a finite number at least 0 and below 1, got 1',
    ],
    [
      { ...classes, labelSmoothing: NaN },
      'ERR_GRU_VALUE',
      'output.loss.labelSmoothing: expected a finite number at least 0 and below 1, got NaN',
    ],
    [{ ...classes, labelSmoothing: null }, 'ERR_GRU_TYPE', 'output.loss.labelSmoothing: '],
    [
      { ...classes, classWeights: [1, 1, 1, 1, 1, 1] },
      'ERR_GRU_TYPE',
      'output.loss.classWeights: expected a Float32Array, got an Array of 6',
    ],
    [
      { ...classes, classWeights: Float32Array.of(1, 1, 1, -1, 1, 1) },
      'ERR_GRU_VALUE',
      'output.loss.classWeights[3]: expected a finite number at least 0, got -1',
    ],
    [
      { ...classes, classWeights: Float32Array.of(1, Infinity) },
      'ERR_GRU_VALUE',
      'output.loss.classWeights[1]: expected a finite number at least 0, got Infinity',
    ],
    [
      { ...classes, classWeights: new Float32Array(5) },
      'ERR_GRU_VALUE',
      "output.loss.classWeights: expected a weight for each of the output's 6 values, got 5",
    ],
    ...[0.5, NaN, 2 ** 31, -(2 ** 31) - 1].map((ignoredClass): [unknown, string, string] => [
      { ...classes, ignoredClass },
      'ERR_GRU_VALUE',
      `output.loss.ignoredClass: expected an integer of 32 bits, or null, got ${ignoredClass}`,
    ]),
    [{ ...classes, ignoredClass: undefined }, 'ERR_GRU_TYPE', 'output.loss.ignoredClass: '],
    [
      { kind: 'huber', ignoreMissing: false, delta: 0 },
      'ERR_GRU_VALUE',
      'output.loss.delta: expected a finite number above 0, got 0',
    ],
    [{ kind: 'huber', ignoreMissing: false, delta: -1 }, 'ERR_GRU_VALUE', 'output.loss.delta: '],
    [
      { kind: 'huber', ignoreMissing: false, delta: Infinity },
      'ERR_GRU_VALUE',
      'output.loss.delta: ',
    ],
    [{ kind: 'huber', ignoreMissing: false }, 'ERR_GRU_TYPE', 'output.loss.delta: '],
    [
      { kind: 'huber', ignoreMissing: 1, delta: 1 },
      'ERR_GRU_TYPE',
      'output.loss.ignoreMissing: expected true or false, got 1',
    ],
    ...['meanSquaredError', 'meanAbsoluteError', 'gaussian'].map(
      (kind): [unknown, string, string] => [
        { kind },
        'ERR_GRU_TYPE',
        'output.loss.ignoreMissing: ',
      ],
    ),
    [
      { kind: 'quantile', ignoreMissing: false, quantiles: new Float32Array(0) },
      'ERR_GRU_VALUE',
      'output.loss.quantiles: expected at least one, got none',
    ],
    [
      { kind: 'quantile', ignoreMissing: false, quantiles: Float32Array.of(0.5, 1.5) },
      'ERR_GRU_VALUE',
      'output.loss.quantiles[1]: expected a number from 0 to 1, got 1.5',
    ],
    [
      { kind: 'quantile', ignoreMissing: false, quantiles: Float32Array.of(NaN) },
      'ERR_GRU_VALUE',
      'output.loss.quantiles[0]: expected a number from 0 to 1, got NaN',
    ],
    [
      { kind: 'quantile', ignoreMissing: false, quantiles: new Float32Array(4) },
      'ERR_GRU_VALUE',
      'output.loss.quantiles: expected an output of a multiple of 4 values, ',
    ],
    [
      { kind: 'binaryCrossEntropy', ignoreMissing: false, positiveWeights: Float32Array.of(-1) },
      'ERR_GRU_VALUE',
      'output.loss.positiveWeights[0]: expected a finite number at least 0, got -1',
    ],
    [
      { kind: 'binaryCrossEntropy', ignoreMissing: false, positiveWeights: new Float32Array(1) },
      'ERR_GRU_VALUE',
      'output.loss.positiveWeights: expected a weight for each ',
    ],
  ])('that makes no sense is refused: %#', (loss, code, message) => {
    const given = chain({ tokens: 0, outputSize: 6 })
    const options = { ...given, outputs: [{ ...given.outputs[0]!, loss: loss as never }] }
    for (const make of [
      () => addon.describeGraph(options),
      () => new addon.NativeModel(options, 1, device),
    ]) {
      const failure = failureOf(make)
      expect(failure.code).toBe(code)
      expect(failure.message).toContain(message)
    }
  })

  test.each([
    [{ kind: 'gaussian', ignoreMissing: false }, 5, 'step'],
    [{ kind: 'ctc' }, 1, 'step'],
    [{ kind: 'ctc' }, 6, 'last'],
  ] as const)('%p does not fit %p values at %s', (loss, size, every) => {
    const { code, message } = failureOf(() => addon.describeGraph(ofSize(loss, size, every)))
    expect([code, message?.split(':')[0]]).toEqual(['ERR_GRU_VALUE', 'output.loss'])
  })

  test.each([-1, NaN, Infinity, '1', undefined])('has no weight of %p', (weight) => {
    const given = chain()
    const options = { ...given, outputs: [{ ...given.outputs[0]!, weight: weight as never }] }
    expect(failureOf(() => addon.describeGraph(options)).message).toMatch(
      /^output\.weight: expected a finite number at least 0, got /,
    )
  })
})

describe('the form of targets', () => {
  const quantiles = Float32Array.of(0.1, 0.9)
  test.each<[NativeLossOptions, 'step' | 'last', unknown]>([
    [
      classes,
      'step',
      {
        ...{ kind: 'classes', columns: 1, formula: 'steps*batch', sequenceFormula: 'steps' },
        missing: false,
        range: { first: 0, last: 5, ignored: null },
      },
    ],
    [
      { ...classes, ignoredClass: -100 },
      'last',
      {
        ...{ kind: 'classes', columns: 1, formula: 'batch', sequenceFormula: '1' },
        missing: false,
        range: { first: 0, last: 5, ignored: -100 },
      },
    ],
    [
      { kind: 'meanAbsoluteError', ignoreMissing: true },
      'step',
      {
        ...{ kind: 'values', columns: 6, formula: 'steps*batch*size' },
        ...{ sequenceFormula: 'steps*size', missing: true, range: null },
      },
    ],
    [
      { kind: 'quantile', ignoreMissing: false, quantiles },
      'step',
      {
        ...{ kind: 'values', columns: 3, formula: 'steps*batch*size/quantiles' },
        ...{ sequenceFormula: 'steps*size/quantiles', missing: false, range: null },
      },
    ],
    [
      { kind: 'gaussian', ignoreMissing: false },
      'last',
      {
        ...{ kind: 'values', columns: 3, formula: 'batch*size/2' },
        ...{ sequenceFormula: '1*size/2', missing: false, range: null },
      },
    ],
    [
      { kind: 'ctc' },
      'step',
      {
        ...{ kind: 'labels', columns: 1, formula: 'labels*batch', sequenceFormula: 'labels' },
        missing: false,
        range: { first: 1, last: 5, ignored: null },
      },
    ],
  ])('of %p at every %s is described', (loss, every, expected) => {
    expect(addon.describeGraph(ofSize(loss, 6, every)).outputs[0]!.target).toEqual(expected)
  })
})

describe('targets', () => {
  const input = { steps: STEPS, lengths: null, values: wave(STEPS * BATCH * gruOptions.inputSize) }
  const batchOf = (targets: NativeTarget[]): NativeTrainingBatch => ({
    ...{ batch: BATCH, inputs: [input], targets },
  })
  const options = { learningRate: null }
  const make = (loss: NativeLossOptions) => {
    const model = createModel({ tokens: 0, loss, outputSize: 6 })
    return new addon.NativeTrainer(model, trainerOptions)
  }
  const labels = Int32Array.of(1, 2, 3, 4)
  const lengths = Int32Array.of(2, 1)

  test.each<[NativeLossOptions, unknown, string, string]>([
    [
      { kind: 'gaussian', ignoreMissing: false },
      wave(72),
      'ERR_GRU_SHAPE',
      'target: expected steps*batch*size/2 = 36 ',
    ],
    [
      { kind: 'gaussian', ignoreMissing: false },
      { labels, lengths },
      'ERR_GRU_TYPE',
      'target: expected a Float32Array',
    ],
    [
      { kind: 'quantile', ignoreMissing: false, quantiles: Float32Array.of(0.5, 0.6) },
      wave(72),
      'ERR_GRU_SHAPE',
      'target: expected steps*batch*size/quantiles = 36 values, got 72 values',
    ],
    [classes, { labels, lengths }, 'ERR_GRU_TYPE', 'target: expected an Int32Array, got an object'],
    [
      { kind: 'ctc' },
      labels,
      'ERR_GRU_TYPE',
      'target: expected an object with labels and lengths, got an Int32Array of 4',
    ],
    [{ kind: 'ctc' }, null, 'ERR_GRU_TYPE', 'target: expected an object with labels and lengths'],
    [{ kind: 'ctc' }, {}, 'ERR_GRU_TYPE', 'target.labels: expected an Int32Array, got undefined'],
    [{ kind: 'ctc' }, { labels }, 'ERR_GRU_TYPE', 'target.lengths: expected an Int32Array, got un'],
    [
      { kind: 'ctc' },
      { labels: labels.subarray(1), lengths },
      'ERR_GRU_SHAPE',
      'target.labels: expected labels*batch = a multiple of 2, got 3 values',
    ],
    [
      { kind: 'ctc' },
      { labels, lengths: Int32Array.of(1) },
      'ERR_GRU_SHAPE',
      'target.lengths: expected batch = 2 values, got 1 value',
    ],
    [
      { kind: 'ctc' },
      { labels, lengths: Int32Array.of(1, 3) },
      'ERR_GRU_VALUE',
      'target.lengths[1]: expected an integer from 0 to 2, got 3',
    ],
    [
      { kind: 'ctc' },
      { labels, lengths: Int32Array.of(1, -1) },
      'ERR_GRU_VALUE',
      'target.lengths[1]: expected an integer from 0 to 2, got -1',
    ],
    [
      { kind: 'ctc' },
      { labels: Int32Array.of(1, 2, 0, 1), lengths },
      'ERR_GRU_VALUE',
      'target.labels[2]: expected a label from 1 to 5 (0 is the blank), got 0',
    ],
    [
      { kind: 'ctc' },
      { labels: Int32Array.of(1, 6, 1, 1), lengths },
      'ERR_GRU_VALUE',
      'target.labels[1]: expected a label from 1 to 5 (0 is the blank), got 6',
    ],
    [
      { kind: 'ctc' },
      { labels: Int32Array.of(1, 2 ** 31 - 1, 1, 1), lengths },
      'ERR_GRU_VALUE',
      'target.labels[1]: ',
    ],
  ])('that are wrong are refused: %#', async (loss, target, code, message) => {
    const trainer = make(loss)
    const targets = [target as NativeTarget]
    const failure = failureOf(() => trainer.stepSync([batchOf(targets)], options))
    expect(failure.code).toBe(code)
    expect(failure.message).toContain(message)
    expect(await codeOf(() => trainer.step([batchOf(targets)], options, null))).toBe(code)
    expect(await codeOf(() => trainer.evaluate(batchOf(targets), null))).toBe(code)
  })

  test('of labels are read by getters before anything is looked at', () => {
    const trainer = make({ kind: 'ctc' })
    const target = {
      get labels() {
        trainer.dispose()
        return labels
      },
      lengths,
    }
    const failure = failureOf(() => trainer.stepSync([batchOf([target])], options))
    expect(failure.code).toBe('ERR_GRU_DISPOSED')
  })

  test('of labels have their outcome told, in the shape of every loss', async () => {
    const trainer = make({ kind: 'ctc' })
    const far = { labels: Int32Array.of(1, 1, 1, 1, 1, 1, 1, 1), lengths: Int32Array.of(1, 4) }
    const stepped = trainer.stepSync([batchOf([far])], options)
    expect(stepped.outputs).toEqual([{ loss: stepped.loss, denominator: 2, impossible: [1] }])
    // The trainer goes on to the next batch before the first one's promise settles.
    const pending = [far, { labels, lengths }].map((one) => trainer.evaluate(batchOf([one]), null))
    const [first, second] = await Promise.all(pending)
    expect(first!.outputs[0]!.impossible).toEqual([1])
    expect(second!.outputs[0]!.impossible).toEqual([])
  })
})
