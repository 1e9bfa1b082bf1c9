import {
  Dataset,
  type Loss,
  type Metric,
  Model,
  type SequenceModelOptions,
  Trainer,
} from '../../lib'
import { native } from '../../lib/native'
import { checkMetrics } from '../../lib/metrics/options'
import { validRows } from '../../lib/metrics/valid-rows'
import { describeGraph, type Graph } from '../../lib/graph'
import type { CheckedBatch } from '../../lib/model-batch'
import { checkArchitecture } from '../../lib/model-options'
import { expectGruError, expectGruRejection } from '../support/errors'
import * as two from '../support/models'
import { integers, randomSource } from '../support/numbers'
import { batch as plainBatch, collect, make, options as plain } from '../support/trainer'
import { seed } from '../support/random'

const random = randomSource(seed)

const classes: SequenceModelOptions = {
  input: { tokens: 5, embeddingSize: 3 },
  gru: { hiddenSize: 4 },
  output: { size: 5, loss: 'crossEntropy' },
  seed: 2,
}
const graphOf = (options: SequenceModelOptions): Graph =>
  describeGraph(checkArchitecture(options).native)

/** A metric over rows that are given, two batches of them. */
function measured(
  options: SequenceModelOptions,
  name: string,
  batches: readonly (readonly [Float32Array, Float32Array | Int32Array])[],
): number {
  const graph = graphOf(options)
  const [{ metric }] = checkMetrics(graph, [name]) as [ReturnType<typeof checkMetrics>[0]]
  const { width, targetForm } = graph.outputs[0]!
  const targetWidth = targetForm.columns
  metric.reset()
  for (const [predictions, targets] of batches) {
    metric.update(predictions, targets, { rows: predictions.length / width, width, targetWidth })
  }
  return metric.result()
}

