import type { AbortFlag, StepMetrics } from '../../binding'
import {
  addon,
  BATCH,
  batchOf,
  call,
  classes,
  codeOf,
  createGru,
  createModel,
  emptyResult,
  gruOptions,
  INPUT,
  OUTPUT,
  STATE,
  stepCall,
  STEPS,
  tokens,
  trainerOptions,
  wave,
} from '../support/addon'

/** Enough work to take longer than the calls around it. */
const slowModel = () => createModel({ gru: { ...gruOptions, hiddenSize: 192 } })
const SLOW_STEPS = 256
const SLOW_BATCH = 32
const slowTokens = new Int32Array(SLOW_STEPS * SLOW_BATCH)
const slowCall = call(slowTokens, slowTokens, { steps: SLOW_STEPS, batch: SLOW_BATCH })

describe('while a promise is pending', () => {
  test('synchronous calls of the same object are refused, those of others are not', async () => {
    const model = createModel()
    const trainer = new addon.NativeTrainer(model, trainerOptions)
    const target = new Float32Array(model.parameterCount)
    const logits = new Float32Array(tokens.length * 5)
    const syncCalls = [
      () => trainer.stepSync(...stepCall(...call(tokens, classes))),
      () => {
        model.predictSync(...call(tokens, logits))
      },
      () => {
        model.readParametersSync(target)
      },
      () => {
        model.writeParametersSync(target)
      },
      () => new addon.NativeTrainer(model, trainerOptions),
    ]
    const pending = trainer.step(...stepCall(...call(tokens, classes)), null)
    const codes = await Promise.all(syncCalls.map(codeOf))
    expect(codes).toEqual(syncCalls.map(() => 'ERR_GRU_BUSY'))
    await pending
    expect(await Promise.all(syncCalls.map(codeOf))).toEqual(syncCalls.map(() => undefined))
  })

  test('a pass shares the queue of its layer', async () => {
    const [gru, other] = [createGru(), createGru()]
    const { output, state } = emptyResult()
    const forward = [STEPS, BATCH, null, wave(INPUT), null, output, state] as const
    const gradients = [wave(INPUT), wave(STATE), new Float32Array(gru.parameterCount)] as const
    const pass = gru.forwardTrainingSync(...forward)
    const pending = gru.forward(...forward, null)
    const backward = () => {
      pass.backwardSync(null, wave(STATE), ...gradients)
    }
    expect(await codeOf(backward)).toBe('ERR_GRU_BUSY')
    other.forwardSync(...forward)
    await pending
    expect(await codeOf(backward)).toBeUndefined()
  })

  test('inputs may change, move and go, since they were copied', async () => {
    const gru = createGru()
    const [expected, got] = [emptyResult(), emptyResult()]
    const input = wave(INPUT)
    const lengths = Int32Array.of(2, 5)
    const initial = wave(STATE)
    gru.forwardSync(STEPS, BATCH, lengths, input, initial, expected.output, expected.state)
    const pending = gru.forward(STEPS, BATCH, lengths, input, initial, got.output, got.state, null)
    input.fill(NaN)
    lengths.fill(-1)
    structuredClone(initial, { transfer: [initial.buffer as ArrayBuffer] })
    await pending
    expect(got).toEqual(expected)
  })

  test('an output that goes away fails the call, and the others stay as they were', async () => {
    const gru = createGru()
    const { output, state } = emptyResult()
    const pending = gru.forward(STEPS, BATCH, null, wave(INPUT), null, output, state, null)
    structuredClone(state, { transfer: [state.buffer as ArrayBuffer] })
    await expect(pending).rejects.toThrow(
      'state: expected a Float32Array over an ArrayBuffer of fixed length, got a Float32Array over a detached',
    )
    expect(await codeOf(() => pending)).toBe('ERR_GRU_TYPE')
    expect(output).toEqual(new Float32Array(OUTPUT))
  })

  test('timers run', async () => {
    const trainer = new addon.NativeTrainer(slowModel(), trainerOptions)
    const flag = new addon.AbortFlag()
    // This is more work than a test may take. Only the ticks end it: if timers waited for it, it would never end.
    const steps = Array.from({ length: 1000 }, () => trainer.step(...stepCall(...slowCall), flag))
    const codes = Promise.all(steps.map((step) => codeOf(() => step)))
    for (let ticks = 0; ticks < 10; ticks++) await new Promise((resolve) => setTimeout(resolve, 1))
    flag.abort()
    expect((await codes).at(-1)).toBe('ERR_GRU_ABORTED')
  })
})

