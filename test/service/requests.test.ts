/**
 * The requests and streams of the example service, in a process of its own.
 */
import { type SequenceModel } from '../../lib'
import { integers, randomSource, uniform } from '../support/numbers'
import {
  type Answer,
  bodyOf,
  endServices,
  metricsOf,
  post,
  type Service,
  startService,
} from '../support/service'
import { FEATURES, savedModel, SLOW, TOKENS } from '../support/served-models'
import { temporaryFolder } from '../support/temporary-folder'
import { SocketClient } from '../support/web-socket'

const inFolder = temporaryFolder()
const random = randomSource(31)

afterAll(endServices)

async function predictionsOf(model: SequenceModel, input: Float32Array | Int32Array) {
  return { predictions: Array.from(await model.predict(input)) }
}

const WRONG_MESSAGE = { error: 'expected {"input": [...]} as JSON', code: 'MESSAGE' }

const codesOf = (answers: readonly Answer[]): unknown[] =>
  answers.map(({ status, body }) => [status, body['code']])

describe('a model of features', () => {
  let model: SequenceModel
  let service: Service

  beforeAll(async () => {
    const file = inFolder('features.safetensors')
    model = await savedModel(file, { ...FEATURES, seed: 1 })
    service = await startService(file)
  })

  test('answers many callers with the bits of predict', async () => {
    const inputs = Array.from({ length: 40 }, (_, i) => uniform(random, 2 * (1 + (i % 9))))
    const answers = await Promise.all(inputs.map((input) => post(service, bodyOf(input))))
    const expected = await Promise.all(inputs.map((input) => predictionsOf(model, input)))
    expect(answers.map(({ body }) => body)).toEqual(expected)
  })

  test('refuses what is wrong in a request', async () => {
    const bodies = ['{"input":', '[1,2]', '{}', '{"input":[1,"2"]}', '{"input":[1,2],"batch":1}']
    const answers = await Promise.all([...bodies, bodyOf([1, 2, 3])].map((b) => post(service, b)))
    expect(codesOf(answers)).toEqual([
      [400, 'FST_ERR_CTP_INVALID_JSON_BODY'],
      ...Array.from({ length: 4 }, () => [400, 'FST_ERR_VALIDATION']),
      [400, 'ERR_GRU_SHAPE'],
    ])
    const long = await post(service, bodyOf(new Float32Array(2 ** 19)))
    expect(codesOf([long])).toEqual([[413, 'FST_ERR_CTP_BODY_TOO_LARGE']])
    const deadline = await post(service, bodyOf([1, 2]), { 'x-deadline-ms': 'soon' })
    expect(codesOf([deadline])).toEqual([[400, 'DEADLINE']])
  })

  test('streams to each socket the bits of its own sequence', async () => {
    const inputs = [1, 2, 3].map(() => uniform(random, 2 * 6))
    const sockets = await Promise.all(inputs.map(() => SocketClient.open(`${service.url}/stream`)))
    for (let step = 0; step < 6; step++) {
      const answers = await Promise.all(
        sockets.map((socket, i) =>
          socket.ask({ input: Array.from(inputs[i]!.subarray(2 * step, 2 * step + 2)) }),
        ),
      )
      for (const [i, answer] of answers.entries()) {
        const { predictions } = await predictionsOf(model, inputs[i]!.subarray(0, 2 * step + 2))
        expect(answer).toEqual({ step: step + 1, predictions: predictions.slice(-3) })
      }
      expect(await sockets[0]!.ask('no JSON')).toEqual(WRONG_MESSAGE)
      expect(await sockets[1]!.ask({ input: [1] })).toMatchObject({ code: 'ERR_GRU_SHAPE' })
    }
    for (const socket of sockets) socket.close()
  })

  test('answers the messages of a socket in their order, however many come at once', async () => {
    const input = uniform(random, 2 * 100)
    const socket = await SocketClient.open(`${service.url}/stream`)
    for (let at = 0; at < input.length; at += 2) {
      socket.send({ input: Array.from(input.subarray(at, at + 2)) })
      if (at % 20 === 0) socket.send('no JSON')
    }
    const { predictions } = await predictionsOf(model, input)
    const expected = Array.from({ length: 100 }, (_, step) => [
      { step: step + 1, predictions: predictions.slice(3 * step, 3 * step + 3) },
      ...(step % 10 === 0 ? [WRONG_MESSAGE] : []),
    ]).flat()
    for (const answer of expected) expect(await socket.next()).toEqual(answer)
    socket.close()
  })

  test('is healthy, and has the page', async () => {
    const health = await fetch(`${service.url}/health`)
    expect([health.status, await health.json()]).toEqual([200, { live: true, ready: true }])
    const live = await fetch(`${service.url}/health/live`)
    expect([live.status, await live.json()]).toEqual([200, { live: true }])
    expect(await (await fetch(service.url)).text()).toContain('<title>Live forecasts</title>')
  })
})

