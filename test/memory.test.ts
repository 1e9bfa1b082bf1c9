import { GRU, LSTM, Model, type ModelMemory, Seq2Seq, SequenceModel, Trainer } from '../lib'
import { expectGruError, expectGruRejection } from './support/errors'
import { bitsOf } from './support/numbers'

const FLOAT = Float32Array.BYTES_PER_ELEMENT

const [steps, batch, features, hidden] = [16, 4, 8, 16]
const input = Float32Array.from({ length: steps * batch * features }, (_, i) => Math.sin(i))

const makeModel = () =>
  new SequenceModel({
    input: { features },
    gru: { hiddenSize: hidden },
    output: { size: features, loss: 'meanSquaredError' },
    seed: 1,
  })
const adam = { optimizer: { kind: 'adam' } } as const
const batchOf = { input, target: input, batch }

/** Whether `total` is the sum of the other parts. */
function expectSum(memory: object): void {
  const { total, ...parts } = memory as Record<string, number>
  const sum = Object.values(parts).reduce((a, b) => a + b, 0)
  expect(total).toBe(sum)
}

describe.each([
  ['GRU', GRU],
  ['LSTM', LSTM],
] as const)('%s', (name, Layer) => {
  test('tells what it and its passes hold, and gives back what calls keep', async () => {
    using layer = new Layer({ inputSize: features, hiddenSize: hidden, seed: 1 })
    const parameters = layer.parameterCount * FLOAT
    expect(layer.memory()).toEqual({ total: parameters, parameters, working: 0, passes: 0 })

    const { output } = layer.forwardSync(input, { batch })
    const pass = layer.forwardTrainingSync(input, { batch })
    const used = layer.memory()
    expectSum(used)
    // Packed weights take at least as much as the weights.
    expect(used.working).toBeGreaterThan(parameters * 0.9)
    expect(used.passes).toBe(pass.memory().total)
    expectSum(pass.memory())
    expect(pass.memory().inputs).toBe(input.byteLength)
    expect(pass.memory().activations).toBeGreaterThan(5 * output.byteLength)

    const pending = layer.forward(input, { batch })
    expectGruError(
      () => {
        layer.trimSync()
      },
      'ERR_GRU_BUSY',
      new RegExp(`^${name.toLowerCase()}.trimSync: .*call ${name.toLowerCase()}.trim, which waits`),
    )
    await Promise.all([pending, layer.trim()])
    expect(layer.memory()).toEqual({ ...used, total: parameters + used.passes, working: 0 })
    expect(bitsOf(layer.forwardSync(input, { batch }).output)).toBe(bitsOf(output))

    pass.dispose()
    expectGruError(() => pass.memory(), 'ERR_GRU_DISPOSED', /^pass: /)
    layer.trimSync()
    expect(layer.memory().total).toBe(parameters)
    layer.dispose()
    expectGruError(() => layer.memory(), 'ERR_GRU_DISPOSED', /./)
    await expectGruRejection(layer.trim(), 'ERR_GRU_DISPOSED', /./)
  })
})

test('a model tells what its trainers, passes and sessions hold', () => {
  using model = makeModel()
  const parameters = model.parameterCount * FLOAT
  const nothing: ModelMemory = {
    ...{ total: parameters, parameters, working: 0 },
    ...{ trainers: 0, passes: 0, sessions: 0 },
  }
  expect(model.memory()).toEqual(nothing)

  using trainer = new Trainer(model, { ...adam, average: { decay: 0.9 } })
  trainer.stepSync(batchOf)
  const pass = trainer.forwardSync({ input, batch })
  const sessions = [1, 3].map((size) => model.session({ batch: size }))
  expect(sessions[0]!.memory()).toEqual({ total: 0, states: 0 })
  for (const session of sessions) session.stepSync(input.subarray(0, session.batch * features))
  const states = sessions.map((session) => session.memory().states)
  expect(states).toEqual([hidden * FLOAT, 3 * hidden * FLOAT])

  const held = model.memory()
  expectSum(held)
  expect(held.parameters).toBe(parameters)
  expect(held.sessions).toBe(4 * hidden * FLOAT)
  expect(held.passes).toBe(pass.memory().total)
  expectSum(pass.memory())
  expect(pass.memory().inputs).toBe(input.byteLength)
  expect(held.trainers).toBe(trainer.memory().total)
  expectSum(trainer.memory())
  expect(trainer.memory()).toMatchObject({
    ...{ gradients: parameters, moments: 2 * parameters, average: parameters, states: 0 },
  })

  for (const one of [pass, ...sessions, trainer]) one.dispose()
  model.trimSync()
  expect(model.memory()).toEqual(nothing)
  expectGruError(() => trainer.memory(), 'ERR_GRU_DISPOSED', /^trainer: /)
  expectGruError(() => sessions[0]!.memory(), 'ERR_GRU_DISPOSED', /^session: /)
})

