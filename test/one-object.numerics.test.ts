/**
 * What an object keeps from call to call (row tables, scratch memory, packed weights) must not affect the next call: a
 * used object gives the same bits as a new one.
 */
import fc from 'fast-check'
import { GRU, LSTM, SequenceModel, Trainer } from '../lib'
import { requireChosenEngine } from './support/engine-choice'
import { seed } from './support/random'

requireChosenEngine()

interface Call {
  readonly steps: number
  readonly lengths: readonly number[] | undefined
  readonly batch: number
  readonly bad: boolean
}

/** Calls of many shapes: dense, ragged, without any valid step, and wrong ones in between. */
const calls: fc.Arbitrary<readonly Call[]> = fc.array(
  fc
    .record({ steps: fc.integer({ min: 1, max: 9 }), batch: fc.integer({ min: 1, max: 7 }) })
    .chain(({ steps, batch }) =>
      fc.record({
        steps: fc.constant(steps),
        batch: fc.constant(batch),
        bad: fc.boolean(),
        lengths: fc.oneof(
          fc.constant(undefined),
          fc.constant(new Array<number>(batch).fill(0)),
          fc.array(fc.integer({ min: 0, max: steps }), { minLength: batch, maxLength: batch }),
        ),
      }),
    ),
  { minLength: 2, maxLength: 8 },
)

/** Steps too small to change a parameter: parameters are of order 1. */
const optimizer = { optimizer: { kind: 'sgd', learningRate: 1e-30 } } as const

const numbers = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i + 1))

/** The result of a call, or the message of its error. */
function outcome<T>(call: () => T): T | string {
  try {
    return call()
  } catch (error) {
    return (error as Error).message
  }
}

describe('one object, many calls', () => {
  test.each([
    { Layer: GRU, name: 'GRU', batchFirst: false },
    { Layer: GRU, name: 'GRU', batchFirst: true },
    { Layer: LSTM, name: 'LSTM', batchFirst: false },
    { Layer: LSTM, name: 'LSTM', batchFirst: true },
  ])('of $name with batchFirst $batchFirst', ({ Layer, batchFirst }) => {
    const options = { inputSize: 5, hiddenSize: 9, bidirectional: true, numLayers: 2, batchFirst }
    fc.assert(
      fc.property(calls, (sequence) => {
        const used = new Layer({ ...options, seed: 3 })
        for (const { steps, batch, lengths, bad } of sequence) {
          const input = numbers(steps * batch * options.inputSize)
          if (bad) outcome(() => used.forwardSync(input.subarray(1), { batch }))
          const fresh = new Layer({ ...options, seed: 3 })
          const call = { batch, lengths }
          expect(used.forwardSync(input, call)).toEqual(fresh.forwardSync(input, call))
          const grads = [used, fresh].map((layer) => {
            const pass = layer.forwardTrainingSync(input, call)
            return pass.backwardSync({ output: pass.output, state: pass.state })
          })
          expect(grads[0]).toEqual(grads[1])
          fresh.dispose()
        }
        used.dispose()
      }),
      { seed, numRuns: 30 },
    )
  })

  test.each(['step', 'last'] as const)('a model that predicts every %s', (every) => {
    const options = {
      input: { tokens: 6, embeddingSize: 3 },
      gru: { hiddenSize: 8 },
      output: { size: 4, loss: 'crossEntropy', every },
      seed: 5,
    } as const
    fc.assert(
      fc.property(calls, (sequence) => {
        const used = new SequenceModel(options)
        const trainer = new Trainer(used, optimizer)
        for (const { steps, batch, lengths, bad } of sequence) {
          const input = new Int32Array(steps * batch)
          if (bad) outcome(() => used.predictSync(input.fill(9), { batch, lengths }))
          input.forEach((_, i) => (input[i] = i % 6))
          const fresh = new SequenceModel(options)
          const call = { batch, lengths }
          expect(used.predictSync(input, call)).toEqual(fresh.predictSync(input, call))
          const target = new Int32Array(every === 'step' ? steps * batch : batch).fill(1)
          const step = { input, target, ...call }
          const other = new Trainer(fresh, optimizer)
          const stepped = outcome(() => trainer.stepSync(step))
          expect(stepped).toEqual(outcome(() => other.stepSync(step)))
          fresh.dispose()
        }
      }),
      { seed, numRuns: 30 },
    )
  })
})

describe('a batch without valid steps after a ragged one', () => {
  // So much smaller that the row tables of the batch before would point far beyond its memory.
  test('reads nothing in a layer', () => {
    const gru = new GRU({ inputSize: 64, hiddenSize: 3, seed: 1 })
    const steps = 20_000
    gru.forwardSync(new Float32Array(steps * 2 * 64), { batch: 2, lengths: [steps, steps - 1] })
    const { output, state } = gru.forwardSync(numbers(2 * 64), { batch: 2, lengths: [0, 0] })
    expect(output).toEqual(new Float32Array(2 * 3))
    expect(state).toEqual(new Float32Array(2 * 3))
  })

  test('looks up no token of a call that was refused', () => {
    const model = new SequenceModel({
      input: { tokens: 5, embeddingSize: 64 },
      gru: { hiddenSize: 3 },
      output: { size: 4, loss: 'crossEntropy' },
    })
    const lost = new Int32Array(4).fill(2 ** 30)
    expect(() => model.predictSync(lost, { batch: 2, lengths: [2, 1] })).toThrow('expected')
    const logits = model.predictSync(new Int32Array(2).fill(2 ** 30), { batch: 2, lengths: [0, 0] })
    expect(logits).toEqual(new Float32Array(2 * 4))
  })
})

describe('NaN', () => {
  // Quiet and signalling NaNs, with payloads that this machine's arithmetic does not produce.
  test.each([0x7fc00000, 0x7fc00001, 0xffc00003, 0x7f800001, 0x7fffffff])(
    'of bits %d reaches every output and gradient that depends on it',
    (bits) => {
      const nan = new Float32Array(Uint32Array.of(bits).buffer)
      const gru = new GRU({ inputSize: 2, hiddenSize: 19, seed: 1 })
      const input = new Float32Array(4)
      input.set(nan)
      expect(gru.forwardSync(input).output.every(Number.isNaN)).toBe(true)
      const zeros = new Float32Array(4)
      const initialState = new Float32Array(19)
      initialState.set(nan)
      expect(gru.forwardSync(zeros, { initialState }).output.every(Number.isNaN)).toBe(true)
    },
  )
})
