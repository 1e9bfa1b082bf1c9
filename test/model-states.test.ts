import { Model, type ModelOptions, type ModelStates, SequenceModel, Trainer } from '../lib'
import { expectGruError, expectGruRejection } from './support/errors'
import { makeModel } from './support/models'
import { bitsOf, integers, randomSource, uniform } from './support/numbers'

const random = randomSource(31)

/** Two recurrent layers, one behind the other, that may begin with states of the caller's. */
const recurrent: ModelOptions = {
  inputs: { x: { features: 2 } },
  layers: {
    low: { type: 'gru', input: 'x', hiddenSize: 3, numLayers: 2 },
    high: { type: 'gru', input: 'low', hiddenSize: 4 },
    value: { type: 'linear', input: 'high', size: 1 },
  },
  outputs: { value: { loss: 'meanSquaredError' } },
  seed: 3,
}
const BATCH = 3
const STEPS = 8
const x = uniform(random, STEPS * BATCH * 2)
const part = (from: number, to: number) => x.slice(from * BATCH * 2, to * BATCH * 2)
const lengths = [8, 2, 5]
const lengthsOf = (from: number, to: number): number[] =>
  lengths.map((length) => Math.min(Math.max(length - from, 0), to - from))

const bits = (states: ModelStates): string[] =>
  Object.values(states).flatMap((layer) => Object.values(layer).map(bitsOf))

