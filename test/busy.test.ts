import { types } from 'node:util'
import { Dataset, GRU, type GruPass, SequenceModel, Trainer } from '../lib'
import { expectGruError, expectGruRejection } from './support/errors'
import { dOutput, input, options } from './support/gru'
import { temporaryFolder } from './support/temporary-folder'

const inFolder = temporaryFolder()
const batch = { input: new Float32Array(6), target: new Float32Array(3), batch: 3 }

const inputs = { input: batch.input, batch: 3 }
const oneStep = new Float32Array(1)
/** So many sequences that their step is not done at once. */
const CROWD = 200_000
const oneState = new Float32Array(2)

/** A trainer with gradients that wait for an update. */
function makeGathering(model: SequenceModel): Trainer {
  const trainer = new Trainer(model, { optimizer: { kind: 'sgd' } })
  trainer.forwardSync(inputs).backwardSync(new Float32Array(3))
  return trainer
}

/** A layer, one of its passes, a model, a session of it and its trainers, with nothing pending. */
function make() {
  const gru = new GRU(options)
  const pass = gru.forwardTrainingSync(input, { batch: 2 })
  const model = new SequenceModel({
    input: { features: 1 },
    gru: { hiddenSize: 2 },
    output: { size: 1, loss: 'meanSquaredError', every: 'last' },
  })
  const trainer = new Trainer(model, { optimizer: { kind: 'sgd' }, average: { decay: 0.9 } })
  const gathering = [makeGathering(model), makeGathering(model)] as const
  const session = model.session()
  const crowd = model.session({ batch: CROWD })
  return { gru, pass, model, trainer, gathering, session, crowd }
}
type Made = ReturnType<typeof make>
type Call = (made: Made) => unknown

const data = new Dataset([{ input: new Float32Array(2), target: new Float32Array(1) }])
const waits = (form: string): string => `await it, or call ${form}, which waits for its turn`

/** Calls that are refused while a promise is pending, and the advice of their messages. */
const refused: Record<string, [call: Call, remedy: string]> = {
  'gru.forwardSync': [({ gru }) => gru.forwardSync(input, { batch: 2 }), waits('gru.forward')],
  'gru.forwardTrainingSync': [
    ({ gru }) => gru.forwardTrainingSync(input, { batch: 2 }),
    waits('gru.forwardTraining'),
  ],
  'gru.getParameters': [({ gru }) => gru.getParameters(), waits('gru.readParameters')],
  'gru.setParameters': [
    ({ gru }) => {
      gru.setParameters(someOfLayer)
    },
    waits('gru.writeParameters'),
  ],
  'gru.trimSync': [
    ({ gru }) => {
      gru.trimSync()
    },
    waits('gru.trim'),
  ],
  'pass.backwardSync': [
    ({ pass }) => pass.backwardSync({ output: dOutput }),
    waits('pass.backward'),
  ],
  'model.predictSync': [
    ({ model }) => model.predictSync(batch.input, { batch: 3 }),
    waits('model.predict'),
  ],
  'model.getParameters': [({ model }) => model.getParameters(), waits('model.readParameters')],
  'model.setParameters': [
    ({ model }) => {
      model.setParameters(parametersOfModel)
    },
    waits('model.writeParameters'),
  ],
  'model.trimSync': [
    ({ model }) => {
      model.trimSync()
    },
    waits('model.trim'),
  ],
  'session.stepSync': [({ session }) => session.stepSync(oneStep), waits('session.step')],
  'session.forkSync': [({ session }) => session.forkSync(), waits('session.fork')],
  'session.getStateSync': [({ session }) => session.getStateSync(), waits('session.getState')],
  'session.setStateSync': [
    ({ session }) => {
      session.setStateSync(oneState)
    },
    waits('session.setState'),
  ],
  'trainer.stepSync': [({ trainer }) => trainer.stepSync(batch), waits('trainer.step')],
  'trainer.forwardSync': [({ trainer }) => trainer.forwardSync(inputs), waits('trainer.forward')],
  'trainer.updateSync': [({ gathering }) => gathering[0].updateSync(), waits('trainer.update')],
  'trainer.discardSync': [
    ({ trainer }) => {
      trainer.discardSync()
    },
    waits('trainer.discard'),
  ],
  'trainer.trimSync': [
    ({ trainer }) => {
      trainer.trimSync()
    },
    waits('trainer.trim'),
  ],
  'trainer.resetState': [
    ({ trainer }) => {
      trainer.resetState()
    },
    'await it first',
  ],
  'trainer.resetEvaluationState': [
    ({ trainer }) => {
      trainer.resetEvaluationState()
    },
    'await it first',
  ],
  'trainer.getAverage': [({ trainer }) => trainer.getAverage(), waits('trainer.readAverage')],
  'new Trainer': [
    ({ model }) => new Trainer(model, { optimizer: { kind: 'sgd' } }),
    'await it first',
  ],
}
const parametersOfModel = make().model.getParameters()
const someOfLayer = { bias_ih_l0: new Float32Array(12) }

