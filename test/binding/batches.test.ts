import type { NativeModel, NativeSession } from '../../binding'
import { addon, codeOf, createModel, device, errorOf } from '../support/addon'
import { detached, shared } from '../support/memory'

const WIDTH = 5

/** Sequences of 1, 3 and 2 tokens. */
const sequences = (): Int32Array[] => [[1], [2, 0, 4], [3, 3]].map((each) => Int32Array.from(each))
const outputs = (): Float32Array[] => [1, 3, 2].map((steps) => new Float32Array(steps * WIDTH))

/** The predictions of one sequence alone. */
function alone(model: NativeModel, values: Int32Array): Float32Array {
  const output = new Float32Array(values.length * WIDTH)
  model.predictSync(1, [{ steps: values.length, lengths: null, values }], [output])
  return output
}

/** A list whose element number `index` is read by a getter, which runs some code before. */
function withGetter<T>(list: T[], index: number, run: () => void): T[] {
  const element = list[index]
  const copy = [...list]
  Object.defineProperty(copy, index, {
    get() {
      run()
      return element
    },
  })
  return copy
}

describe('predictTogether', () => {
  test('predicts each sequence as it is alone', async () => {
    const model = createModel()
    const results = outputs()
    await model.predictTogether(sequences(), results, null)
    expect(results).toEqual(sequences().map((values) => alone(model, values)))
  })

  test.each<[string, string, unknown, unknown]>([
    ['ERR_GRU_TYPE', 'no list of inputs', null, outputs()],
    ['ERR_GRU_TYPE', 'no list of outputs', sequences(), {}],
    ['ERR_GRU_TYPE', 'a list that is no Array', { length: 1, 0: Int32Array.of(1) }, outputs()],
    ['ERR_GRU_VALUE', 'no sequence', [], []],
    ['ERR_GRU_VALUE', 'too few outputs', sequences(), outputs().slice(1)],
    ['ERR_GRU_VALUE', 'too few inputs', sequences().slice(1), outputs()],
    ['ERR_GRU_TYPE', 'too long a list', new Array(65537).fill(Int32Array.of(1)), outputs()],
    ['ERR_GRU_SHAPE', 'no step', [new Int32Array(0)], [new Float32Array(0)]],
    ['ERR_GRU_SHAPE', 'a small output', [Int32Array.of(1)], [new Float32Array(WIDTH - 1)]],
    ['ERR_GRU_SHAPE', 'a large output', [Int32Array.of(1)], [new Float32Array(WIDTH + 1)]],
    ['ERR_GRU_SHAPE', 'outputs of others', sequences(), outputs().reverse().slice(0, 3)],
    ['ERR_GRU_TYPE', 'features', [new Float32Array(1)], [new Float32Array(WIDTH)]],
    ['ERR_GRU_TYPE', 'an output of another type', [Int32Array.of(1)], [new Int32Array(WIDTH)]],
    ['ERR_GRU_TYPE', 'a shared input', [shared(Int32Array, 1)], [new Float32Array(WIDTH)]],
    ['ERR_GRU_TYPE', 'a detached output', [Int32Array.of(1)], [detached(Float32Array, WIDTH)]],
    ['ERR_GRU_TYPE', 'a hole', new Array(1), [new Float32Array(WIDTH)]],
    ['ERR_GRU_VALUE', 'a token that is too large', [Int32Array.of(5)], [new Float32Array(WIDTH)]],
  ])('refuses with %s: %s', async (code, _, inputs, results) => {
    const model = createModel()
    const call = (): Promise<void> => model.predictTogether(inputs as never, results as never, null)
    expect(await codeOf(call)).toBe(code)
    // The model still works.
    const again = outputs()
    await model.predictTogether(sequences(), again, null)
    expect(again[1]).toEqual(alone(model, sequences()[1]!))
  })

  test('refuses what is no abort flag', async () => {
    const call = (): Promise<void> =>
      createModel().predictTogether(sequences(), outputs(), {} as never)
    expect(await codeOf(call)).toBe('ERR_GRU_TYPE')
  })

  test('stops where the flag says so, and leaves the outputs', async () => {
    const flag = new addon.AbortFlag()
    flag.abort()
    const results = outputs()
    expect(await codeOf(() => createModel().predictTogether(sequences(), results, flag))).toBe(
      'ERR_GRU_ABORTED',
    )
    expect(results).toEqual(outputs())
  })

  test('reads lists whose getters dispose of the model, detach arrays or call it again', async () => {
    const model = createModel()
    const expected = sequences().map((values) => alone(model, values))
    const inner = outputs()
    let other: Promise<void> | undefined
    const results = outputs()
    const again = withGetter(sequences(), 1, () => {
      other = model.predictTogether(sequences(), inner, null)
    })
    await model.predictTogether(again, results, null)
    await other
    expect([results, inner]).toEqual([expected, expected])

    const taken = sequences()
    const detaching = withGetter(taken, 2, () => {
      structuredClone(taken[0], { transfer: [taken[0]!.buffer as ArrayBuffer] })
    })
    expect(await codeOf(() => model.predictTogether(detaching, outputs(), null))).toBe(
      'ERR_GRU_TYPE',
    )
    const disposing = withGetter(outputs(), 1, () => {
      model.dispose()
    })
    expect(await codeOf(() => model.predictTogether(sequences(), disposing, null))).toBe(
      'ERR_GRU_DISPOSED',
    )
  })
})

