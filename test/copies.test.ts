import * as path from 'node:path'
import type * as Library from '../lib'
import { libraryProcess } from './support/library-process'
import { temporaryFolder } from './support/temporary-folder'

// The package is loaded twice, as test runners and package managers do: jest's registry of modules is emptied between
// the two loads, and a separate process loads it from two folders.

const inFolder = temporaryFolder()

function loadCopy(): typeof Library {
  let copy: typeof Library | undefined
  jest.isolateModules(() => {
    copy = jest.requireActual<typeof Library>('../lib')
  })
  return copy!
}

const copies = [loadCopy(), loadCopy()] as const

// All native parts are loaded before any is used.
beforeAll(() => {
  for (const copy of copies) copy.runtime()
})

const modelOptions = {
  input: { tokens: 5, embeddingSize: 3 },
  gru: { hiddenSize: 4 },
  output: { size: 5, loss: 'crossEntropy' },
} as const
const trainerOptions = { optimizer: { kind: 'sgd', learningRate: 0 } } as const
const batch = { input: Int32Array.of(1, 2), target: Int32Array.of(3, 4) }

async function failureOf(call: () => unknown): Promise<Error> {
  try {
    await call()
  } catch (error) {
    return error as Error
  }
  throw new Error('did not fail')
}

test.each([
  ['first', copies[0], copies[1]],
  ['second', copies[1], copies[0]],
])('errors of the %s copy are of its own class', async (_, copy, other) => {
  expect(copy.GruError).not.toBe(other.GruError)
  const model = new copy.SequenceModel(modelOptions)
  const trainer = new copy.Trainer(model, trainerOptions)
  const wrong = { ...batch, input: Int32Array.of(1, 7) }
  const target = { ...batch, target: Int32Array.of(1, 7) }
  const disposed = new copy.GRU({ inputSize: 3, hiddenSize: 4 })
  const pass = await disposed.forwardTraining(new Float32Array(3))
  disposed.dispose()
  const calls: (() => unknown)[] = [
    () => new copy.GRU({ inputSize: 0, hiddenSize: 4 }),
    () => new copy.GRU({ inputSize: 3, hiddenSize: 4, device: 'nowhere' }),
    () => trainer.stepSync(wrong),
    () => trainer.step(wrong),
    () => trainer.evaluate(target),
    () => pass.backward({}),
    () => disposed.forwardSync(new Float32Array(3)),
    () => disposed.forward(new Float32Array(3)),
  ]
  for (const call of calls) {
    const error = await failureOf(call)
    expect(error).toBeInstanceOf(copy.GruError)
    expect(error).not.toBeInstanceOf(other.GruError)
  }
})

test('aborts reject with the reason of the signal in every copy', async () => {
  for (const copy of copies) {
    const model = new copy.SequenceModel({ ...modelOptions, gru: { hiddenSize: 192 } })
    const controller = new AbortController()
    const input = new Int32Array(20_000)
    const pending = model.predict(input, { signal: controller.signal })
    controller.abort(copy)
    await expect(pending).rejects.toBe(copy)
  }
})

test('objects of one copy are refused by the other, with the reason', async () => {
  const [first, second] = copies
  const folder = path.dirname(__dirname)
  const fault = `of another copy of gru-native (${folder} is loaded twice)`
  class Special extends first.SequenceModel {}
  for (const [model, name] of [
    [new first.SequenceModel(modelOptions), 'SequenceModel'],
    [new Special(modelOptions), 'Special'],
  ] as const) {
    const error = await failureOf(() => new second.Trainer(model, trainerOptions))
    expect(error).toBeInstanceOf(second.GruError)
    expect(error.message).toBe(
      `model: expected a Model, a SequenceModel or a Seq2Seq, got a ${name} ${fault}`,
    )
    new first.Trainer(model, trainerOptions)
  }

  const session = new first.SequenceModel(modelOptions).session()
  const batcher = new second.Batcher(new second.SequenceModel(modelOptions))
  const step = () => batcher.step(session, Int32Array.of(1))
  expect((await failureOf(step)).message).toBe(
    `session: expected a session that model.session returned, got a SequenceSession ${fault}`,
  )

  const data = new first.Dataset([batch])
  const trainer = new second.Trainer(new second.SequenceModel(modelOptions), trainerOptions)
  const got = `got a Dataset ${fault}`
  const fit = () => trainer.fit(data, { epochs: 1, batchSize: 1, shuffle: false })
  expect((await failureOf(fit)).message).toBe(
    `data: expected a Dataset or an iterable of batches, ${got}`,
  )
  const validate = () => trainer.fit([batch], { epochs: 1, batchSize: 1, validation: data })
  const anyData = 'a Dataset, an iterable of batches, or an object of such data by name'
  expect((await failureOf(validate)).message).toBe(`validation: expected ${anyData}, ${got}`)
})

test('two folders are both named', () => {
  const run = libraryProcess(inFolder('one/dist'))
  libraryProcess(inFolder('two/dist'))
  const { status, output } = run(`
    const other = require(${JSON.stringify(inFolder('two/dist/index.js'))})
    const model = new gru.SequenceModel(${JSON.stringify(modelOptions)})
    try {
      new other.Trainer(model, ${JSON.stringify(trainerOptions)})
    } catch (error) {
      console.log(error instanceof other.GruError, error instanceof gru.GruError, error.message)
    }
  `)
  expect({ status, output }).toEqual({
    status: 0,
    output:
      'true false model: expected a Model, a SequenceModel or a Seq2Seq, got a SequenceModel of another copy of gru-native ' +
      `(${inFolder('two')} and ${inFolder('one')} are loaded)\n`,
  })
})