/** Calls that wait until it is their turn. */
const waiting: Record<string, Call> = {
  'gru.forward': ({ gru }) => gru.forward(input, { batch: 2 }),
  'gru.forwardTraining': ({ gru }) => gru.forwardTraining(input, { batch: 2 }),
  'gru.readParameters': ({ gru }) => gru.readParameters(),
  'gru.writeParameters': ({ gru }) => gru.writeParameters(someOfLayer),
  'gru.trim': ({ gru }) => gru.trim(),
  'pass.backward': ({ pass }) => pass.backward({ output: dOutput }),
  'model.predict': ({ model }) => model.predict(batch.input, { batch: 3 }),
  'model.trim': ({ model }) => model.trim(),
  'model.readParameters': ({ model }) => model.readParameters(),
  'model.writeParameters': ({ model }) => model.writeParameters(parametersOfModel),
  'model.save': ({ model }) => model.save(inFolder('model.safetensors')),
  'model.toBytes': ({ model }) => model.toBytes(),
  'session.step': ({ crowd }) => crowd.step(new Float32Array(CROWD)),
  'session.fork': ({ session }) => session.fork(),
  'session.getState': ({ session }) => session.getState(),
  'session.setState': ({ session }) => session.setState(oneState),
  'trainer.step': ({ trainer }) => trainer.step(batch),
  'trainer.evaluate': ({ trainer }) => trainer.evaluate(batch),
  'trainer.readAverage': ({ trainer }) => trainer.readAverage(),
  'trainer.evaluateAverage': ({ trainer }) => trainer.evaluateAverage(batch),
  'trainer.forward': ({ trainer }) => trainer.forward(inputs),
  'trainer.update': ({ gathering }) => gathering[1].update(),
  'trainer.discard': ({ trainer }) => trainer.discard(),
  'trainer.trim': ({ trainer }) => trainer.trim(),
  'trainer.save': ({ trainer }) => trainer.save(inFolder('trainer.safetensors')),
  'trainer.fit': ({ trainer }) => trainer.fit(data, { epochs: 1 }).next(),
}
/** Calls that depend on nothing that is pending. */
const independent = [
  ...['gru.dispose', 'pass.dispose', 'model.dispose', 'trainer.dispose'],
  ...['model.zeroStates', 'model.summary', 'model.session'],
  ...['session.dispose', 'session.reset'],
  ...['gru.memory', 'pass.memory', 'model.memory', 'trainer.memory', 'session.memory'],
]

const isOfLayer = (name: string): boolean => /^(gru|pass)\./.test(name)

/** Makes a call and expects a refusal, either immediately or from its promise. */
async function expectRefusal(call: () => unknown, message: string): Promise<void> {
  const calling = async (): Promise<void> => {
    await call()
  }
  await expectGruRejection(calling(), 'ERR_GRU_BUSY', message)
}

describe.each(Object.entries(refused))('%s', (name, [call, remedy]) => {
  const pending = Object.entries(waiting).filter(([other]) => isOfLayer(other) === isOfLayer(name))

  test.each(pending)('says that %s is pending, and what to do', async (other, start) => {
    const made = make()
    const promise = start(made)
    // fit waits for a step. A pass that backward has taken cannot be busy any more.
    if (name === 'pass.backwardSync' && other === 'pass.backward') {
      expectGruError(() => call(made), 'ERR_GRU_DISPOSED', /^pass: /)
      await promise
      return
    }
    const told = other === 'trainer.fit' ? 'trainer.step' : other
    const owner = isOfLayer(name) ? 'gru' : 'model'
    // A generator begins its step in a later turn of the microtasks.
    if (other === 'trainer.fit') await nextTurns()
    await expectRefusal(
      () => call(made),
      `${name}: expected no promise of the same ${owner} to be pending, got pending ${told}; ${remedy}`,
    )
    await promise
    // Backward needs the parameters of its forward call.
    if (name === 'pass.backwardSync' && other === 'gru.writeParameters') {
      expectGruError(() => call(made), 'ERR_GRU_VALUE', /^pass: /)
    } else {
      await call(made)
    }
  })
})

async function nextTurns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

test('a session is made, reset and disposed of while promises are pending', async () => {
  const { model, session } = make()
  const pending = model.predict(batch.input, { batch: 3 })
  model.session().dispose()
  session.reset()
  session.dispose()
  expect(await pending).toHaveLength(3)
})

test('several pending calls are all named', async () => {
  const { model, trainer } = make()
  const promises = [
    trainer.step(batch),
    model.predict(batch.input, { batch: 3 }),
    trainer.step(batch),
  ]
  expectGruError(
    () => model.getParameters(),
    'ERR_GRU_BUSY',
    /got pending model\.predict and trainer\.step; await/,
  )
  await Promise.all(promises)
})

/** The names of an object's methods, including those of its base classes. */
function methodsOf(object: object): string[] {
  const prototype: unknown = Object.getPrototypeOf(object)
  if (prototype === Object.prototype || types.isProxy(prototype)) return []
  const own = Object.entries(Object.getOwnPropertyDescriptors(prototype as GruPass))
    .filter(([key, { value }]) => typeof value === 'function' && key !== 'constructor')
    .map(([key]) => key)
  return [...own, ...methodsOf(prototype as object)]
}

test('these are all calls that there are', () => {
  const { gru, pass, model, trainer, session }: Record<string, object> = make()
  const found = Object.entries({ gru, pass, model, trainer, session }).flatMap(([name, object]) =>
    methodsOf(object).map((key) => `${name}.${key}`),
  )
  const known = [...Object.keys(refused), ...Object.keys(waiting), ...independent]
  expect(found.sort()).toEqual(known.filter((name) => name !== 'new Trainer').sort())
})
