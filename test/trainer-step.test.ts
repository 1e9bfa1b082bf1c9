import type { GruErrorCode, TrainingBatch } from '../lib'
import { expectGruError, expectGruRejection } from './support/errors'
import { batch, bits, make, options } from './support/trainer'

describe('a step', () => {
  test('makes the loss smaller, which evaluate confirms without changing anything', async () => {
    const { model, trainer } = make()
    const { loss } = trainer.stepSync(batch)
    for (let i = 0; i < 50; i++) await trainer.step(batch)
    const before = bits(model)
    const { loss: after, ...others } = await trainer.evaluate(batch)
    expect(after).toBeLessThan(loss / 10)
    expect(others).toEqual({})
    expect(bits(model)).toEqual(before)
    expect(trainer.stepSync(batch).loss).toBeCloseTo(after, 6)
  })

  test('tells the loss of its predictions, over valid rows alone', async () => {
    const { model, trainer } = make()
    const lengths = [4, 0, 2]
    const [first, , third] = model.predictSync(batch.input, { batch: 3, lengths })
    const squares = [first! - batch.target[0]!, third! - batch.target[2]!].map((x) => x * x)
    const { loss } = await trainer.evaluate({ ...batch, lengths })
    expect(loss).toBeCloseTo((squares[0]! + squares[1]!) / 2, 6)
  })

  test('measures the norm of the gradients before it clips them', () => {
    const sgd = { kind: 'sgd' as const, learningRate: 1 }
    const free = make(options, { optimizer: sgd })
    const clipped = make(options, { optimizer: sgd, clipNorm: 1e-3 })
    const before = Object.values(clipped.model.getParameters())
    const { gradNorm } = free.trainer.stepSync(batch)
    expect(clipped.trainer.stepSync(batch).gradNorm).toBe(gradNorm)
    const after = Object.values(clipped.model.getParameters())
    const moved = before.flatMap((values, i) => [...values].map((x, j) => after[i]![j]! - x))
    expect(Math.hypot(...moved)).toBeCloseTo(1e-3, 6)
  })

  test('changes nothing at a learning rate of 0', () => {
    const { model, trainer } = make(options, { optimizer: { kind: 'sgd', learningRate: 0 } })
    const before = bits(model)
    trainer.stepSync(batch)
    expect(bits(model)).toEqual(before)
  })

  test('as a promise has copied its batch when it returns', async () => {
    const expected = make()
    expected.trainer.stepSync(batch)
    const { model, trainer } = make()
    const [input, target] = [batch.input.slice(), batch.target.slice()]
    const promise = trainer.step({ input, target, batch: 3 })
    input.fill(NaN)
    structuredClone(target, { transfer: [target.buffer] })
    await promise
    expect(bits(model)).toEqual(bits(expected.model))
  })

  test.each<[unknown, GruErrorCode, string | RegExp]>([
    [undefined, 'ERR_GRU_TYPE', 'batch: expected a plain object, got undefined'],
    [{ ...batch, size: 3 }, 'ERR_GRU_VALUE', /^batch: .*"size"/],
    [
      { ...batch, input: undefined },
      'ERR_GRU_TYPE',
      'input: expected a Float32Array, got undefined',
    ],
    [
      { ...batch, input: batch.input.subarray(1) },
      'ERR_GRU_SHAPE',
      /^input: expected steps\*batch\*features = a multiple of 6, got 23 values$/,
    ],
    [
      { ...batch, target: batch.target.subarray(1) },
      'ERR_GRU_SHAPE',
      'target: expected batch*size = 3 values, got 2 values',
    ],
    [
      { ...batch, target: new Int32Array(3) },
      'ERR_GRU_TYPE',
      'target: expected a Float32Array, got an Int32Array of 3',
    ],
    [
      { ...batch, lengths: [1, 2] },
      'ERR_GRU_SHAPE',
      'lengths: expected batch = 3 values, got 2 values',
    ],
    [
      { ...batch, lengths: [0, 0, 0] },
      'ERR_GRU_VALUE',
      /^lengths: expected at least one valid step/,
    ],
    [{ ...batch, batch: 3.5 }, 'ERR_GRU_VALUE', /^batch: /],
  ])('refuses a wrong batch, and changes nothing: %#', async (bad, code, message) => {
    const { model, trainer } = make()
    const before = bits(model)
    expectGruError(() => trainer.stepSync(bad as TrainingBatch), code, message)
    await expectGruRejection(trainer.step(bad as TrainingBatch), code, message)
    await expectGruRejection(trainer.evaluate(bad as TrainingBatch), code, message)
    expect(bits(model)).toEqual(before)
    // The optimiser counts only completed steps, so its first one is unaffected.
    const other = make()
    other.trainer.stepSync(batch)
    trainer.stepSync(batch)
    expect(bits(model)).toEqual(bits(other.model))
  })

  test('refuses classes and tokens out of range, and changes nothing', async () => {
    const { model, trainer } = make({
      input: { tokens: 4, embeddingSize: 2 },
      gru: { hiddenSize: 3 },
      output: { size: 3, loss: 'crossEntropy' },
    })
    const before = bits(model)
    const good = { input: Int32Array.of(0, 3), target: Int32Array.of(0, 2) }
    const badClass = { ...good, target: Int32Array.of(0, 3) }
    const badToken = { ...good, input: Int32Array.of(0, 4) }
    const classMessage = 'target[1]: expected an integer from 0 to 2, got 3'
    const tokenMessage = 'input[1]: expected an integer from 0 to 3, got 4'
    expectGruError(() => trainer.stepSync(badClass), 'ERR_GRU_VALUE', classMessage)
    await expectGruRejection(trainer.step(badClass), 'ERR_GRU_VALUE', classMessage)
    expectGruError(() => trainer.stepSync(badToken), 'ERR_GRU_VALUE', tokenMessage)
    await expectGruRejection(trainer.step(badToken), 'ERR_GRU_VALUE', tokenMessage)
    expect(bits(model)).toEqual(before)
  })

  test('looks at no class and no token past a length', async () => {
    const words = {
      input: { tokens: 4, embeddingSize: 2 },
      gru: { hiddenSize: 3 },
      output: { size: 3, loss: 'crossEntropy' as const },
      seed: 3,
    }
    const clean = { input: Int32Array.of(2, 0), target: Int32Array.of(1, 0), lengths: [1] }
    const dirty = { input: Int32Array.of(2, -7), target: Int32Array.of(1, -100), lengths: [1] }
    const [expected, { model, trainer }] = [make(words), make(words)]
    expect(await trainer.evaluate(dirty)).toEqual(await expected.trainer.evaluate(clean))
    expect(trainer.stepSync(dirty)).toEqual(expected.trainer.stepSync(clean))
    expect(await trainer.step(dirty)).toEqual(await expected.trainer.step(clean))
    expect(bits(model)).toEqual(bits(expected.model))
    const input = Int32Array.of(2, -7)
    const prediction = model.predictSync(input, { lengths: [1] })
    expect(prediction).toEqual(model.predictSync(clean.input, { lengths: [1] }))

    const late = { ...clean, input: Int32Array.of(2, 3, 1), lengths: [2] }
    const badClass = { ...late, target: Int32Array.of(1, -100, -100) }
    const classMessage = 'target[1]: expected an integer from 0 to 2, got -100'
    expectGruError(() => trainer.stepSync(badClass), 'ERR_GRU_VALUE', classMessage)
    const badToken = { ...late, target: Int32Array.of(1, 2, 0), input: Int32Array.of(2, -7, -7) }
    const tokenMessage = 'input[1]: expected an integer from 0 to 3, got -7'
    expectGruError(() => trainer.stepSync(badToken), 'ERR_GRU_VALUE', tokenMessage)
  })

  test('looks at no class of a sequence without steps', () => {
    const { trainer } = make({
      input: { tokens: 4, embeddingSize: 2 },
      gru: { hiddenSize: 3 },
      output: { size: 3, loss: 'crossEntropy', every: 'last' },
    })
    const last = { input: new Int32Array(4), target: Int32Array.of(-100, 2), batch: 2 }
    expect(trainer.stepSync({ ...last, lengths: [0, 2] }).loss).toBeGreaterThan(0)
    const message = 'target[0]: expected an integer from 0 to 2, got -100'
    expectGruError(() => trainer.stepSync({ ...last, lengths: [1, 2] }), 'ERR_GRU_VALUE', message)
  })

  test('that is aborted changes nothing', async () => {
    const { model, trainer } = make({ ...options, gru: { hiddenSize: 64 } })
    const before = bits(model)
    const reason = new Error('stop')
    const aborted = trainer.step({ ...batch, signal: AbortSignal.abort(reason) })
    await expect(aborted).rejects.toBe(reason)
    const controller = new AbortController()
    const long = { input: new Float32Array(2 * 100_000), target: Float32Array.of(1) }
    const promise = trainer.step({ ...long, signal: controller.signal })
    setImmediate(() => {
      controller.abort(reason)
    })
    await expect(promise).rejects.toBe(reason)
    expect(bits(model)).toEqual(before)
  })

  test('may be given its signal by the options, as an evaluation', async () => {
    const { trainer } = make(options, { optimizer: { kind: 'sgd' }, average: { decay: 0.5 } })
    const reason = new Error('stop')
    const signal = AbortSignal.abort(reason)
    for (const call of ['step', 'evaluate', 'evaluateAverage'] as const) {
      await expect(trainer[call](batch, { signal })).rejects.toBe(reason)
      const both = trainer[call]({ ...batch, signal }, { signal })
      const message = 'signal: expected one, of the batch or of the options, got both'
      await expectGruRejection(both, 'ERR_GRU_VALUE', message)
    }
  })

  test('keeps others from its model meanwhile', async () => {
    const { model, trainer } = make()
    const promise = trainer.step(batch)
    expectGruError(() => trainer.stepSync(batch), 'ERR_GRU_BUSY', /./)
    expectGruError(() => model.predictSync(batch.input), 'ERR_GRU_BUSY', /./)
    expectGruError(() => model.getParameters(), 'ERR_GRU_BUSY', /./)
    // Promise forms wait until it is their turn.
    const prediction = model.predict(batch.input, { batch: 3 })
    await promise
    expect(await prediction).toEqual(model.predictSync(batch.input, { batch: 3 }))
  })

  test('is refused after dispose', async () => {
    const { model, trainer } = make()
    trainer.dispose()
    trainer.dispose()
    trainer[Symbol.dispose]()
    expectGruError(() => trainer.stepSync(batch), 'ERR_GRU_DISPOSED', /./)
    await expectGruRejection(trainer.step(batch), 'ERR_GRU_DISPOSED', /./)
    await expectGruRejection(trainer.evaluate(batch), 'ERR_GRU_DISPOSED', /./)
    expect(model.predictSync(batch.input)).toHaveLength(1)
    const other = make()
    other.model.dispose()
    expectGruError(() => other.trainer.stepSync(batch), 'ERR_GRU_DISPOSED', /./)
  })
})