describe('over given rows', () => {
  test("accuracy is the share of rows whose largest logit is the target's", () => {
    const first = Float32Array.of(0, 1, 5, 2, 3, /**/ 9, 1, 1, 1, 1)
    const second = Float32Array.of(-5, -4, -3, -2, -9, /**/ 2, 2, 0, 0, 0, /**/ NaN, 1, 0, 0, 0)
    const given = [
      [first, Int32Array.of(2, 1)],
      [second, Int32Array.of(3, 0, 1)],
    ] as const
    // Right, wrong; right, right (the first of two as large), and NaN.
    expect(measured(classes, 'accuracy', given)).toBe(3 / 5)
  })

  test('perplexity is exp of the mean cross entropy, also of large logits', () => {
    // Probabilities 1/2, 1/4, 1/8, 1/16, 1/16 and twice the target with 1/4: e to the mean of log 4.
    const logs = [1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 16].map(Math.log)
    const row = Float32Array.from([...logs, ...logs])
    expect(measured(classes, 'perplexity', [[row, Int32Array.of(1, 1)]])).toBeCloseTo(4, 6)
    const mixed = [[row, Int32Array.of(0, 2)]] as const
    expect(measured(classes, 'perplexity', mixed)).toBeCloseTo(4, 6)
    const large = Float32Array.of(300, 300, -300, -300, -300)
    expect(measured(classes, 'perplexity', [[large, Int32Array.of(0)]])).toBeCloseTo(2, 12)
  })

  test('the mean absolute error is over all values', () => {
    const values = { ...plain, output: { ...plain.output, size: 2 } }
    const given = [
      [Float32Array.of(1, 2, 3, 4), Float32Array.of(1.5, 2, 1, 4)],
      [Float32Array.of(-1, 0), Float32Array.of(1, 0.25)],
    ] as const
    expect(measured(values, 'meanAbsoluteError', given)).toBe((0.5 + 0 + 2 + 0 + 2 + 0.25) / 6)
  })

  const withLoss = (size: number, loss: Loss): SequenceModelOptions => ({
    ...plain,
    output: { size, loss },
  })

  test.each<[Loss, Float32Array]>([
    ['huber', Float32Array.of(1, 2)],
    // Two values with three quantiles each: the medians are in the middle.
    [{ kind: 'quantile', quantiles: [0.1, 0.5, 0.9] }, Float32Array.of(9, 1, 9, 9, 2, 9)],
    // The means come before the log variances.
    ['gaussian', Float32Array.of(1, 2, 9, 9)],
  ])('the mean absolute error of %p is that of the values it predicts', (loss, predictions) => {
    const given = [[predictions, Float32Array.of(3, 2.5)]] as const
    const options = withLoss(predictions.length, loss)
    expect(measured(options, 'meanAbsoluteError', given)).toBe((2 + 0.5) / 2)
  })

  test('the accuracy of values that are 0 or 1 goes by the signs of their logits', () => {
    const given = [
      [Float32Array.of(2, -1, 0), Float32Array.of(1, 1, 0)],
      [Float32Array.of(-3, NaN, 1), Float32Array.of(0, 0, 0)],
    ] as const
    expect(measured(withLoss(3, 'binaryCrossEntropy'), 'accuracy', given)).toBe(3 / 6)
  })

  test('missing values count only where the loss does not ignore them', () => {
    const given = [[Float32Array.of(9, 1, 9, 9, 2, 9), Float32Array.of(NaN, 2.5)]] as const
    const options = (ignoreMissing: boolean): SequenceModelOptions =>
      withLoss(6, { kind: 'quantile', ignoreMissing })
    expect(measured(options(true), 'meanAbsoluteError', given)).toBe(0.5)
    expect(measured(options(false), 'meanAbsoluteError', given)).toBeNaN()
    const spoilt = [[Float32Array.of(9, NaN, 9, 9, 2, 9), Float32Array.of(1, 2.5)]] as const
    expect(measured(options(true), 'meanAbsoluteError', spoilt)).toBeNaN()

    const signs = [[Float32Array.of(1, -1, 1, -1), Float32Array.of(1, NaN, 0, 0)]] as const
    const binary = (ignoreMissing: boolean): SequenceModelOptions =>
      withLoss(4, { kind: 'binaryCrossEntropy', ignoreMissing })
    expect(measured(binary(true), 'accuracy', signs)).toBe(2 / 3)
    expect(measured(binary(false), 'accuracy', signs)).toBe(3 / 4)
  })

  test.each<[Loss, string]>([
    [{ kind: 'quantile', quantiles: [0.1, 0.9] }, 'meanAbsoluteError'],
    ['ctc', 'accuracy'],
    ['binaryCrossEntropy', 'perplexity'],
  ])('of a loss that they do not suit are refused: %p, %s', (loss, name) => {
    const graph = graphOf(withLoss(4, loss))
    const kind = typeof loss === 'string' ? loss : loss.kind
    const message = `metrics[0]: expected a metric that suits the model's loss, "${kind}", got "${name}"`
    expectGruError(() => checkMetrics(graph, [name]), 'ERR_GRU_VALUE', message)
  })

  test('metrics of the caller are refused for an output with labels', () => {
    const own = { name: 'own', reset: () => 0, update: () => 0, result: () => 0 }
    const graph = graphOf(withLoss(4, 'ctc'))
    const message =
      'metrics[0].output: expected an output with a target for each prediction, got "head" with labels'
    expectGruError(() => checkMetrics(graph, [own]), 'ERR_GRU_VALUE', message)
  })
})

