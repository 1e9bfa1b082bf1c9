/**
 * The example service under load: another model's file, and the end.
 */
import { renameSync, writeFileSync } from 'node:fs'
import type { SequenceModel, SequenceModelOptions } from '../../lib'
import { randomSource, uniform } from '../support/numbers'
import {
  bodyOf,
  endServices,
  metricsOf,
  post,
  type Service,
  startService,
} from '../support/service'
import { FEATURES, savedModel, SLOW } from '../support/served-models'
import { temporaryFolder } from '../support/temporary-folder'
import { SocketClient } from '../support/web-socket'

const inFolder = temporaryFolder()
const random = randomSource(32)
const CALLERS = 8

afterAll(endServices)

/** Replaces a file as a deployment does: whole, in one moment. */
async function replaceFile(file: string, options: SequenceModelOptions): Promise<SequenceModel> {
  const model = await savedModel(`${file}.next`, options)
  renameSync(`${file}.next`, file)
  return model
}

async function untilMetric(service: Service, name: string, value: number): Promise<void> {
  while ((await metricsOf(service)).get(name) !== value)
    await new Promise((resolve) => setTimeout(resolve, 20))
}

const reloads = (result: string): string => `gru_model_reloads_total{result="${result}"}`

test('a new file replaces the model under load, and no request fails', async () => {
  const file = inFolder('replaced.safetensors')
  const input = uniform(random, 2 * 5)
  const models = [await savedModel(file, { ...FEATURES, seed: 1 })]
  const service = await startService(file)
  const statuses = new Set<number>()
  const answers: string[] = []
  let isDone = false
  const caller = async (): Promise<void> => {
    while (!isDone) {
      const { status, body } = await post(service, bodyOf(input))
      statuses.add(status)
      const answer = JSON.stringify(body['predictions'])
      if (!answers.includes(answer)) answers.push(answer)
    }
  }
  const callers = Array.from({ length: CALLERS }, caller)
  for (const seed of [2, 3]) {
    models.push(await replaceFile(file, { ...FEATURES, seed }))
    await untilMetric(service, reloads('completed'), seed - 1)
    await post(service, bodyOf(input))
  }
  isDone = true
  await Promise.all(callers)
  expect([...statuses]).toEqual([200])
  const expected = models.map((model) => JSON.stringify(Array.from(model.predictSync(input))))
  expect(answers).toEqual(expected)
})

test('a stream goes on with the new model and its own states', async () => {
  const file = inFolder('streamed.safetensors')
  const inputs = Array.from({ length: 4 }, () => uniform(random, 2))
  const first = await savedModel(file, { ...FEATURES, seed: 1 })
  const service = await startService(file)
  const socket = await SocketClient.open(`${service.url}/stream`)
  const ask = (step: number): Promise<unknown> => socket.ask({ input: Array.from(inputs[step]!) })
  const answerOf = (step: number, predictions: Float32Array): unknown => ({
    step: step + 1,
    predictions: Array.from(predictions),
  })
  using session = first.session()
  expect(await ask(0)).toEqual(answerOf(0, session.stepSync(inputs[0]!)))

  const second = await replaceFile(file, { ...FEATURES, seed: 2 })
  await untilMetric(service, reloads('completed'), 1)
  using moved = second.session()
  await moved.setState(await session.getState())
  expect(await ask(1)).toEqual(answerOf(1, moved.stepSync(inputs[1]!)))

  // States of other layers mean nothing to this session: it keeps its model, and a new stream has the new one.
  const wider = await replaceFile(file, { ...FEATURES, gru: { hiddenSize: 20 }, seed: 3 })
  await untilMetric(service, reloads('completed'), 2)
  expect(await ask(2)).toEqual(answerOf(2, moved.stepSync(inputs[2]!)))
  const later = await SocketClient.open(`${service.url}/stream`)
  using fresh = wider.session()
  const answer = await later.ask({ input: Array.from(inputs[0]!) })
  expect(answer).toEqual(answerOf(0, fresh.stepSync(inputs[0]!)))

  expect(await ask(3)).toEqual(answerOf(3, moved.stepSync(inputs[3]!)))
  socket.close()
  later.close()
  await untilMetric(service, 'gru_sessions', 0)
})

