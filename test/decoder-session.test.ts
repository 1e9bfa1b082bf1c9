import { Seq2Seq, type Seq2SeqOptions, Trainer } from '../lib'
import { expectGruError, expectGruRejection } from './support/errors'
import { bitsOf } from './support/numbers'
import { temporaryFolder } from './support/temporary-folder'

const inFolder = temporaryFolder()
const BATCH = 2

const options: Seq2SeqOptions = {
  source: { tokens: 7, embeddingSize: 4 },
  target: { tokens: 6, embeddingSize: 3, begin: 0, end: 1 },
  encoder: { hiddenSize: 5, bidirectional: true },
  decoder: { cell: 'lstm', hiddenSize: 4, numLayers: 2 },
  attention: { score: 'additive', size: 3 },
  seed: 5,
}
/** h and c of two layers. */
const STATE_SIZE = 2 * 2 * 4
const models: Seq2Seq[] = []
function make(): Seq2Seq {
  const model = new Seq2Seq(options)
  models.push(model)
  return model
}
afterEach(() => {
  for (const model of models.splice(0)) model.dispose()
})

// Two sources [steps, batch], of 3 steps and of 1.
const source = Int32Array.of(2, 3, 4, 0, 5, 0)
const batch = { batch: BATCH, lengths: [3, 1] }
const tokensAt = (step: number): Int32Array => Int32Array.of(step % 6, (2 * step + 3) % 6)

/** The bits after each of the steps of these numbers, by a session of its own. */
function bitsAfter(model: Seq2Seq, steps: readonly number[], from = source): string[] {
  using session = model.sessionSync(from, batch)
  return steps.map((step) => bitsOf(session.stepSync(tokensAt(step))))
}

test('fork goes its own way, shares the sources, and outlives the session that it comes from', async () => {
  const model = make()
  const session = await model.session(source, batch)
  expect([session.batch, session.stateSize]).toEqual([BATCH, STATE_SIZE])
  session.stepSync(tokensAt(0))
  const forks = [session.forkSync(), await session.fork()]
  expect(bitsOf(session.stepSync(tokensAt(1)))).toBe(bitsAfter(model, [0, 1])[1])
  session.dispose()
  const message = 'session: expected one in use, got one that was disposed'
  expectGruError(() => session.stepSync(tokensAt(0)), 'ERR_GRU_DISPOSED', message)
  for (const fork of forks) {
    expect(fork).toBeInstanceOf(session.constructor)
    expect(bitsOf(fork.stepSync(tokensAt(2)))).toBe(bitsAfter(model, [0, 2])[1])
    fork.reset()
    expect(bitsOf(await fork.step(tokensAt(3)))).toBe(bitsAfter(model, [3])[0])
  }
})

test('calls that do not wait for one another keep their order, also among forks', async () => {
  const model = make()
  const session = await model.session(source, batch)
  const input = tokensAt(0)
  const first = session.step(input)
  input.fill(5)
  const fork = session.fork()
  const steps = [session.step(tokensAt(1)), session.step(tokensAt(2))]
  session.reset()
  steps.push(session.step(tokensAt(4)))
  const forked = (await fork).step(tokensAt(3))
  const got = (await Promise.all([first, ...steps, forked])).map(bitsOf)
  const wanted = [[0, 1, 2], [4], [0, 3]].flatMap((path) => bitsAfter(model, path))
  expect(got).toEqual([...wanted.slice(0, 4), wanted[5]])
})

test('many forks that step at the same time have the bits of each alone', async () => {
  const model = make()
  const session = await model.session(source, batch)
  const forks = await Promise.all(Array.from({ length: 20 }, () => session.fork()))
  const paths = forks.map((_, i) => [i % 6, (i * 5) % 6, (i * 7 + 1) % 6])
  const got = await Promise.all(
    forks.flatMap((fork, i) => paths[i]!.map((step) => fork.step(tokensAt(step)))),
  )
  expect(got.map(bitsOf)).toEqual(paths.flatMap((steps) => bitsAfter(model, steps)))
})

test('the state moves to a session of the same sources, also of a model that was saved and loaded', async () => {
  const model = make()
  const session = await model.session(source, batch)
  expect(session.getStateSync()).toHaveLength(BATCH * STATE_SIZE)
  for (const step of [0, 1]) session.stepSync(tokensAt(step))
  const state = await session.getState()
  const wanted = bitsAfter(model, [0, 1, 2])[2]
  const other = model.sessionSync(source, batch)
  await other.setState(state)
  expect(bitsOf(other.stepSync(tokensAt(2)))).toBe(wanted)
  const file = inFolder('model.safetensors')
  await model.save(file)
  using loaded = await Seq2Seq.load(file)
  const moved = await loaded.session(source, batch)
  moved.setStateSync(state)
  expect(bitsOf(moved.stepSync(tokensAt(2)))).toBe(wanted)
})