test('metrics count the requests, and parse', async () => {
  const file = inFolder('counted.safetensors')
  await savedModel(file, { ...FEATURES, seed: 2 })
  const service = await startService(file)
  const socket = await SocketClient.open(`${service.url}/stream`)
  for (let i = 0; i < 3; i++) await post(service, bodyOf([1, 2]))
  for (let i = 0; i < 5; i++) await socket.ask({ input: [1, 2] })
  await post(service, '{}')
  const metrics = await metricsOf(service)
  expect(Object.fromEntries(metrics)).toMatchObject({
    'gru_batcher_requests_total{result="completed"}': 8,
    'gru_batcher_requests_total{result="refused"}': 0,
    gru_batcher_batches_total: 8,
    gru_batcher_batched_requests_total: 8,
    gru_batcher_queued: 0,
    gru_sessions: 1,
    'gru_batch_requests_count{kind="predict"}': 3,
    'gru_batch_requests_sum{kind="step"}': 5,
    'http_request_duration_seconds_count{route="/predict",status="200"}': 3,
    'http_request_duration_seconds_count{route="/predict",status="400"}': 1,
  })
  expect(metrics.get('gru_batcher_computing_seconds_total')).toBeGreaterThan(0)
  socket.close()
})

test('a model of tokens answers them, and refuses other numbers', async () => {
  const file = inFolder('tokens.safetensors')
  const model = await savedModel(file, { ...TOKENS, seed: 3 })
  const service = await startService(file)
  const tokens = integers(random, 9, 7)
  expect((await post(service, bodyOf(tokens))).body).toEqual(await predictionsOf(model, tokens))
  const wrong = await Promise.all([[1.5], [7], [-1]].map((input) => post(service, bodyOf(input))))
  expect(codesOf(wrong)).toEqual([
    [400, 'FST_ERR_VALIDATION'],
    [400, 'ERR_GRU_VALUE'],
    [400, 'ERR_GRU_VALUE'],
  ])
})

describe('a slow model', () => {
  const input = uniform(random, 2 * 3000)
  let model: SequenceModel
  let service: Service

  beforeAll(async () => {
    const file = inFolder('slow.safetensors')
    model = await savedModel(file, { ...SLOW, seed: 4 })
    const limits = { GRU_SERVICE_MAX_BATCH: '1', GRU_SERVICE_MAX_QUEUE: '2' }
    service = await startService(file, limits)
  })

  test('is not waited for after the deadline', async () => {
    const answer = await post(service, bodyOf(input), { 'x-deadline-ms': '1' })
    expect(answer.body).toEqual({ code: 'TIMEOUT', error: 'no answer within 1 ms' })
    expect(answer.status).toBe(504)
    expect((await metricsOf(service)).get('gru_batcher_requests_total{result="aborted"}')).toBe(1)
  })

  test('refuses what the queue does not hold, and answers the rest', async () => {
    const answers = await Promise.all(
      Array.from({ length: 24 }, () => post(service, bodyOf(input))),
    )
    const expected = await predictionsOf(model, input)
    const refused = answers.filter(({ status }) => status === 503)
    const answered = answers.filter(({ status }) => status === 200)
    expect(refused.length).toBeGreaterThan(0)
    expect(answered.length).toBeGreaterThan(0)
    expect(refused.length + answered.length).toBe(24)
    for (const { headers, body } of refused)
      expect([headers.get('retry-after'), body['code']]).toEqual(['1', 'ERR_GRU_FULL'])
    for (const { body } of answered) expect(body).toEqual(expected)
    const refusals = 'http_request_duration_seconds_count{route="/predict",status="503"}'
    expect((await metricsOf(service)).get(refusals)).toBe(refused.length)
  })
})