describe('dispose', () => {
  test('may be called again, and nothing else after it', async () => {
    const gru = createGru()
    const { output, state } = emptyResult()
    const forward = [STEPS, BATCH, null, wave(INPUT), null, output, state] as const
    const gradients = [wave(INPUT), wave(STATE), new Float32Array(gru.parameterCount)] as const
    const [disposed, orphan] = [
      gru.forwardTrainingSync(...forward),
      gru.forwardTrainingSync(...forward),
    ]
    const model = createModel()
    const trainer = new addon.NativeTrainer(model, trainerOptions)
    const orphanTrainer = new addon.NativeTrainer(model, trainerOptions)
    const batch = call(tokens, classes)
    const target = new Float32Array(model.parameterCount)
    trainer.dispose()
    disposed.dispose()
    const calls: (() => unknown)[] = [
      () => {
        disposed.backwardSync(null, wave(STATE), ...gradients)
      },
      () => disposed.backward(null, wave(STATE), ...gradients, null),
      () => trainer.stepSync(...stepCall(...batch)),
      () => trainer.step(...stepCall(...batch), null),
      () => trainer.evaluate(batchOf(...batch), null),
    ]
    expect(await Promise.all(calls.map(codeOf))).toEqual(calls.map(() => 'ERR_GRU_DISPOSED'))
    model.dispose()
    gru.dispose()
    calls.push(
      () => gru.parameterCount,
      () => gru.parameterSpecs(),
      () => {
        gru.readParametersSync(target)
      },
      () => {
        gru.writeParametersSync(target)
      },
      () => {
        gru.forwardSync(...forward)
      },
      () => gru.forward(...forward, null),
      () => gru.forwardTrainingSync(...forward),
      () => gru.forwardTraining(...forward, null),
      () => {
        orphan.backwardSync(null, wave(STATE), ...gradients)
      },
      () => model.parameterCount,
      () => model.parameterSpecs(),
      () => {
        model.readParametersSync(target)
      },
      () => {
        model.writeParametersSync(target)
      },
      () => {
        model.predictSync(...call(tokens, wave(tokens.length * 5)))
      },
      () => model.predict(...call(tokens, wave(tokens.length * 5)), null),
      () => orphanTrainer.stepSync(...stepCall(...batch)),
      () => new addon.NativeTrainer(model, trainerOptions),
    )
    expect(await Promise.all(calls.map(codeOf))).toEqual(calls.map(() => 'ERR_GRU_DISPOSED'))
    for (const object of [gru, disposed, orphan, model, trainer, orphanTrainer]) object.dispose()
  })

  test('lets pending jobs finish', async () => {
    const [model, twin] = [createModel(), createModel()]
    const trainer = new addon.NativeTrainer(model, trainerOptions)
    const expected = new addon.NativeTrainer(twin, trainerOptions)
    const batch = call(tokens, classes)
    const pending = [1, 2, 3].map(() => trainer.step(...stepCall(...batch), null))
    trainer.dispose()
    model.dispose()
    expect(await Promise.all(pending)).toEqual(
      [1, 2, 3].map(() => expected.stepSync(...stepCall(...batch))),
    )
  })
})

describe('AbortFlag', () => {
  const stepOf = (trainer: InstanceType<typeof addon.NativeTrainer>, flag: AbortFlag | null) =>
    trainer.step(...stepCall(...slowCall), flag)

  test('stops a job before it starts', async () => {
    const gru = createGru()
    const { output, state } = emptyResult()
    const flag = new addon.AbortFlag()
    flag.abort()
    const call = () => gru.forward(STEPS, BATCH, null, wave(INPUT), null, output, state, flag)
    expect(await codeOf(call)).toBe('ERR_GRU_ABORTED')
    expect(output).toEqual(new Float32Array(OUTPUT))
  })

  test('stops a job that runs, and jobs that wait, and changes nothing', async () => {
    const model = slowModel()
    const [before, after] = [0, 1].map(() => new Float32Array(model.parameterCount))
    model.readParametersSync(before!)
    const trainer = new addon.NativeTrainer(model, trainerOptions)
    const flag = new addon.AbortFlag()
    // Not all of these could finish within the time limit of a test.
    const pending = Array.from({ length: 1000 }, () => stepOf(trainer, flag))
    const outcomes = Promise.all(pending.map((promise) => codeOf(() => promise)))
    setTimeout(() => {
      flag.abort()
    }, 20)
    const codes = await outcomes
    expect(codes.at(-1)).toBe('ERR_GRU_ABORTED')
    const finished = codes.filter((code) => code === undefined).length
    expect(codes.slice(finished)).toEqual(codes.slice(finished).map(() => 'ERR_GRU_ABORTED'))
    model.readParametersSync(after!)
    expect(after!.every((value, i) => value === before![i])).toBe(finished === 0)

    const metrics: StepMetrics = await stepOf(trainer, null)
    expect(metrics.loss).toBeGreaterThan(0)
  })
})
