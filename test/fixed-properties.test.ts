import { inspect } from 'node:util'
import { runInThisContext } from 'node:vm'
import {
  Batcher,
  Dataset,
  GRU,
  LSTM,
  Model,
  Schedule,
  Seq2Seq,
  SequenceModel,
  Trainer,
} from '../lib'
import { expectGruError } from './support/errors'
import { input, options } from './support/gru'

const features = { features: 1 }
const output = { size: 1, loss: 'meanSquaredError', every: 'last' } as const
const sequence = { input: new Float32Array(2), target: new Float32Array(1) }

/** An object of each class, and the reason in its messages. */
const makers: Record<string, [make: () => object, reason: string]> = {
  GRU: [() => new GRU(options), 'options are given to new GRU'],
  LSTM: [() => new LSTM(options), 'options are given to new LSTM'],
  SequenceModel: [() => makeModel(), 'options are given to new SequenceModel'],
  Trainer: [() => makeTrainer(), 'options are given to new Trainer'],
  Batcher: [() => new Batcher(makeModel()), 'options are given to new Batcher'],
  Dataset: [() => new Dataset([sequence]), 'sequences are given to new Dataset'],
  Schedule: [() => new Schedule({ kind: 'constant' }), 'options are given to new Schedule'],
  GruPass: [() => makePass(GRU), 'a pass is what forwardTraining made it'],
  LstmPass: [() => makePass(LSTM), 'a pass is what forwardTraining made it'],
  TrainingPass: [
    () => makeTrainer().forwardSync({ input: sequence.input }),
    'a pass is what trainer.forward made it',
  ],
  SequenceSession: [() => makeModel().session(), 'a session is what model.session made it'],
  ModelSession: [() => makeGraph().session(), 'a session is what model.session made it'],
  DecoderSession: [
    () => makeTranslator().sessionSync(Int32Array.of(1)),
    'a session is what model.session made it',
  ],
}
const makeModel = (): SequenceModel =>
  new SequenceModel({ input: features, gru: { hiddenSize: 2 }, output })
const makeGraph = (): Model =>
  new Model({
    inputs: { x: features },
    layers: { memory: { type: 'gru', input: 'x', hiddenSize: 2 } },
    outputs: { memory: { loss: 'meanSquaredError' } },
  })
const makeTranslator = (): Seq2Seq =>
  new Seq2Seq({
    source: { tokens: 3, embeddingSize: 2 },
    target: { tokens: 3, embeddingSize: 2, begin: 0, end: 1 },
    encoder: { hiddenSize: 2 },
    decoder: { hiddenSize: 2 },
  })
const makeTrainer = (): Trainer => new Trainer(makeModel(), { optimizer: { kind: 'sgd' } })
const makePass = (Layer: typeof GRU | typeof LSTM) =>
  new Layer(options).forwardTrainingSync(input, { batch: 2 })

/** The assignment in sloppy mode, which test files do not use. */
const assignSloppily = runInThisContext(
  '(function (object, key, value) { object[key] = value })',
) as (object: object, key: string, value: unknown) => void

const accessors: Record<string, readonly string[]> = {
  GRU: ['options', 'device', 'parameterCount'],
  LSTM: ['options', 'device', 'parameterCount'],
  SequenceModel: ['options', 'device', 'parameterCount', 'metadata'],
  Trainer: ['model', 'options', 'skippedSteps'],
  Batcher: ['statistics'],
  Dataset: ['sequences', 'size'],
  Schedule: ['options', 'state'],
  GruPass: ['output', 'state'],
  LstmPass: ['output', 'state', 'cell'],
  TrainingPass: ['predictions'],
  SequenceSession: ['batch', 'stateSize'],
  ModelSession: ['batch', 'stateSize'],
  DecoderSession: ['batch', 'stateSize'],
}

describe.each(Object.entries(makers))('a %s', (name, [make, reason]) => {
  const refusal = (key: string): string =>
    `${name}.${key}: expected no assignment (${reason}), got 0.1`

  test.each(['learningRate', 'lr', 'dropout', 'constructr', ...accessors[name]!])(
    'refuses to have its %s set',
    (key) => {
      const object = make()
      const assign = (): void => {
        ;(object as Record<string, unknown>)[key] = 0.1
      }
      expectGruError(assign, 'ERR_GRU_VALUE', refusal(key))
      expectGruError(() => Object.assign(object, { [key]: 0.1 }), 'ERR_GRU_VALUE', refusal(key))
      const sloppy = (): void => {
        assignSloppily(object, key, 0.1)
      }
      expectGruError(sloppy, 'ERR_GRU_VALUE', refusal(key))
    },
  )

  test('has no other accessors, and no properties of its own', () => {
    const object = make()
    const prototype = Object.getPrototypeOf(object) as object
    const found = Object.entries(Object.getOwnPropertyDescriptors(prototype))
      .filter(([, property]) => !('value' in property))
      .map(([key]) => key)
    expect(new Set(found)).toEqual(new Set(accessors[name]))
    expect(Reflect.ownKeys(object)).toEqual([])
  })

  test('is printed with what it tells', () => {
    const text = inspect(make())
    expect(text).toMatch(new RegExp(`^${name} {`))
    for (const key of accessors[name]!) expect(text).toContain(`${key}: `)
    // No accessor is called: a prototype has no values to show.
    expect(inspect(Object.getPrototypeOf(make()))).toMatch(
      /^((BaseModel|Recurrent(Layer|Pass)|(Single)?Session) )?{}$/,
    )
  })

  test('still has what every object has', () => {
    const object = make()
    // eslint-disable-next-line @typescript-eslint/no-base-to-string -- what is tested
    expect(String(object)).toBe('[object Object]')
    expect(object instanceof Object).toBe(true)
    expect((object as { missing?: unknown }).missing).toBeUndefined()
    expect('missing' in object).toBe(false)
  })
})

test('methods may be replaced, as tests do', () => {
  const trainer = makeTrainer()
  const spy = jest
    .spyOn(trainer, 'stepSync')
    .mockReturnValue({ loss: 1, gradNorm: 2, skipped: false })
  expect(trainer.stepSync({ input: new Float32Array(2), target: new Float32Array(1) }).loss).toBe(1)
  spy.mockRestore()
  expect(
    trainer.stepSync({ input: new Float32Array(2), target: new Float32Array(1) }).loss,
  ).not.toBe(1)
})

test('derived classes may have fields and assign them', () => {
  class Named extends GRU {
    readonly declared = 1
    declare assigned?: number
  }
  const named = new Named(options)
  named.assigned = 2
  expect([named.declared, named.assigned, named.options.hiddenSize]).toEqual([1, 2, 4])
  const assign = (): void => {
    Object.assign(named, { device: 'cpu' })
  }
  expectGruError(assign, 'ERR_GRU_VALUE', /^GRU\.device: expected no assignment/)
})

test('results are plain objects, which callers may change', () => {
  const result = new GRU(options).forwardSync(input, { batch: 2 })
  const changed = Object.assign(result, { output: new Float32Array(1), note: 'mine' })
  expect(changed).toMatchObject({ note: 'mine' })
  const metrics = makeTrainer().stepSync({
    input: new Float32Array(2),
    target: new Float32Array(1),
  })
  Object.assign(metrics, { loss: 0 })
  expect(metrics.loss).toBe(0)
})