describe('the states of a model', () => {
  test('are zeros of the shapes that its calls take', () => {
    expect(makeModel(recurrent).zeroStates(BATCH)).toEqual({
      low: { state: new Float32Array(2 * BATCH * 3) },
      high: { state: new Float32Array(BATCH * 4) },
    })
    using model = new SequenceModel({
      input: { tokens: 4, embeddingSize: 2 },
      gru: { hiddenSize: 3, bidirectional: true },
      output: { size: 2, loss: 'crossEntropy' },
    })
    expect(model.zeroStates()).toEqual({ gru: { state: new Float32Array(2 * 3) } })
  })

  test('go from part to part of ragged sequences, and change no bit of what is predicted', async () => {
    const model = makeModel(recurrent)
    const states = model.zeroStates(BATCH)
    const whole = model.predictSync({ x }, { batch: BATCH, lengths, states })
    const carried = model.zeroStates(BATCH)
    const values: number[] = []
    for (const [from, to] of [
      [0, 3],
      [3, 4],
      [4, 8],
    ] as const) {
      const options = { batch: BATCH, lengths: lengthsOf(from, to) }
      const both = { ...options, initialStates: carried, states: carried }
      const before = structuredClone(carried)
      const { value } = await model.predict({ x: part(from, to) }, both)
      values.push(...value!)
      const again = { ...options, initialStates: before, states: before }
      const sync = model.predictSync({ x: part(from, to) }, again)
      expect(bitsOf(sync['value']!)).toBe(bitsOf(value!))
      expect(bits(before)).toEqual(bits(carried))
    }
    expect(bitsOf(Float32Array.from(values))).toBe(bitsOf(whole['value']!))
    expect(bits(carried)).toEqual(bits(states))
  })

  test('of some layers may be given, and some read', () => {
    const model = makeModel(recurrent)
    const all = model.zeroStates(BATCH)
    model.predictSync({ x }, { batch: BATCH, states: all })
    const { high } = model.zeroStates(BATCH)
    model.predictSync({ x }, { batch: BATCH, initialStates: { low: {} }, states: { high: high! } })
    expect(bitsOf(high!.state)).toBe(bitsOf(all['high']!.state))
    const only = { low: all['low']! }
    const given = model.predictSync({ x }, { batch: BATCH, initialStates: only })
    expect(given).not.toEqual(model.predictSync({ x }, { batch: BATCH }))
    expect(given).not.toEqual(model.predictSync({ x }, { batch: BATCH, initialStates: all }))
  })

  test('of a SequenceModel stand under gru', async () => {
    using model = new SequenceModel({
      input: { tokens: 4, embeddingSize: 2 },
      gru: { hiddenSize: 3 },
      output: { size: 2, loss: 'crossEntropy' },
      seed: 2,
    })
    const tokens = integers(random, 6 * 2, 4)
    const whole = model.predictSync(tokens, { batch: 2 })
    const states = model.zeroStates(2)
    const options = { batch: 2, initialStates: states, states }
    const first = model.predictSync(tokens.slice(0, 4), options)
    const second = await model.predict(tokens.slice(4), options)
    expect(bitsOf(Float32Array.of(...first, ...second))).toBe(bitsOf(whole))
  })

  const state = new Float32Array(2 * BATCH * 3)
  test.each([
    [{ initialStates: { memory: {} } }, 'ERR_GRU_VALUE', /^initialStates: expected only the keys /],
    [
      { states: { low: { cell: state } } },
      'ERR_GRU_VALUE',
      /^states\.low: expected only the keys state, got the key "cell"/,
    ],
    [
      { initialStates: { low: { state: state.slice(1) } } },
      'ERR_GRU_SHAPE',
      'initialStates.low.state: expected numLayers*D*batch*hiddenSize = 18 values, got 17 values',
    ],
    [{ states: [state] }, 'ERR_GRU_TYPE', /^states: expected a plain object/],
    [{ states: { low: { state: [] } } }, 'ERR_GRU_TYPE', /^states\.low\.state: expected a Float32/],
    [{ states: { low: state } }, 'ERR_GRU_TYPE', /^states\.low: expected a plain object/],
    [
      { initialStates: { high: { state: state.subarray(0, 12) } }, states: { low: { state } } },
      'ERR_GRU_VALUE',
      "states.low.state: expected memory apart from initialStates.high.state's, got an overlap",
    ],
    [
      { states: { low: { state }, high: { state: state.subarray(6) } } },
      'ERR_GRU_VALUE',
      "states.high.state: expected memory apart from states.low.state's, got an overlap",
    ],
    [
      { outputs: { value: new Float32Array(state.buffer, 0, 24 - 6) }, states: { low: { state } } },
      'ERR_GRU_SHAPE',
      /^outputs\.value: /,
    ],
    [
      { outputs: { value: x.subarray(0, 24) }, states: { low: { state } } },
      'ERR_GRU_VALUE',
      /^outputs\.value: expected memory apart from inputs\.x's/,
    ],
    [
      { states: { low: { state: x.subarray(0, 18) } } },
      'ERR_GRU_VALUE',
      "states.low.state: expected memory apart from inputs.x's, got an overlap",
    ],
  ] as const)('are refused where they are wrong: %j', async (given, code, message) => {
    const model = makeModel(recurrent)
    const options = { batch: BATCH, ...given } as Parameters<Model['predictSync']>[1]
    expectGruError(() => model.predictSync({ x }, options), code, message)
    await expectGruRejection(model.predict({ x }, options), code, message)
  })

  test('are none where every recurrent layer is missing', () => {
    const model = makeModel({
      inputs: { x: { features: 2 } },
      layers: { value: { type: 'linear', input: 'x', size: 1 } },
      outputs: { value: { loss: 'meanSquaredError' } },
    })
    expect(model.zeroStates()).toEqual({})
    const states = model.zeroStates()
    expect(model.predictSync({ x }, { initialStates: states, states })).toEqual(
      model.predictSync({ x }),
    )
    for (const list of ['initialStates', 'states']) {
      const message = new RegExp(`^${list}: expected a recurrent layer that reads no initial state`)
      const given = { [list]: { value: {} } }
      expectGruError(() => model.predictSync({ x }, given), 'ERR_GRU_VALUE', message)
      const wrong = { [list]: [] }
      expectGruError(() => model.predictSync({ x }, wrong), 'ERR_GRU_TYPE', /: expected a plain/)
    }
  })

  test('are not written where a call fails', async () => {
    const model = makeModel(recurrent)
    const states = model.zeroStates(BATCH)
    const controller = new AbortController()
    controller.abort(new Error('no longer wanted'))
    const options = { batch: BATCH, states, signal: controller.signal }
    await expect(model.predict({ x }, options)).rejects.toThrow('no longer wanted')
    expect(bits(states)).toEqual(bits(model.zeroStates(BATCH)))
  })
})