test('a file that cannot be used leaves the model, and SIGHUP loads a good one', async () => {
  const file = inFolder('damaged.safetensors')
  const input = uniform(random, 2 * 3)
  const model = await savedModel(file, { ...FEATURES, seed: 1 })
  const service = await startService(file)
  const answer = async (): Promise<unknown> => (await post(service, bodyOf(input))).body
  const expected = { predictions: Array.from(await model.predict(input)) }
  writeFileSync(file, 'no model')
  await untilMetric(service, reloads('failed'), 1)
  expect(await answer()).toEqual(expected)
  await replaceFile(file, { ...FEATURES, input: { features: 3 }, seed: 1 })
  await untilMetric(service, reloads('failed'), 2)
  expect(await answer()).toEqual(expected)
  expect(service.log()).toContain('ERR_GRU_FORMAT')
  await model.save(file)
  service.kill('SIGHUP')
  await untilMetric(service, reloads('completed'), 1)
  expect(await answer()).toEqual(expected)
})

test('SIGTERM under load: the service says that it ends, and no request fails', async () => {
  const file = inFolder('drained.safetensors')
  const input = uniform(random, 2 * 5)
  const model = await savedModel(file, { ...FEATURES, seed: 1 })
  const service = await startService(file)
  const answers = new Set<string>()
  let answered = 0
  /** Calls until an answer says that its connection ends. */
  const caller = async (): Promise<void> => {
    for (let isOpen = true; isOpen;) {
      const { status, headers, body } = await post(service, bodyOf(input))
      answers.add(JSON.stringify([status, body['predictions']]))
      answered++
      isOpen = headers.get('connection') !== 'close'
    }
  }
  const callers = Array.from({ length: CALLERS }, caller)
  while (answered < 10 * CALLERS) await new Promise((resolve) => setImmediate(resolve))
  service.kill('SIGTERM')
  await Promise.all(callers)
  // Whoever has not heard of it is still answered.
  const health = await fetch(`${service.url}/health`)
  expect([health.status, await health.json()]).toEqual([503, { live: true, ready: false }])
  await caller()
  expect(await service.exit).toEqual([0, null])
  expect([...answers]).toEqual([JSON.stringify([200, Array.from(await model.predict(input))])])
})

test('SIGTERM with a full queue: all that was accepted is answered', async () => {
  const file = inFolder('ended.safetensors')
  const input = uniform(random, 2 * 3000)
  const model = await savedModel(file, { ...SLOW, seed: 1 })
  const service = await startService(file, {
    GRU_SERVICE_DRAIN: '0',
    GRU_SERVICE_MAX_BATCH: '2',
    GRU_SERVICE_DEADLINE: '30000',
  })
  const socket = await SocketClient.open(`${service.url}/stream`)
  const requests = Array.from({ length: 6 }, () => post(service, bodyOf(input)))
  const accepted = async (): Promise<number> => {
    const metrics = await metricsOf(service)
    return ['queued', 'computing', 'requests_total{result="completed"}']
      .map((name) => metrics.get(`gru_batcher_${name}`)!)
      .reduce((a, b) => a + b)
  }
  while ((await accepted()) < 6);
  const step = socket.ask({ input: [1, 2] })
  while ((await accepted()) < 7);
  service.kill('SIGTERM')
  const expected = { predictions: Array.from(await model.predict(input)) }
  for (const { status, body } of await Promise.all(requests))
    expect([status, body]).toEqual([200, expected])
  const first = await model.predict(Float32Array.of(1, 2))
  expect(await step).toEqual({ step: 1, predictions: Array.from(first) })
  expect(await socket.closed).toEqual([1001, 'the service ends'])
  expect(await service.exit).toEqual([0, null])
  expect(service.log()).toContain('closed')
})