test('memory tells the bytes while calls are pending', async () => {
  using model = makeModel()
  using trainer = new Trainer(model, adam)
  const pending = [model.predict(input, { batch }), trainer.step(batchOf)]
  expect(model.memory().total).toBeGreaterThan(model.parameterCount * FLOAT)
  expect(trainer.memory().moments).toBe(2 * model.parameterCount * FLOAT)
  await Promise.all(pending)
  expectSum(model.memory())
})

test('trim of a trainer keeps what training needs, and the bits', async () => {
  const [trimmed, plain] = [makeModel(), makeModel()]
  const [one, other] = [new Trainer(trimmed, adam), new Trainer(plain, adam)]
  for (let step = 0; step < 3; step++) {
    await Promise.all([one.step(batchOf), other.step(batchOf)])
    expect(one.memory().working).toBeGreaterThan(5 * steps * batch * hidden * FLOAT)
    await Promise.all([one.trim(), trimmed.trim()])
    // The two numbers that a step computes stay.
    expect(one.memory().working).toBeLessThan(100)
  }
  const pass = one.forwardSync({ input, batch })
  one.trimSync()
  pass.backwardSync(pass.predictions)
  one.trimSync()
  one.updateSync()
  const expected = other.forwardSync({ input, batch })
  expected.backwardSync(expected.predictions)
  other.updateSync()
  for (const [name, values] of Object.entries(plain.getParameters())) {
    expect(bitsOf(trimmed.getParameters()[name]!)).toBe(bitsOf(values))
  }
  for (const model of [trimmed, plain]) model.dispose()
  await expectGruRejection(one.trim(), 'ERR_GRU_DISPOSED', /^model: /)
})

test('trim of a Seq2Seq gives back the memory of translations', async () => {
  using model = new Seq2Seq({
    source: { features },
    target: { tokens: 12, begin: 0, end: 1, embeddingSize: 4 },
    encoder: { hiddenSize: hidden },
    decoder: { hiddenSize: hidden },
    seed: 1,
  })
  const parameters = model.parameterCount * FLOAT
  const call = { batch, limit: 6, beams: 2 }
  const expected = model.translateSync(input, call)
  expect(model.memory().working).toBeGreaterThan(0)
  await model.trim()
  expect(model.memory().total).toBe(parameters)
  expect(model.translateSync(input, call)).toEqual(expected)
  model.trimSync()
  expect(model.memory().total).toBe(parameters)
})

test('trim of a model of any graph keeps the states of its sessions', () => {
  using model = new Model({
    inputs: { x: { features } },
    layers: {
      memory: { type: 'lstm', input: 'x', hiddenSize: hidden },
      norm: { type: 'layerNorm', input: 'memory' },
      head: { type: 'linear', input: 'norm', size: 2 },
    },
    outputs: { head: { loss: 'meanSquaredError' } },
    seed: 1,
  })
  const x = input.subarray(0, features)
  const [session, plain] = [model.session(), model.session()]
  for (const one of [session, plain]) one.stepSync({ x })
  const expected = plain.stepSync({ x })
  model.trimSync()
  expect(bitsOf(session.stepSync({ x })['head']!)).toBe(bitsOf(expected['head']!))
})