describe('valid rows', () => {
  const lengths = Int32Array.of(2, 0, 3)
  test.each([false, true])('leave padding out, batchFirst %s', (batchFirst) => {
    const graph = graphOf({ ...classes, gru: { ...classes.gru, batchFirst } })
    const [steps, batch] = [3, 3]
    // The number of a row says its sequence and step.
    const rows: [sequence: number, step: number][] = []
    for (let i = 0; i < steps * batch; i++) {
      const [slow, fast] = [Math.floor(i / 3), i % 3]
      rows.push(batchFirst ? [slow, fast] : [fast, slow])
    }
    const given: CheckedBatch = {
      batch,
      inputs: [{ steps, lengths, values: new Int32Array(steps * batch) }],
      targets: [Int32Array.from(rows, ([sequence, step]) => 10 * sequence + step)],
    }
    const predictions = Float32Array.from(rows.flatMap(([s, t]) => [10 * s + t, 0, 0, 0, 1]))
    const valid = validRows(graph, 0, given, predictions)
    const expected = batchFirst ? [0, 1, 20, 21, 22] : [0, 20, 1, 21, 22]
    expect([...valid.targets]).toEqual(expected)
    expect([...valid.predictions]).toEqual(expected.flatMap((row) => [row, 0, 0, 0, 1]))
    expect(valid.shape).toEqual({ rows: 5, width: 5, targetWidth: 1 })
  })

  test('leave out the rows of the ignored class', () => {
    const loss = { kind: 'crossEntropy', ignoredClass: -100 } as const
    const graph = graphOf({ ...classes, output: { size: 5, loss } })
    const given: CheckedBatch = {
      batch: 1,
      inputs: [{ steps: 3, lengths: null, values: new Int32Array(3) }],
      targets: [Int32Array.of(4, -100, 2)],
    }
    const predictions = Float32Array.from({ length: 15 }, (_, i) => i)
    const valid = validRows(graph, 0, given, predictions)
    expect([...valid.targets]).toEqual([4, 2])
    expect([...valid.predictions]).toEqual([0, 1, 2, 3, 4, 10, 11, 12, 13, 14])
    expect(valid.shape.rows).toBe(2)
  })

  test('of an output with a row for each sequence are those with a step', () => {
    const graph = graphOf(plain)
    const given: CheckedBatch = {
      batch: 3,
      inputs: [{ steps: 3, lengths, values: new Float32Array(18) }],
      targets: [Float32Array.of(1, 2, 3)],
    }
    const valid = validRows(graph, 0, given, Float32Array.of(4, 5, 6))
    expect([[...valid.predictions], [...valid.targets]]).toEqual([
      [4, 6],
      [1, 3],
    ])
  })
})

