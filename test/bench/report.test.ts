import type { Mode } from '../../bench/cases'
import { drawChart } from '../../bench/chart'
import { PROJECT } from '../../bench/contenders'
import { markdownTable } from '../../bench/markdown-table'
import { microseconds, renderReport } from '../../bench/render'
import type { BuildMeasurement, Measurement, Outcome, Report } from '../../bench/results'
import { QUICK } from '../../bench/rounds'
import { geometricMean, median, quantile, summarize } from '../../bench/statistics'
import { judge, judgeAll, judgeBuilds, judgeGoals, slowerBuilds } from '../../bench/verdict'
import { SMALL, SMALL_LSTM } from '../support/bench'

describe('statistics', () => {
  test('quantiles lie between two figures where none is at their place', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5)
    expect(quantile([10, 20, 30], 0.25)).toBe(15)
    expect(median([7])).toBe(7)
    expect(summarize([5, 1, 2, 3, 4])).toEqual({ median: 3, lower: 2, upper: 4 })
    expect(() => median([])).toThrow(RangeError)
  })

  test('the geometric mean of a ratio and its inverse is 1', () => {
    expect(geometricMean([4, 0.25])).toBeCloseTo(1, 12)
    expect(geometricMean([1, 2, 4])).toBeCloseTo(2, 12)
  })
})

function timed(seconds: readonly number[]): Outcome {
  return { kind: 'timed', version: '1', seconds }
}

function measurement(mode: Mode, threads: number, outcomes: Record<string, Outcome>): Measurement {
  return {
    ...{ case: SMALL, mode, threads },
    work: { flops: 100, readBytes: 10, weightBytes: 1 },
    contenders: Object.entries(outcomes).map(([contender, outcome]) => ({ contender, outcome })),
    ...{ flops: [50, 100, 200], readBytes: [100] },
  }
}

function build(before: Outcome, after: Outcome): BuildMeasurement {
  return { case: 'small', mode: 'forward', threads: 1, before, after }
}

describe('verdicts', () => {
  test('of two builds are ratios of the same round', () => {
    const found = judgeBuilds(build(timed([1, 2, 3]), timed([1, 1, 6])))
    expect(found).toEqual({ median: 1, lower: 0.75, upper: 1.5 })
    expect(judgeBuilds(build(timed([3, 3]), timed([1])))?.median).toBe(3)
    const failed: Outcome = { kind: 'failed', reason: 'broke' }
    expect(judgeBuilds(build(timed([1]), failed))).toBeUndefined()
  })

  test('name the builds that are more than 2 % slower', () => {
    const slower = build(timed([1]), timed([1.021]))
    const others = [build(timed([1]), timed([1.019])), build(timed([1]), timed([0.5]))]
    expect(slowerBuilds([...others, slower])).toEqual([slower])
  })

  test('compare with the fastest peer that is right, and with the ceiling', () => {
    const verdict = judge(
      measurement('forward', 1, {
        [PROJECT]: timed([4, 2, 3]),
        slow: timed([9]),
        fast: timed([6]),
        cheat: { kind: 'wrong', version: '1', reason: 'output differs' },
      }),
    )
    expect(verdict.best).toEqual({ name: 'fast', ratio: 2 })
    expect(verdict.bound).toEqual({ kind: 'FMA', seconds: 1 })
    expect(verdict.fraction).toBeCloseTo(1 / 3, 12)
  })

  test('say nothing of ceilings where none was measured', () => {
    const one = measurement('forward', 1, { [PROJECT]: timed([2]), peer: timed([4]) })
    const verdict = judge({ ...one, flops: [], readBytes: [] })
    expect(verdict).toMatchObject({ bound: undefined, fraction: undefined })
    expect(verdict.best).toEqual({ name: 'peer', ratio: 2 })
  })

  test('say nothing where the project or every peer is missing', () => {
    const failed: Outcome = { kind: 'failed', reason: 'broke' }
    expect(judge(measurement('forward', 1, { [PROJECT]: failed, peer: timed([1]) }))).toMatchObject(
      { project: undefined, best: undefined, fraction: undefined },
    )
    expect(judge(measurement('forward', 1, { [PROJECT]: timed([1]) })).best).toBeUndefined()
  })

  test('take the mean over cases for each mode and number of threads', () => {
    const ratio = (threads: number, peer: number): Measurement =>
      measurement('forward', threads, { [PROJECT]: timed([1]), peer: timed([peer]) })
    expect(judgeAll([ratio(1, 1), ratio(2, 3), ratio(1, 4)])).toEqual([
      { cell: 'gru', mode: 'forward', threads: 1, cases: 2, least: 1, mean: 2 },
      {
        ...{ cell: 'gru', mode: 'forward', threads: 2, cases: 1, least: 3 },
        mean: expect.closeTo(3, 12) as number,
      },
    ])
  })

  const lstm = (mode: Mode, threads: number, peer: number): Measurement => {
    const outcomes = { [PROJECT]: timed([1]), peer: timed([peer]) }
    return { ...measurement(mode, threads, outcomes), case: SMALL_LSTM }
  }

  test('take the mean for each cell', () => {
    const gru = measurement('forward', 1, { [PROJECT]: timed([1]), peer: timed([2]) })
    expect(judgeAll([gru, lstm('forward', 1, 3)]).map(({ cell, least }) => [cell, least])).toEqual([
      ['gru', 2],
      ['lstm', 3],
    ])
  })

  test('name the cases below a goal, on one thread alone', () => {
    const measurements = [
      ...[lstm('forward', 1, 1.1), lstm('forward', 1, 1.05), lstm('forward', 2, 0.5)],
      lstm('gradients', 1, 1.3),
      measurement('forward', 1, { [PROJECT]: timed([1]), peer: timed([0.5]) }),
    ]
    expect(judgeGoals(measurements)).toEqual([
      {
        ...{ cell: 'lstm', mode: 'forward', ratio: 1.1, cases: 2 },
        missed: [{ name: 'small-lstm', ratio: 1.05 }],
      },
      { cell: 'lstm', mode: 'gradients', ratio: 1.3, cases: 1, missed: [] },
    ])
    expect(judgeGoals(measurements.slice(4))).toEqual([])
    expect(judgeGoals([{ ...measurements[0]!, contenders: [] }])).toEqual([])
  })
})