test('training changes the steps, and not what was read of the sources', async () => {
  const [model, untrained] = [make(), make()]
  const opened = await model.session(source, batch)
  const trainer = new Trainer(model, { optimizer: { kind: 'sgd', learningRate: 0.5 } })
  const data = {
    inputs: { source, target: Int32Array.of(0, 0, 2, 3) },
    targets: { head: Int32Array.of(2, 3, 1, 1) },
    ...{ batch: BATCH, lengths: { source: batch.lengths } },
  }
  await trainer.step(data)
  // A model with the old encoder and bridge, and the old keys of attention, but the new decoder.
  const { attention, ...trained } = Object.fromEntries(
    Object.entries(model.getParameters()).map(([name, values]) => [
      name === 'attention.key.weight' ? 'attention' : name,
      values,
    ]),
  )
  expect(attention).toBeDefined()
  const isOfTarget = (name: string): boolean =>
    /^(targetVector|decoder|attention|combine|head)\./.test(name)
  untrained.setParameters(
    Object.fromEntries(Object.entries(trained).filter(([name]) => isOfTarget(name))),
  )
  const got = [0, 1].map((step) => bitsOf(opened.stepSync(tokensAt(step))))
  expect(got).toEqual(bitsAfter(untrained, [0, 1]))
  expect(got).not.toEqual(bitsAfter(model, [0, 1]))
  trainer.dispose()
})

describe('a call that does not succeed', () => {
  const reason = new Error('no longer wanted')

  test('leaves the state as it was if its signal is aborted', async () => {
    const model = make()
    const session = await model.session(source, batch)
    session.stepSync(tokensAt(0))
    const signal = AbortSignal.abort(reason)
    await expect(session.step(tokensAt(1), { signal })).rejects.toBe(reason)
    await expect(model.session(source, { ...batch, signal })).rejects.toBe(reason)
    const controller = new AbortController()
    const waiting = [
      model.session(source, { ...batch, signal: controller.signal }),
      session.step(tokensAt(1), { signal: controller.signal }),
    ]
    controller.abort(reason)
    // One that has begun may end before it looks at the signal.
    const results = await Promise.allSettled(waiting)
    const reasons = results.map((result) =>
      result.status === 'rejected' ? (result.reason as unknown) : reason,
    )
    expect(reasons).toEqual([reason, reason])
  })

  test.each([
    [Int32Array.of(0), 'ERR_GRU_SHAPE', 'input: expected steps*batch = 2 values, got 1 value'],
    [new Float32Array(2), 'ERR_GRU_TYPE', /^input: expected an Int32Array/],
    [Int32Array.of(0, 6), 'ERR_GRU_VALUE', 'input[1]: expected an integer from 0 to 5, got 6'],
  ] as const)('names the tokens: %#', async (wrong, code, message) => {
    const model = make()
    const session = model.sessionSync(source, batch)
    session.stepSync(tokensAt(0))
    const tokens = wrong as Int32Array
    expectGruError(() => session.stepSync(tokens), code, message)
    await expectGruRejection(session.step(tokens), code, message)
    expect(bitsOf(session.stepSync(tokensAt(1)))).toBe(bitsAfter(model, [0, 1])[1])
  })

  test('names the sources', async () => {
    const model = make()
    const wrong = Int32Array.of(2, 3, 7, 0, 5, 0)
    const message = 'source[2]: expected an integer from 0 to 6, got 7'
    expectGruError(() => model.sessionSync(wrong, batch), 'ERR_GRU_VALUE', message)
    await expectGruRejection(model.session(wrong, batch), 'ERR_GRU_VALUE', message)
    const sizes = { batch: 4 }
    await expectGruRejection(model.session(source, sizes), 'ERR_GRU_SHAPE', /^source: /)
    const beams = { beams: 2 } as object
    await expectGruRejection(model.session(source, beams), 'ERR_GRU_VALUE', /^options: .*"beams"/)
  })

  test('refuses what was disposed of, and synchronous calls beside promises', async () => {
    const model = make()
    const pending = model.session(source, batch)
    const remedy = /pending model\.session; await it, or call model\.session, which waits/
    expectGruError(() => model.sessionSync(source, batch), 'ERR_GRU_BUSY', remedy)
    const session = await pending
    model.dispose()
    expectGruError(() => session.stepSync(tokensAt(0)), 'ERR_GRU_DISPOSED', /^model: /)
    await expectGruRejection(model.session(source, batch), 'ERR_GRU_DISPOSED', /^model: /)
  })
})
