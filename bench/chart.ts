/**
 * A report as a chart: for each case the peers' times divided by the project's.
 *
 * @module
 */
import { type EChartsOption, init } from 'echarts'
import type { Mode } from './cases'
import { PROJECT } from './contenders'
import type { Measurement, Report } from './results'
import { judge, timesOf } from './verdict'

const WIDTH = 1000
const TOP = 78
const ROW = 26
const PANEL_GAP = 44
const LEFT = 340
const RIGHT = 40
const INK = '#24292f'
const MUTED = '#57606a'
const LINE = '#d0d7de'
/** Okabe and Ito's colours, which colour-blind readers can distinguish. */
const COLOURS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#f0e442']
const FONT = 'system-ui, sans-serif'

const MODE_TITLES: Readonly<Record<Mode, string>> = {
  forward: 'forward',
  gradients: 'forward + backward',
  training: 'training step',
}

interface Panel {
  readonly title: string
  readonly measurements: readonly Measurement[]
  readonly top: number
}

/** An SVG document: a panel for each mode and number of threads, a row for each case, a dot for each peer. */
export function drawChart(report: Report): string {
  const panels = layOut(report.measurements)
  if (panels.length === 0) throw new RangeError('the report holds no measurement to draw')
  const last = panels.at(-1)!
  const height = last.top + last.measurements.length * ROW + PANEL_GAP
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height })
  try {
    chart.setOption(optionOf(report, panels))
    return chart.renderToSVGString()
  } finally {
    chart.dispose()
  }
}

function layOut(measurements: readonly Measurement[]): Panel[] {
  const groups = new Map<string, Measurement[]>()
  for (const measurement of measurements) {
    const { mode, threads } = measurement
    const title = `${MODE_TITLES[mode]}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`
    groups.set(title, [...(groups.get(title) ?? []), measurement])
  }
  let top = TOP
  return [...groups].map(([title, group]) => {
    const panel = { title, measurements: group, top: top + ROW }
    top += ROW + group.length * ROW + PANEL_GAP
    return panel
  })
}

function optionOf(report: Report, panels: readonly Panel[]): EChartsOption {
  const peers = peersOf(report)
  const range = rangeOf(report, peers)
  const text = { fontFamily: FONT, fontSize: 12, color: MUTED }
  return {
    animation: false,
    backgroundColor: '#ffffff',
    color: COLOURS,
    textStyle: text,
    title: [
      titleAt(
        'Time of each peer over the time of gru-native: right of 1 gru-native is faster',
        8,
        14,
      ),
      titleAt(`${report.machine.processor}, ${report.date.slice(0, 10)}`, 30, 12),
      ...panels.map(({ title, top }) => titleAt(title, top - 24, 13)),
    ],
    legend: { top: 48, left: LEFT, itemGap: 28, data: peers, textStyle: { ...text, color: INK } },
    grid: panels.map(({ top, measurements }) => ({
      ...{ left: LEFT, right: RIGHT, top, height: measurements.length * ROW },
    })),
    xAxis: panels.map((_, gridIndex) => ({
      ...{
        type: 'log',
        gridIndex,
        ...range,
        axisLabel: text,
        splitLine: { lineStyle: { color: LINE } },
      },
    })),
    yAxis: panels.map(({ measurements }, gridIndex) => ({
      ...{ type: 'category', gridIndex, inverse: true, axisTick: { show: false } },
      axisLabel: { ...text, color: INK, interval: 0 },
      splitLine: { show: true, lineStyle: { color: LINE } },
      data: measurements.map(labelOf),
    })),
    series: panels.flatMap(({ measurements }, index) =>
      peers.map((name, peer) => ({
        ...{ type: 'scatter', name, symbolSize: 9, itemStyle: { color: COLOURS[peer] } },
        ...{ xAxisIndex: index, yAxisIndex: index },
        data: dotsOf(measurements, name),
        ...(peer === 0 ? { markLine: lineAtOne() } : {}),
      })),
    ) as EChartsOption['series'],
  } as EChartsOption
}

function titleAt(title: string, top: number, fontSize: number): object {
  const textStyle = { fontFamily: FONT, fontSize, color: INK, fontWeight: 'normal' }
  return { text: title, top, left: 8, textStyle }
}

function labelOf(measurement: Measurement): string {
  const { fraction, bound } = judge(measurement)
  const share =
    bound === undefined || fraction === undefined
      ? ''
      : `  ${Math.round(100 * fraction)} % ${bound.kind}`
  return measurement.case.name + share
}

/** The peers that were timed in any case. */
function peersOf({ measurements }: Report): string[] {
  const names = new Set(measurements.flatMap((measurement) => [...timesOf(measurement).keys()]))
  names.delete(PROJECT)
  return [...names]
}

/** [ratio, row] of each case in which the peer was timed. */
function dotsOf(measurements: readonly Measurement[], name: string): [number, number][] {
  return measurements.flatMap((measurement, row): [number, number][] => {
    const times = timesOf(measurement)
    const peer = times.get(name)
    const project = times.get(PROJECT)
    return peer && project ? [[peer.median / project.median, row]] : []
  })
}

/** The powers of ten around all dots, including 1. With a common range, panels can be compared. */
function rangeOf({ measurements }: Report, peers: readonly string[]): { min: number; max: number } {
  const ratios = peers.flatMap((name) => dotsOf(measurements, name).map(([ratio]) => ratio))
  return {
    min: 10 ** Math.floor(Math.log10(Math.min(0.9, ...ratios))),
    max: 10 ** Math.ceil(Math.log10(Math.max(1.1, ...ratios))),
  }
}

function lineAtOne(): object {
  return {
    ...{ symbol: 'none', silent: true, label: { show: false } },
    lineStyle: { color: INK, type: 'solid' },
    data: [{ xAxis: 1 }],
  }
}