describe('reports', () => {
  const report: Report = {
    ...{ format: 1, date: '2026-01-02T03:04:05.000Z', command: 'npm run bench', settings: QUICK },
    machine: { processor: 'CPU', cores: 2, memoryBytes: 2 ** 30, system: 'linux', node: 'v20' },
    project: { version: '0.1.0', isa: 'avx2', blas: 'none' },
    absent: [{ name: 'jax', reason: 'not installed' }],
    measurements: [
      measurement('forward', 1, {
        [PROJECT]: timed([2e-3, 1e-3, 3e-3]),
        right: timed([4e-3]),
        cheat: { kind: 'wrong', version: '9', reason: 'output differs' },
        unable: { kind: 'unsupported', reason: 'has no such layer' },
      }),
    ],
    recompute: [],
    contention: [],
    builds: [],
  }

  test('show times, ratios, ceilings and what is left out', () => {
    const text = renderReport(report)
    expect(text).toContain('2000 (1500-2500) | 4000 (4000-4000) | wrong |')
    expect(text).toContain('2.00 right')
    expect(text).toContain('- jax left out: not installed')
    expect(text).toContain('- cheat wrong at small, forward, 1 threads: output differs')
    expect(text).toContain('- unable has no such layer')
    expect(text).toContain('gru-native 0.1.0 (avx2, BLAS none) beside right 1, cheat 9')
  })

  test('show the goals of the processor', () => {
    const outcomes = { [PROJECT]: timed([1]), peer: timed([1.2]) }
    const measurements = (['forward', 'gradients'] as const).map((mode) => ({
      ...measurement(mode, 1, outcomes),
      case: SMALL_LSTM,
    }))
    const text = renderReport({ ...report, measurements })
    expect(text).toContain('lstm, forward, 1 thread: 1 of 1 cases reach the goal of 1.1\n')
    expect(text).toContain(
      'lstm, gradients, 1 thread: 0 of 1 cases reach the goal of 1.3; below it: small-lstm (1.20)',
    )
    const gpu = { device: 'cuda:0', name: 'Some GPU' }
    expect(renderReport({ ...report, gpu, measurements })).not.toContain('goal')
  })

  test('show two builds, and what was not timed', () => {
    const builds = [
      build(timed([2e-3]), timed([1e-3])),
      build(timed([1e-3]), timed([2e-3])),
      build({ kind: 'wrong', version: '1', reason: 'output differs' }, timed([1e-3])),
    ]
    const text = renderReport({ ...report, before: '/old', builds })
    expect(text).toContain('the build in /old')
    expect(text).toMatch(/2000 \(2000-2000\) \| +1000 \(1000-1000\) \| 2\.000 \(2\.000-2\.000\)/)
    expect(text).toContain(
      '1 of 2 are more than 2 % slower; geometric mean 1.000\n- small, forward',
    )
    expect(text).toContain('- before wrong at small, forward, 1 threads: output differs')
    expect(renderReport(report)).not.toContain('slower')
  })

  test('show what recomputed activations save and cost', () => {
    const mebibyte = 2 ** 20
    const kept = { seconds: [1e-3], held: 8 * mebibyte, peak: 60 * mebibyte, start: 50 * mebibyte }
    const recomputed = { ...kept, seconds: [1.5e-3], held: 4 * mebibyte, peak: 54 * mebibyte }
    const recompute = [{ case: 'deep', threads: 2, kept, recomputed }]
    const text = renderReport({ ...report, recompute })
    const row = (...cells: string[]): RegExp =>
      new RegExp(cells.map((cell) => cell.replace(/[()]/g, '\\$&')).join(' +\\| +'))
    expect(text).toMatch(row('kept', '1000 (1000-1000)', '8.0', '60.0', '10.0'))
    expect(text).toMatch(row('computed again', '1500 (1500-1500)', '4.0', '54.0', '4.0'))
    expect(text).toMatch(row('ratio', '1.50', '0.50', '0.90', '0.40'))
  })

  test('name the GPU', () => {
    const gpu = { device: 'cuda:1', name: 'Some GPU' }
    expect(renderReport({ ...report, gpu })).toContain('\ncuda:1: Some GPU; every call from')
  })

  test('survive the JSON file', () => {
    const copy = JSON.parse(JSON.stringify(report)) as Report
    expect(renderReport(copy)).toBe(renderReport(report))
  })

  test('become a chart of the peers that were timed', () => {
    const svg = drawChart(report)
    expect(svg).toMatch(/^<svg[^>]*xmlns/)
    expect(svg).toContain('small')
    expect(svg).toContain('right')
    expect(svg).not.toContain('cheat')
    expect(() => drawChart({ ...report, measurements: [] })).toThrow(RangeError)
  })

  test('numbers have three digits and tables line up', () => {
    expect([12345e-6, 12.345e-6, 0.5e-6].map(microseconds)).toEqual(['12345', '12.3', '0.500'])
    expect(markdownTable(['case', 'n'], [['a', '1000']])).toBe(
      ['| case |    n |', '| ---- | ---: |', '| a    | 1000 |'].join('\n'),
    )
  })
})
