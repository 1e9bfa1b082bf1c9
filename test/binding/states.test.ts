import type { NativeInputBatch } from '../../binding'
import { addon, BATCH, chain, device, STATE, STEPS, TestError, tokens } from '../support/addon'

type Calls = readonly ((initial: unknown, final: unknown) => unknown)[]

/** Both forms of a prediction with states. */
function callsOf(outputs: Float32Array[]): Calls {
  const model = new addon.NativeModel(chain(), 1, device)
  const inputs: NativeInputBatch[] = [{ steps: STEPS, lengths: null, values: tokens }]
  return [
    (initial, final) => {
      model.predictSync(BATCH, inputs, outputs, initial as Float32Array[], final as Float32Array[])
    },
    (initial, final) =>
      model.predict(
        BATCH,
        inputs,
        outputs,
        null,
        initial as Float32Array[],
        final as Float32Array[],
      ),
  ]
}

const logits = (): Float32Array[] => [new Float32Array(STEPS * BATCH * 5)]
const state = (): Float32Array => new Float32Array(STATE).fill(0.5)

async function failureOf(call: () => unknown): Promise<unknown> {
  try {
    await call()
  } catch (error) {
    return error
  }
  return undefined
}

test('describeGraph lists the states of a graph', () => {
  expect(addon.describeGraph(chain()).states).toEqual([{ layer: 'gru', kind: 'state', size: 4 }])
})

test.each([
  ['ERR_GRU_VALUE', /^initialStates: expected an Array of 1, got an Array of 2$/, [null, null]],
  ['ERR_GRU_TYPE', /^initialStates: expected an Array/, 5],
  ['ERR_GRU_TYPE', /^initialStates\.gru\.state: expected a Float32Array/, [new Int32Array(STATE)]],
  [
    'ERR_GRU_SHAPE',
    /^initialStates\.gru\.state: expected numLayers\*D\*batch\*hiddenSize = 8 values, got 7 values$/,
    [new Float32Array(STATE - 1)],
  ],
  [
    'ERR_GRU_TYPE',
    /^initialStates\.gru\.state: expected/,
    [new Float32Array(new SharedArrayBuffer(4 * STATE))],
  ],
])('wrong states are refused with %s, %s', async (code, message, wrong) => {
  for (const call of callsOf(logits())) {
    const initial = await failureOf(() => call(wrong, undefined))
    const final = await failureOf(() => call(undefined, wrong))
    for (const error of [initial, final]) {
      expect(error).toBeInstanceOf(TestError)
      expect((error as TestError).code).toBe(code)
    }
    expect((initial as TestError).message).toMatch(message)
    expect(`initialS${(final as TestError).message.slice(1)}`).toMatch(message)
  }
})

test('lists may be left out, null or have null in them; one array may be both', async () => {
  const outputs = logits()
  for (const call of callsOf(outputs)) {
    const expected = state()
    await call([state()], [expected])
    expect(expected).not.toEqual(state())
    const both = state()
    await call([both], [both])
    expect(both).toEqual(expected)
    const untouched = outputs[0]!.slice()
    for (const none of [undefined, null, [null], []]) await call(none, none)
    expect(outputs[0]).not.toEqual(untouched)
  }
})

test('a state that is detached while a job runs fails it, and nothing is written', async () => {
  const outputs = logits()
  const final = state()
  const promise = callsOf(outputs)[1]!([state()], [final])
  structuredClone(final, { transfer: [final.buffer as ArrayBuffer] })
  const error = await failureOf(() => promise)
  expect((error as TestError).code).toBe('ERR_GRU_TYPE')
  expect((error as TestError).message).toMatch(/^states\.gru\.state: expected a Float32Array/)
  expect(outputs[0]!.every((value) => value === 0)).toBe(true)
})
