import {
  Dataset,
  type FitOptions,
  type GruErrorCode,
  type ModelOptions,
  Schedule,
  type SequenceModelOptions,
  setThreads,
  type StepResult,
  Trainer,
  type TrainingBatch,
  type TrainingData,
} from '../../lib'
import { startFit } from '../../lib/fit/loop'
import { describeGraph } from '../../lib/graph'
import { checkArchitecture } from '../../lib/model-options'
import { fitJobs } from '../../lib/trainer'
import { expectGruError, expectGruRejection } from '../support/errors'
import { fakeTrainer } from '../support/fit'
import { makeModel } from '../support/models'
import { randomSource, swapAxes, uniform } from '../support/numbers'
import { bits, collect, make, withoutTimes } from '../support/trainer'

const random = randomSource(67)

/** Dropout draws other masks in each training pass, so that no chunk can be left out or made twice unnoticed. */
const stepwise: SequenceModelOptions = {
  input: { features: 2 },
  gru: { hiddenSize: 6, numLayers: 2, dropout: 0.3 },
  output: { size: 1, loss: 'meanSquaredError' },
  seed: 1,
}
const batchFirst: SequenceModelOptions = {
  ...stepwise,
  gru: { ...stepwise.gru, batchFirst: true },
}

const STEPS = 7
const BATCH = 3

/** Three sequences of at most seven steps; lengths may be shorter. */
function drawBatch(lengths?: readonly number[]): TrainingBatch {
  const input = uniform(random, STEPS * BATCH * 2)
  const target = uniform(random, STEPS * BATCH)
  return { input, target, batch: BATCH, lengths }
}
const full = drawBatch()
const ragged = drawBatch([6, 2, 3])
const other = drawBatch([4, 7, 1])

/** The steps of a batch from one to another. */
function partOf(batch: TrainingBatch, from: number, to: number): TrainingBatch {
  const { input, target, lengths } = batch as { input: Float32Array; target: Float32Array } & {
    lengths?: readonly number[]
  }
  return {
    input: input.slice(from * BATCH * 2, to * BATCH * 2),
    target: target.slice(from * BATCH, to * BATCH),
    batch: BATCH,
    lengths: lengths?.map((length) => Math.min(Math.max(length - from, 0), to - from)),
  }
}

const swapped = ({ input, target, ...rest }: TrainingBatch): TrainingBatch => ({
  ...rest,
  input: swapAxes(input, STEPS, BATCH),
  target: swapAxes(target as Float32Array, STEPS, BATCH),
})

const resultsOf = (all: readonly StepResult[]): StepResult[] =>
  all.map(({ loss, gradNorm, skipped }) => ({ loss, gradNorm, skipped }))