describe('the state that a trainer carries', () => {
  const batch = (from: number, to: number) => ({
    inputs: { x: part(from, to) },
    targets: { value: new Float32Array((to - from) * BATCH) },
    batch: BATCH,
  })
  function makeTrainer(options = recurrent): Trainer<Model> {
    return new Trainer(makeModel(options), { optimizer: { kind: 'sgd', learningRate: 0.1 } })
  }
  const carry = { carryState: true }

  test('goes from step to step of either form until it is reset', async () => {
    const trainer = makeTrainer()
    const { loss } = await trainer.evaluate(batch(0, 8))
    const first = trainer.stepSync(batch(0, 4), carry)
    const model = trainer.model
    const states = model.zeroStates(BATCH)
    const untrained = makeModel(recurrent)
    untrained.predictSync({ x: part(0, 4) }, { batch: BATCH, states })
    const { value } = model.predictSync({ x: part(4, 8) }, { batch: BATCH, initialStates: states })
    const expected = value!.reduce((sum, one) => sum + one * one, 0) / value!.length
    const second = await trainer.step(batch(4, 8), carry)
    expect(second.loss).toBeCloseTo(expected, 6)
    expect((await trainer.step(batch(4, 8))).loss).not.toBeCloseTo(expected, 3)
    trainer.resetState()
    const anew = await trainer.step(batch(0, 4), carry)
    expect(anew.loss).toBeLessThan(first.loss)
    expect(loss).toBeGreaterThan(0)
  })

  test('goes on at its place in a list of batches', async () => {
    const whole = makeTrainer()
    const parted = makeTrainer()
    const cut = ({ inputs, targets }: ReturnType<typeof batch>, first: number, count: number) => ({
      inputs: { x: inputs.x.filter((_, i) => inSlice(Math.floor(i / 2), first, count)) },
      targets: { value: targets.value.filter((_, i) => inSlice(i, first, count)) },
      batch: count,
    })
    const inSlice = (row: number, first: number, count: number): boolean =>
      row % BATCH >= first && row % BATCH < first + count
    for (const [from, to] of [
      [0, 3],
      [3, 5],
      [5, 8],
    ] as const) {
      const all = batch(from, to)
      const expected = await whole.step(all, carry)
      const { loss } = await parted.step([cut(all, 0, 1), cut(all, 1, 2)], carry)
      expect(loss).toBeCloseTo(expected.loss, 6)
    }
    const [one, other] = [cut(batch(0, 3), 0, 2), cut(batch(0, 3), 2, 1)]
    await expectGruRejection(
      parted.step([one, other], carry),
      'ERR_GRU_SHAPE',
      /^batches\[0\]: batch: expected 1, /,
    )
  })

  test('is of one number of sequences', async () => {
    const trainer = makeTrainer()
    await trainer.step(batch(0, 4), carry)
    const smaller = { inputs: { x: x.slice(0, 4) }, targets: { value: new Float32Array(2) } }
    const message =
      'batch: expected 3, as the number of sequences whose states are carried, got 2. Reset the state before other sequences'
    await expectGruRejection(
      trainer.step({ ...smaller, batch: 2 }, carry),
      'ERR_GRU_SHAPE',
      message,
    )
    expectGruError(
      () => trainer.stepSync({ ...smaller, batch: 2 }, carry),
      'ERR_GRU_SHAPE',
      message,
    )
    await trainer.evaluate({ ...smaller, batch: 2 }, carry)
    await expectGruRejection(
      trainer.evaluate(batch(0, 4), carry),
      'ERR_GRU_SHAPE',
      /^batch: expected 2, /,
    )
    trainer.resetEvaluationState()
    await trainer.evaluate(batch(0, 4), carry)
  })

  test('needs recurrent layers of one direction', async () => {
    const both = makeTrainer({
      ...recurrent,
      layers: {
        ...recurrent.layers,
        low: { type: 'gru', input: 'x', hiddenSize: 3, bidirectional: true },
      },
    })
    await expectGruRejection(
      both.step(batch(0, 4), carry),
      'ERR_GRU_VALUE',
      'carryState: expected recurrent layers of one direction, got layers.low of two',
    )
    const none = makeTrainer({
      ...recurrent,
      layers: { value: { type: 'linear', input: 'x', size: 1 } },
    })
    await expectGruRejection(none.step(batch(0, 4), carry), 'ERR_GRU_VALUE', /^carryState: /)
  })

  test('is not reset while a promise is pending, and options are checked', async () => {
    const trainer = makeTrainer()
    const pending = trainer.step(batch(0, 4), carry)
    for (const reset of ['resetState', 'resetEvaluationState'] as const) {
      expectGruError(
        () => {
          trainer[reset]()
        },
        'ERR_GRU_BUSY',
        new RegExp(`^trainer\\.${reset}: expected no promise`),
      )
    }
    await pending
    const wrong = { carryState: 1 } as unknown as typeof carry
    expectGruError(() => trainer.stepSync(batch(0, 4), wrong), 'ERR_GRU_TYPE', /^carryState: /)
    const misspelt = { carrystate: true } as unknown as typeof carry
    await expectGruRejection(trainer.step(batch(0, 4), misspelt), 'ERR_GRU_VALUE', /carryState\?/)
    trainer.dispose()
    expectGruError(
      () => {
        trainer.resetState()
      },
      'ERR_GRU_DISPOSED',
      /^trainer: /,
    )
  })
})