describe('fit', () => {
  const texts = Array.from({ length: 7 }, (_, i) => {
    const input = integers(random, 1 + (i % 4), 5)
    return { input, target: integers(random, input.length, 5) }
  })

  test('computes metrics over all validation data, each sequence as if it were alone', async () => {
    const { model, trainer } = make(classes)
    const validation = new Dataset(texts)
    const fit = trainer.fit(new Dataset(texts), {
      ...{ epochs: 2, batchSize: 3, validation, metrics: ['accuracy', 'perplexity'] },
    })
    let told = 0
    for await (const { epochEnd, metrics, validationLoss } of fit) {
      told += metrics === undefined ? 0 : 1
      if (!epochEnd) continue
      let [right, entropy, count] = [0, 0, 0]
      for (const { input, target } of texts) {
        const logits = model.predictSync(input)
        for (const [step, wanted] of target.entries()) {
          const row = Array.from(logits.subarray(5 * step, 5 * step + 5))
          const sum = row.reduce((total, logit) => total + Math.exp(logit), 0)
          entropy -= Math.log(Math.exp(row[wanted]!) / sum)
          if (row.every((logit) => logit <= row[wanted]!)) right++
          count++
        }
      }
      expect(metrics!['accuracy']).toBe(right / count)
      expect(metrics!['perplexity']).toBeCloseTo(Math.exp(entropy / count), 10)
      expect(metrics!['perplexity']).toBeCloseTo(Math.exp(validationLoss!), 5)
    }
    // At the ends of the epochs alone.
    expect(told).toBe(2)
  })

  test('of several outputs computes each metric for those that it suits', async () => {
    const model = two.makeModel()
    const trainer = new Trainer<Model>(model, { optimizer: { kind: 'sgd' } })
    const seen: number[][] = []
    const own: Metric = {
      name: 'own',
      output: 'level',
      reset: () => undefined,
      update: (predictions, targets, { rows, width, targetWidth }) => {
        seen.push([predictions.length, targets.length, rows, width, targetWidth])
      },
      result: () => 7,
    }
    const all = await collect(
      trainer.fit([two.batch], {
        epochs: 1,
        validation: { one: [two.batch], two: [two.batch, two.batch] },
        metrics: ['accuracy', 'meanAbsoluteError', own],
      }),
    )
    const { season, level } = model.predictSync(two.inputs, { batch: 3, lengths: two.lengths })
    const right = [0, 1, 2].filter((sequence) => {
      const row = Array.from(season!.subarray(3 * sequence, 3 * sequence + 3))
      return row.indexOf(Math.max(...row)) === two.targets.season[sequence]
    })
    const errors: number[] = []
    for (const [sequence, length] of two.lengths.kind.entries()) {
      for (let step = 0; step < length; step++) {
        for (const column of [0, 1]) {
          const at = (step * 3 + sequence) * 2 + column
          errors.push(Math.abs(level![at]! - two.targets.level[at]!))
        }
      }
    }
    const { one, two: twice } = all[0]!.validation!
    const meanError = errors.reduce((sum, error) => sum + error) / errors.length
    expect(Object.keys(one!.metrics)).toEqual(['season.accuracy', 'level.meanAbsoluteError', 'own'])
    expect(one!.metrics['season.accuracy']).toBe(right.length / 3)
    expect(one!.metrics['level.meanAbsoluteError']).toBeCloseTo(meanError, 12)
    // The same data twice have the same means.
    for (const name of Object.keys(one!.metrics)) {
      expect(twice!.metrics[name]).toBeCloseTo(one!.metrics[name]!, 12)
    }
    expect(twice!.loss).toBeCloseTo(one!.loss, 12)
    expect(all[0]!.validationLoss).toBeUndefined()
    expect(seen).toEqual(Array.from({ length: 3 }, () => [20, 20, 10, 2, 2]))
    trainer.dispose()
  })

  test('computes each validation batch once', async () => {
    const { NativeModel, NativeTrainer } = native()
    const predict = jest.spyOn(NativeModel.prototype, 'predict')
    const predictSync = jest.spyOn(NativeModel.prototype, 'predictSync')
    const evaluate = jest.spyOn(NativeTrainer.prototype, 'evaluate')
    const { trainer } = make()
    const validation = { a: [plainBatch, plainBatch], b: [plainBatch] }
    const metrics = ['meanAbsoluteError'] as const
    await collect(trainer.fit([plainBatch], { epochs: 2, validation, metrics }))
    expect([predict, predictSync, evaluate].map(({ mock }) => mock.calls.length)).toEqual([0, 0, 6])
    jest.restoreAllMocks()
  })

  test('begins a metric anew for each set and each epoch, and moves nothing of the training', async () => {
    const calls: string[] = []
    class Counting implements Metric {
      readonly name = 'rows'
      #rows = 0
      reset(): void {
        this.#rows = 0
        calls.push('reset')
      }
      update(_: Float32Array, __: unknown, { rows }: { rows: number }): void {
        this.#rows += rows
        calls.push('update')
      }
      result(): number {
        calls.push('result')
        return this.#rows
      }
    }
    const run = async (metrics: readonly Metric[]): Promise<unknown> => {
      const { trainer } = make()
      const none = { ...plainBatch, lengths: [0, 2, 0] }
      const validation = { a: [none, plainBatch], b: [plainBatch] }
      const all = await collect(trainer.fit([plainBatch], { epochs: 2, validation, metrics }))
      const rows = all.map(({ validation: told }) => [told!['a']!.metrics, told!['b']!.metrics])
      return { losses: all.map(({ loss }) => loss), rows }
    }
    const measuredRun = (await run([new Counting()])) as { losses: number[]; rows: unknown }
    expect(measuredRun.rows).toEqual([
      [{ rows: 4 }, { rows: 3 }],
      [{ rows: 4 }, { rows: 3 }],
    ])
    const epoch = [...['reset', 'update', 'update', 'result'], ...['reset', 'update', 'result']]
    expect(calls).toEqual([...epoch, ...epoch])
    expect(((await run([])) as { losses: number[] }).losses).toEqual(measuredRun.losses)
  })

  test('ends with what a metric throws, and refuses a result that is no number', async () => {
    const reason = new Error('broken metric')
    const own = (result: () => unknown): Metric => ({
      name: 'own',
      reset: () => undefined,
      update: () => undefined,
      result: result as () => number,
    })
    const run = (metric: Metric): Promise<unknown> =>
      collect(
        make().trainer.fit([plainBatch], {
          epochs: 1,
          validation: [plainBatch],
          metrics: [metric],
        }),
      )
    const failing = own(() => {
      throw reason
    })
    await expect(run(failing)).rejects.toBe(reason)
    const text = own(() => 'many')
    const message = 'metrics[0].result(): expected a number, got "many"'
    await expectGruRejection(run(text), 'ERR_GRU_TYPE', message)
  })

  test.each<[unknown, string | RegExp]>([
    ['accuracy', 'metrics: expected an Array of metrics, got "accuracy"'],
    [
      [5],
      'metrics[0]: expected the name of a metric, or an object with reset, update and result, got 5',
    ],
    [
      ['accurate'],
      'metrics[0]: expected one of "accuracy", "perplexity", "meanAbsoluteError", got "accurate"',
    ],
    [
      ['accuracy'],
      `metrics[0]: expected a metric that suits the model's loss, "meanSquaredError", got "accuracy"`,
    ],
    [[{}], 'metrics[0].reset: expected a function, got undefined'],
    [
      ['meanAbsoluteError', 'meanAbsoluteError'],
      'metrics: expected names that no other figure has, got "meanAbsoluteError" again',
    ],
  ])('refuses %j', (metrics, message) => {
    const { trainer } = make()
    const call = (): unknown =>
      trainer.fit([plainBatch], {
        epochs: 1,
        validation: [plainBatch],
        metrics: metrics as Metric[],
      })
    const code = /suits|again|one of/.test(String(message)) ? 'ERR_GRU_VALUE' : 'ERR_GRU_TYPE'
    expectGruError(call, code, message)
  })

  const nothing = { reset: () => undefined, update: () => undefined, result: () => 0 }
  test.each<[object, string | RegExp]>([
    [{}, 'metrics[0].name: expected a string, got undefined'],
    [{ name: 'a\n' }, /^metrics\[0\]\.name: expected names that are well-formed texts/],
    [{ name: 'step' }, /^metrics\[0\]\.name: expected names other than time, kind, step, epoch/],
    [{ name: 'loss' }, /^metrics: .*"loss" again$/],
    [{ name: 'validationLoss' }, /^metrics: .*"validationLoss" again$/],
    [{ name: 'a', mode: 'up' }, /^metrics\[0\]\.mode: /],
    [{ name: 'a', output: 'other' }, 'metrics[0].output: expected one of "head", got "other"'],
  ])('refuses an own one with %j', (own, message) => {
    const { trainer } = make()
    const metrics = [{ ...nothing, ...own }] as unknown as Metric[]
    const call = (): unknown =>
      trainer.fit([plainBatch], { epochs: 1, validation: [plainBatch], metrics })
    expect(call).toThrow(message)
  })

  test('refuses metrics without validation data, and an own one that says no output of several', () => {
    const { trainer } = make()
    const value = (): unknown =>
      trainer.fit([plainBatch], { epochs: 1, metrics: ['meanAbsoluteError'] })
    expectGruError(
      value,
      'ERR_GRU_VALUE',
      'metrics: expected none, since there are no validation data, got an Array of 1',
    )
    const model = two.makeModel()
    const several = new Trainer<Model>(model, { optimizer: { kind: 'sgd' } })
    const own = (): unknown =>
      several.fit([two.batch], {
        epochs: 1,
        validation: [two.batch],
        metrics: [{ name: 'a', ...nothing }],
      })
    expectGruError(
      own,
      'ERR_GRU_TYPE',
      'metrics[0].output: expected one of "season", "level", got undefined',
    )
    several.dispose()
  })
})
