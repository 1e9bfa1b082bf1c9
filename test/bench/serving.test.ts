import { parseArguments, UsageError } from '../../bench/arguments'
import { onnxTokenModel } from '../../bench/peers/onnx-model'
import { PARTS, SPEED_CASES } from '../../bench/serving/cases'
import { judgeProcesses, type ProcessesMeasurement } from '../../bench/serving/processes'
import { renderServing } from '../../bench/serving/render'
import type { ServingReport } from '../../bench/serving/results'
import { ALLOWED, growthOf, isFlat } from '../../bench/soak/memory'
import { drawTensors, parameterSpecs } from '../../bench/tensors'
import { SMALL } from '../support/bench'

describe('the command line', () => {
  test('chooses parts of the bench of serving', () => {
    expect(parseArguments(['--serving'])).toMatchObject({ serving: PARTS, cases: [] })
    const some = parseArguments(['--serving', '--case', 'step', '--case', 'growth'])
    expect(some.serving).toEqual(['step', 'growth'])
    expect(parseArguments([]).serving).toEqual([])
    expect(() => parseArguments(['--serving', '--case', 'b1-t1-i64-h64'])).toThrow(UsageError)
  })

  test('takes the seed of the soak', () => {
    expect(parseArguments(['--soak', '--seed', '17'])).toMatchObject({ soak: true, seed: 17 })
    expect(parseArguments(['--soak']).seed).toBeUndefined()
    expect(() => parseArguments(['--seed', 'x'])).toThrow(UsageError)
  })
})

test('the ONNX model of a model with tokens has the head with one column for each class', () => {
  const given = { ...SMALL, vocabulary: 5, bidirectional: false }
  const specs = parameterSpecs(given)
  const { parameters } = drawTensors(given, given.batch)
  const { offset } = specs.find(({ name }) => name === 'head.weight')!
  const columns = Array.from({ length: given.hiddenSize * 5 }, (_, i) => {
    const [row, column] = [Math.floor(i / 5), i % 5]
    return parameters[offset + column * given.hiddenSize + row]!
  })
  const model = Buffer.from(onnxTokenModel(given, specs, parameters))
  expect(model.includes(Buffer.from(Float32Array.from(columns).buffer))).toBe(true)
  for (const name of ['Gather', 'GRU', 'MatMul', 'tokens', 'logits', 'state_l0']) {
    expect(model.includes(name)).toBe(true)
  }
})

test('lanes of a case ask for the same work', () => {
  expect(new Set(SPEED_CASES.map(({ part }) => part)).size).toBe(5)
  for (const { lanes, requests, given } of SPEED_CASES) {
    expect(lanes.filter(({ isPeer }) => isPeer).length).toBeGreaterThan(0)
    expect([1, 64]).toContain(requests)
    expect(requests % given.batch).toBe(0)
  }
})

function processes(setting: string, perSecond: number, p99: number): ProcessesMeasurement {
  return { setting, processes: 2, requestsPerSecond: [perSecond], p99: [p99] }
}

test('default threads are compared with the best setting', () => {
  const judged = judgeProcesses([
    processes('gru-native, default threads', 90, 0.004),
    processes('gru-native, 1 thread each', 100, 0.002),
    processes('onnxruntime-node, default threads', 500, 0.001),
  ])
  expect(judged).toEqual([{ processes: 2, throughput: 0.9, p99: 2 }])
})

describe('memory', () => {
  const steady = Array.from({ length: 40 }, (_, i) => 1e8 + (i % 3) * 1e6)

  test('is flat if only the first quarter grew', () => {
    const warmed = steady.map((bytes, i) => (i < 10 ? bytes / 2 : bytes))
    expect(growthOf(warmed)).toBe(0)
    expect(isFlat(warmed)).toBe(true)
  })

  test('is not flat if it grows slowly to the end', () => {
    const leaking = steady.map((bytes, i) => bytes + (i / 40) * 2 * ALLOWED)
    expect(isFlat(leaking)).toBe(false)
    expect(() => growthOf([1, 2, 3])).toThrow(RangeError)
  })
})

test('the tables have each lane with its ratio to the best peer', () => {
  const report: ServingReport = {
    ...{ format: 1, date: '2026-01-01', command: 'npm run bench', peer: { version: '2' } },
    machine: { processor: 'P', cores: 2, memoryBytes: 1, system: 'S', node: 'v20' },
    project: { version: '1', isa: 'avx2' },
    speed: [
      {
        ...{ part: 'step', name: 'a model' },
        lanes: [
          { name: 'stepSync', isPeer: false, seconds: [2e-6, 1e-6, 9e-6] },
          { name: 'peer', isPeer: true, seconds: [8e-6] },
          { name: 'peer, 1 thread', isPeer: true, seconds: [5e-6] },
        ],
      },
    ],
    growth: [{ objects: 'layers', count: 10, before: 2 ** 20, growth: 2 ** 21, seconds: 1 }],
  }
  const lines = renderServing(report).split('\n')
  expect(lines.find((line) => line.includes('stepSync'))).toMatch(/\| +2\.00 \| +2\.50 \|$/)
  expect(lines.find((line) => line.includes('10 layers'))).toMatch(/\| +1\.0 \| +2\.0 \| +1\.0 \|$/)
  expect(lines[2]).toBe('gru-native 1 (avx2), beside onnxruntime-node 2')
})