const open = (model: NativeModel, batch: number): NativeSession =>
  new addon.NativeSession(model, batch)

/** Sessions of 1, 2 and 1 sequences, and the tokens of a step of them. */
const openThree = (model: NativeModel): NativeSession[] =>
  [1, 2, 1].map((batch) => open(model, batch))
const step = Int32Array.of(1, 2, 0, 4)
const rows = (): Float32Array => new Float32Array(step.length * WIDTH)

/** Makes the model's next calls wait. */
function startLongCall(model: NativeModel): Promise<void> {
  const values = new Int32Array(20_000)
  const output = new Float32Array(values.length * WIDTH)
  return model.predict(1, [{ steps: values.length, lengths: null, values }], [output], null)
}

function statesOf(sessions: readonly NativeSession[]): Float32Array[] {
  return sessions.map((session) => {
    const state = new Float32Array(session.stateCount)
    session.readStatesSync(state)
    return state
  })
}

describe('stepSessions', () => {
  test('computes each session as it is alone', async () => {
    const model = createModel()
    const [sessions, others] = [openThree(model), openThree(model)]
    for (let i = 0; i < 3; i++) {
      const together = rows()
      await addon.stepSessions(sessions, [step], [together], null)
      for (const [j, first] of [0, 1, 3].entries()) {
        const end = first + [1, 2, 1][j]!
        const result = new Float32Array((end - first) * WIDTH)
        others[j]!.stepSync([step.slice(first, end)], [result])
        expect(together.slice(first * WIDTH, end * WIDTH)).toEqual(result)
      }
    }
    expect(statesOf(sessions)).toEqual(statesOf(others))
  })

  const three = openThree(createModel())
  test.each<[string, string, unknown, unknown, unknown]>([
    ['ERR_GRU_TYPE', 'no list', null, [step], [rows()]],
    ['ERR_GRU_VALUE', 'no session', [], [step], [rows()]],
    ['ERR_GRU_TYPE', 'what is no session', [createModel()], [step], [rows()]],
    ['ERR_GRU_TYPE', 'a hole', [three[0], undefined], [step], [rows()]],
    ['ERR_GRU_VALUE', 'no input', three, [], [rows()]],
    ['ERR_GRU_VALUE', 'two inputs', three, [step, step], [rows()]],
    ['ERR_GRU_VALUE', 'two outputs', three, [step], [rows(), rows()]],
    ['ERR_GRU_TYPE', 'no list of inputs', three, step, [rows()]],
    ['ERR_GRU_SHAPE', 'an input of too few rows', three, [step.slice(1)], [rows()]],
    ['ERR_GRU_SHAPE', 'an input of too many rows', three.slice(1), [step], [rows()]],
    ['ERR_GRU_SHAPE', 'an output of too few values', three, [step], [rows().slice(1)]],
    ['ERR_GRU_TYPE', 'features', three, [new Float32Array(4)], [rows()]],
    ['ERR_GRU_TYPE', 'a detached output', three, [step], [detached(Float32Array, rows().length)]],
    ['ERR_GRU_VALUE', 'a token that is too large', three, [Int32Array.of(1, 2, 5, 0)], [rows()]],
  ])('refuses with %s: %s', async (code, _, sessions, inputs, results) => {
    await addon.stepSessions(three, [step], [rows()], null)
    const before = statesOf(three)
    const call = (): Promise<void> =>
      addon.stepSessions(sessions as never, inputs as never, results as never, null)
    expect(await codeOf(call)).toBe(code)
    expect(statesOf(three)).toEqual(before)
  })

  test.each([
    ['different sessions, got one of them twice', [three[0]!, three[1]!, three[0]!]],
    [
      'sessions of one model, got one of another model',
      [...three.slice(1), open(createModel(), 1)],
    ],
  ])('expects %s', async (says, sessions) => {
    await addon.stepSessions(three, [step], [rows()], null)
    const before = statesOf(three)
    const error = await errorOf(() => addon.stepSessions(sessions, [step], [rows()], null))
    expect(error).toMatchObject({ code: 'ERR_GRU_VALUE', message: `sessions: expected ${says}` })
    expect(statesOf(three)).toEqual(before)
  })

  test('that is aborted leaves the states of all sessions', async () => {
    const sessions = openThree(createModel())
    const before = statesOf(sessions)
    const flag = new addon.AbortFlag()
    flag.abort()
    const call = (): Promise<void> => addon.stepSessions(sessions, [step], [rows()], flag)
    expect(await codeOf(call)).toBe('ERR_GRU_ABORTED')
    expect(statesOf(sessions)).toEqual(before)
  })

  test.each(['the model', 'a session'])('refuses when a getter disposes of %s', async (what) => {
    for (const place of [0, 1, 2]) {
      const model = createModel()
      const sessions = openThree(model)
      const dispose = (): void => {
        if (what === 'the model') model.dispose()
        else sessions[0]!.dispose()
      }
      const given: unknown[][] = [sessions, [step], [rows()]]
      given[place] = withGetter(given[place]!, given[place]!.length - 1, dispose)
      const [list, inputs, results] = given as never[]
      const call = (): Promise<void> => addon.stepSessions(list!, inputs!, results!, null)
      expect(await codeOf(call)).toBe('ERR_GRU_DISPOSED')
      if (what === 'the model') continue
      await addon.stepSessions(sessions.slice(1), [step.slice(1)], [rows().slice(WIDTH)], null)
    }
  })

  test('goes on when sessions and the model are disposed of while it waits', async () => {
    const model = createModel()
    const [sessions, others] = [openThree(model), openThree(model)]
    const [result, expected] = [rows(), rows()]
    await addon.stepSessions(others, [step], [expected], null)
    const before = startLongCall(model)
    const computed = addon.stepSessions(sessions, [step], [result], null)
    expect(result).toEqual(rows())
    sessions[1]!.dispose()
    model.dispose()
    await Promise.all([before, computed])
    expect(result).toEqual(expected)
  })

  test('computes a small step at once if no call is before it and the device is a CPU', async () => {
    const sessions = openThree(createModel())
    const done: boolean[] = []
    for (let i = 0; i < 2; i++) {
      const result = rows()
      const computed = addon.stepSessions(sessions, [step], [result], null)
      done.push(result.some((value) => value !== 0))
      await computed
    }
    // Some small steps go to a thread of the engine, but never two one after another.
    expect(done.includes(true)).toBe(device.name === 'cpu')
  })

  test('may be called by a getter of another call', async () => {
    const model = createModel()
    const [sessions, others] = [openThree(model), openThree(model)]
    const [inner, outer] = [rows(), rows()]
    let other: Promise<void> | undefined
    const results = withGetter([outer], 0, () => {
      other = addon.stepSessions(sessions, [step.slice().reverse()], [inner], null)
    })
    await addon.stepSessions(sessions, [step], results, null)
    await other
    for (const [given, got] of [
      [step.slice().reverse(), inner],
      [step, outer],
    ] as const) {
      const expected = rows()
      await addon.stepSessions(others, [given], [expected], null)
      expect(got).toEqual(expected)
    }
  })
})