describe('fit with chunkSteps', () => {
  test('is stepping by hand with states that are carried, to the bit, for any number of threads', async () => {
    for (const threads of [1, 2, 3]) {
      setThreads(threads)
      const stepped = make(stepwise)
      const results: StepResult[] = []
      for (let epoch = 0; epoch < 2; epoch++) {
        for (const [batch, end] of [
          [full, 7],
          [ragged, 6],
          [other, 7],
        ] as const) {
          stepped.trainer.resetState()
          for (let from = 0; from < end; from += 2) {
            const part = partOf(batch, from, Math.min(from + 2, end))
            results.push(stepped.trainer.stepSync(part, { carryState: true }))
          }
        }
      }
      const fitted = make(stepwise)
      const data = [full, ragged, other]
      const all = await collect(fitted.trainer.fit(data, { epochs: 2, chunkSteps: 2 }))
      expect(resultsOf(all)).toEqual(results)
      expect(bits(fitted.model)).toEqual(bits(stepped.model))
    }
    setThreads(1)
  })

  test('of as many steps as the longest sequence, or more, is fit without it, to the bit', async () => {
    const sequences = [5, 1, 7, 3].map((steps) => ({
      input: uniform(random, steps * 2),
      target: uniform(random, steps),
    }))
    const outcome = async (data: TrainingData, fitOptions: Partial<FitOptions>) => {
      const { model, trainer } = make(stepwise)
      const all = await collect(trainer.fit(data, { epochs: 3, ...fitOptions }))
      return { told: withoutTimes(all), bits: bits(model) }
    }
    const dataset = { data: new Dataset(sequences), rest: { batchSize: 2 } }
    for (const { data, rest } of [dataset, { data: [ragged, full], rest: {} }]) {
      const whole = await outcome(data, rest)
      expect(await outcome(data, { ...rest, chunkSteps: 7 })).toEqual(whole)
      expect(await outcome(data, { ...rest, chunkSteps: 100 })).toEqual(whole)
      expect(await outcome(data, { ...rest, chunkSteps: 6 })).not.toEqual(whole)
    }
  })

  test('cuts steps where they are the second axis', async () => {
    const first = make(batchFirst)
    const fitOptions = { epochs: 2, chunkSteps: 3 }
    const told = await collect(first.trainer.fit([full, ragged].map(swapped), fitOptions))
    const second = make(stepwise)
    const expected = await collect(second.trainer.fit([full, ragged], fitOptions))
    expect(withoutTimes(told)).toEqual(withoutTimes(expected))
    expect(bits(first.model)).toEqual(bits(second.model))
  })

  test('cuts tokens and classes, and all inputs that a model joins', async () => {
    const options: ModelOptions = {
      inputs: { word: { tokens: 3 }, level: { features: 1 } },
      layers: {
        vector: { type: 'embedding', input: 'word', size: 2 },
        joined: { type: 'concat', inputs: ['vector', 'level'] },
        memory: { type: 'lstm', input: 'joined', hiddenSize: 4 },
        next: { type: 'linear', input: 'memory', size: 3 },
      },
      outputs: { next: { loss: 'crossEntropy' } },
      seed: 5,
    }
    const word = Int32Array.of(0, 1, 2, 2, 1, 0, 0, 2)
    const level = uniform(random, 8)
    const next = Int32Array.of(1, 1, 2, 0, 0, 2, 1, 0)
    const part = (from: number, to: number) => ({
      inputs: { word: word.slice(from, to), level: level.slice(from, to) },
      targets: { next: next.slice(from, to) },
      batch: 2,
    })
    const adam = { optimizer: { kind: 'adam' } } as const
    const [fitted, stepped] = [makeModel(options), makeModel(options)]
    using trainer = new Trainer(fitted, adam)
    const all = await collect(trainer.fit([part(0, 8)], { epochs: 1, chunkSteps: 3 }))
    using byHand = new Trainer(stepped, adam)
    const results = [part(0, 6), part(6, 8)].map((one) =>
      byHand.stepSync(one, { carryState: true }),
    )
    expect(resultsOf(all)).toEqual(results)
    expect(fitted.getParameters()).toEqual(stepped.getParameters())

    // Where the lengths differ, no update is made of any chunk.
    const differing = { ...part(0, 8), lengths: { word: [4, 2], level: [4, 3] } }
    const fit = trainer.fit([differing], { epochs: 1, chunkSteps: 2 })
    await expect(fit.next()).rejects.toThrow(/inputs\.level: expected the steps and lengths of /)
    expect(fitted.getParameters()).toEqual(stepped.getParameters())
  })

  test('means the losses of all rows', async () => {
    // Without updates and dropout each chunk loses what its rows lose in whole sequences.
    const still: SequenceModelOptions = { ...stepwise, gru: { hiddenSize: 6 } }
    const { model, trainer } = make(still, { optimizer: { kind: 'sgd', learningRate: 0 } })
    const batches = [ragged, other]
    let sum = 0
    for (const { input, target, lengths } of batches) {
      const predicted = model.predictSync(input, { batch: BATCH, lengths })
      for (const [row, value] of predicted.entries()) {
        if (Math.floor(row / BATCH) >= lengths![row % BATCH]!) continue
        sum += (value - (target as Float32Array)[row]!) ** 2
      }
    }
    const mean = sum / (6 + 2 + 3 + 4 + 7 + 1)
    const validated = new Set<number | undefined>()
    for (const chunkSteps of [undefined, 1, 2, 4]) {
      const validation = batches
      const fit = trainer.fit(batches, { epochs: 1, chunkSteps, validation })
      const last = (await collect(fit)).at(-1)!
      expect(Math.abs(last.meanLoss - mean)).toBeLessThan(1e-6)
      validated.add(last.validationLoss)
    }
    expect(validated.size).toBe(1)
  })

  test('tells of chunks, and gives each update the rate of its schedule', async () => {
    const { trainer } = make(stepwise)
    const schedule = new Schedule({ kind: 'exponential', gamma: 0.5 })
    const fitOptions = { epochs: 2, chunkSteps: 4, schedule, validation: [full] }
    const all = await collect(trainer.fit([full, drawBatch([1, 4, 2]), other], fitOptions))
    const told = all.map(({ epoch, batch, batches, chunk, chunks, update, epochEnd }) => [
      ...[epoch, batch, batches, chunk, chunks, update, epochEnd],
    ])
    expect(told).toEqual([
      [1, 1, undefined, 1, 2, 1, false],
      [1, 1, undefined, 2, 2, 2, false],
      [1, 2, undefined, 1, 1, 3, false],
      [1, 3, undefined, 1, 2, 4, false],
      [1, 3, 3, 2, 2, 5, true],
      [2, 1, undefined, 1, 2, 6, false],
      [2, 1, undefined, 2, 2, 7, false],
      [2, 2, undefined, 1, 1, 8, false],
      [2, 3, undefined, 1, 2, 9, false],
      [2, 3, 3, 2, 2, 10, true],
    ])
    expect(all.map(({ learningRate }) => learningRate)).toEqual(
      all.map((_, update) => 0.02 * 0.5 ** update),
    )
    expect(all.map(({ validationLoss }) => validationLoss !== undefined)).toEqual(
      all.map(({ epochEnd }) => epochEnd),
    )
  })

  test('counts a chunk as a share of its batch in the time that is left', async () => {
    const fake = fakeTrainer()
    const graph = describeGraph(checkArchitecture(stepwise).native)
    const one = (steps: number) => ({
      input: new Float32Array(steps * 2),
      target: new Float32Array(steps),
    })
    const fitOptions = { epochs: 2, batchSize: 1, shuffle: false, chunkSteps: 2 }
    const data = new Dataset([one(4), one(8)])
    const all = await collect(startFit({ ...fake.jobs, graph }, data, fitOptions))
    // An update takes a second: halves of the first sequence, quarters of the second.
    const done = [0.5, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.25, 3.5, 3.75, 4]
    expect(all).toHaveLength(done.length)
    for (const [index, { samplesPerSecond, secondsLeft }] of all.entries()) {
      const seconds = index + 1
      expect(samplesPerSecond).toBeCloseTo(done[index]! / seconds, 9)
      expect(secondsLeft).toBeCloseTo((seconds / done[index]!) * (4 - done[index]!), 9)
    }
  })

  test('cuts all batches of an update at the same steps', async () => {
    const short = { ...partOf(drawBatch(), 0, 2), batch: BATCH }
    const fitted = make(stepwise)
    const fitOptions = { epochs: 1, accumulate: 2, chunkSteps: 3 }
    const all = await collect(fitted.trainer.fit([short, ragged, other], fitOptions))
    expect(all.map(({ batch, chunk, chunks }) => [batch, chunk, chunks])).toEqual([
      [2, 1, 2],
      [2, 2, 2],
      [3, 1, 3],
      [3, 2, 3],
      [3, 3, 3],
    ])
    const { model, trainer } = make(stepwise)
    const carry = { carryState: true }
    const ended = { ...partOf(short, 0, 1), lengths: [0, 0, 0] }
    const results = [
      trainer.stepSync([short, partOf(ragged, 0, 3)], carry),
      trainer.stepSync([ended, partOf(ragged, 3, 6)], carry),
    ]
    trainer.resetState()
    for (let from = 0; from < 7; from += 3) {
      results.push(trainer.stepSync(partOf(other, from, Math.min(from + 3, 7)), carry))
    }
    expect(resultsOf(all)).toEqual(results)
    expect(bits(fitted.model)).toEqual(bits(model))
  })

  test('begins with states of zero after a loop that was left within a batch, and after other steps', async () => {
    const fitted = make(stepwise)
    const one = { input: new Float32Array(4).fill(1), target: new Float32Array(2) }
    fitted.trainer.stepSync(one, { carryState: true })
    for await (const { chunk } of fitted.trainer.fit([full], { epochs: 1, chunkSteps: 2 })) {
      if (chunk === 2) break
    }
    await collect(fitted.trainer.fit([ragged], { epochs: 1, chunkSteps: 3 }))
    const { model, trainer } = make(stepwise)
    trainer.stepSync(one)
    for (const parts of [
      [partOf(full, 0, 2), partOf(full, 2, 4)],
      [partOf(ragged, 0, 3), partOf(ragged, 3, 6)],
    ]) {
      trainer.resetState()
      for (const part of parts) trainer.stepSync(part, { carryState: true })
    }
    expect(bits(fitted.model)).toEqual(bits(model))
  })

  test('needs a model without pending promises where a batch begins', async () => {
    const { model, trainer } = make(stepwise)
    const before = bits(model)
    const fit = trainer.fit([full], { epochs: 1, chunkSteps: 2 })
    // A promise settles in a later turn of the event loop than the one in which the first batch begins.
    const predicted = model.predict(full.input, { batch: BATCH })
    await expectGruRejection(
      fit.next(),
      'ERR_GRU_BUSY',
      /^trainer\.resetState: expected no promise/,
    )
    await predicted
    expect(bits(model)).toEqual(before)
  })

  test('an iterable may reuse its arrays', async () => {
    const batches = [full, ragged, other]
    async function* reusing(): AsyncGenerator<TrainingBatch> {
      const input = new Float32Array(full.input.length)
      const target = new Float32Array(STEPS * BATCH)
      for (const one of batches) {
        input.set(one.input)
        target.set(one.target as Float32Array)
        yield await Promise.resolve({ ...one, input, target })
        input.fill(NaN)
        target.fill(NaN)
      }
    }
    for (const accumulate of [1, 2]) {
      const fitOptions = { epochs: 1, chunkSteps: 2, accumulate }
      const [reused, fresh] = [make(stepwise), make(stepwise)]
      await collect(reused.trainer.fit(reusing(), fitOptions))
      await collect(fresh.trainer.fit(batches, fitOptions))
      expect(bits(reused.model)).toEqual(bits(fresh.model))
    }
  })

  test('offers a state between batches alone, and goes on from it to the same bits', async () => {
    const data = new Dataset(
      [7, 2, 5, 4, 6].map((steps) => ({
        input: uniform(random, steps * 2),
        target: uniform(random, steps),
      })),
    )
    const fitOptions = { epochs: 2, batchSize: 2, chunkSteps: 2 }
    const whole = make(stepwise)
    const told = withoutTimes(await collect(whole.trainer.fit(data, fitOptions)))
    const offered = told.flatMap(({ chunk, chunks, update }) => (chunk === chunks ? [update] : []))
    for (const leave of offered.slice(0, -1)) {
      const { model, trainer } = make(stepwise)
      const jobs = fitJobs(trainer)
      const states: number[] = []
      for await (const { update } of trainer.fit(data, fitOptions)) {
        const { state } = jobs.position
        states.push(...(state === undefined ? [] : [state.updates]))
        if (update === leave) break
      }
      expect(states).toEqual(offered.filter((update) => update <= leave))
      const rest = await collect(trainer.fit(data, { ...fitOptions, resume: true }))
      expect(withoutTimes(rest)).toEqual(told.slice(leave))
      expect(bits(model)).toEqual(bits(whole.model))
    }
  })

  test.each<[unknown, GruErrorCode]>([
    [0, 'ERR_GRU_VALUE'],
    [-1, 'ERR_GRU_VALUE'],
    [2.5, 'ERR_GRU_VALUE'],
    ['2', 'ERR_GRU_TYPE'],
  ])('refuses %p', (chunkSteps, code) => {
    const { trainer } = make(stepwise)
    expectGruError(
      () => trainer.fit([full], { epochs: 1, chunkSteps } as FitOptions),
      code,
      /^chunkSteps: expected an integer from 1 /,
    )
  })

  const x = { x: { features: 2 } }
  const value = { value: { loss: 'meanSquaredError' } } as const
  const gru = { type: 'gru', input: 'x', hiddenSize: 2 } as const
  test.each<[string, ModelOptions, string]>([
    [
      'an output with one prediction for each sequence',
      {
        inputs: x,
        layers: {
          memory: gru,
          last: { type: 'select', input: 'memory' },
          value: { type: 'linear', input: 'last', size: 1 },
        },
        outputs: value,
      },
      'outputs with a prediction at every step, got the output "value" with one for each sequence',
    ],
    [
      'the loss ctc',
      {
        inputs: x,
        layers: { memory: gru, value: { type: 'linear', input: 'memory', size: 3 } },
        outputs: { value: { loss: 'ctc' } },
      },
      'outputs with a target at every step, got the output "value", whose loss is ctc',
    ],
    [
      'a reverse direction',
      {
        inputs: x,
        layers: {
          memory: { ...gru, bidirectional: true },
          value: { type: 'linear', input: 'memory', size: 1 },
        },
        outputs: value,
      },
      'layers whose states are all that a step needs of the steps before it, got the layer "memory", which has two directions',
    ],
    [
      'attention',
      {
        inputs: x,
        layers: {
          memory: gru,
          context: { type: 'attention', query: 'memory', memory: 'memory' },
          value: { type: 'linear', input: 'context', size: 1 },
        },
        outputs: value,
      },
      'layers whose states are all that a step needs of the steps before it, got the layer "context", whose type is attention',
    ],
    [
      'an initial state of another layer',
      {
        inputs: { x: { features: 2 }, y: { features: 2 } },
        layers: {
          memory: gru,
          last: { type: 'select', input: 'memory' },
          reader: { type: 'lstm', input: 'y', hiddenSize: 2, initialState: 'last' },
          value: { type: 'linear', input: 'reader', size: 1 },
        },
        outputs: value,
      },
      'layers whose states are all that a step needs of the steps before it, got the layer "last", whose type is select',
    ],
    [
      'an initial state of a layer behind it',
      {
        inputs: { x: { features: 2 }, y: { features: 2 } },
        layers: {
          reader: { type: 'lstm', input: 'y', hiddenSize: 2, initialState: 'last' },
          last: { type: 'select', input: 'memory' },
          memory: gru,
          value: { type: 'linear', input: 'reader', size: 1 },
        },
        outputs: value,
      },
      'layers whose states are all that a step needs of the steps before it, got the layer "reader", whose initial state is of another layer',
    ],
    [
      'no recurrent layer',
      {
        inputs: x,
        layers: { value: { type: 'linear', input: 'x', size: 1 } },
        outputs: value,
      },
      'a recurrent layer, got a model without one',
    ],
    [
      'inputs whose steps differ',
      {
        inputs: { x: { features: 2 }, y: { features: 2 } },
        layers: {
          memory: gru,
          value: { type: 'linear', input: 'memory', size: 1 },
          reader: { type: 'gru', input: 'y', hiddenSize: 2 },
          level: { type: 'linear', input: 'reader', size: 1 },
        },
        outputs: { ...value, level: { loss: 'meanSquaredError' } },
      },
      'inputs with the same steps: those that the model joins, got inputs.x and inputs.y, which it does not join',
    ],
  ])('refuses a model with %s at once', (_, options, message) => {
    using trainer = new Trainer(makeModel(options), { optimizer: { kind: 'adam' } })
    expectGruError(
      () => trainer.fit([], { epochs: 1, chunkSteps: 2 }),
      'ERR_GRU_VALUE',
      `chunkSteps: expected ${message}`,
    )
  })
})
