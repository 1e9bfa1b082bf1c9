// Draws docs/speed.svg, the chart of README.md, from the tables of docs/performance.md: how many times as long as the
// project the fastest peer takes, on two threads. `--check` fails if the chart is not that of the tables.
import { readFileSync, writeFileSync } from 'node:fs'
import { inRoot } from './project.mjs'

const TABLES = inRoot('docs', 'performance.md')
const CHART = inRoot('docs', 'speed.svg')

/** The headings of the tables, and of each the cases that are drawn, with what they are. */
const PANELS = [
  {
    heading: '### Forward\n',
    title: 'Forward',
    cases: [
      ['b1-t1-i128-h256', 'one step of one sequence'],
      ['b1-t100-i128-h256', '100 steps of one sequence'],
      ['b32-t50-i128-h256', '50 steps of 32 sequences'],
      ['b32-t50-i128-h256-ragged', 'the same, of different lengths'],
      ['b64-t100-i256-h512', '100 steps of 64 sequences, 512 units'],
    ],
  },
  {
    heading: '### Forward + backward, all gradients\n',
    title: 'Forward and backward',
    cases: [
      ['b1-t100-i128-h256', '100 steps of one sequence'],
      ['b32-t50-i128-h256', '50 steps of 32 sequences'],
      ['b32-t50-i128-h256-ragged', 'the same, of different lengths'],
      ['b64-t100-i256-h512', '100 steps of 64 sequences, 512 units'],
    ],
  },
  {
    heading: '### A training step\n',
    title: 'A step of training',
    cases: [['train-b32-t64-h256-layers2', '64 steps of 32 sequences, 2 layers']],
  },
]

const PEERS = {
  onnxruntime: 'ONNX Runtime',
  'onnxruntime-node': 'ONNX Runtime',
  pytorch: 'PyTorch',
  jax: 'JAX',
}

const [WIDTH, LEFT, ROW, BAR] = [760, 290, 26, 14]
const UNIT = 62 // pixels for each time

/** The best peer and its ratio in the row of a case, on two threads. */
function measured(text, heading, name) {
  const table = text.slice(text.indexOf(heading))
  const row = table.split('\n').find((line) => line.startsWith(`| ${name} `))
  const cells = row.split('|').map((cell) => cell.trim())
  return { peer: PEERS[cells[7].split(' ').at(-1)], ratio: Number(cells[8]) }
}

function panel(text, { heading, title, cases }, top) {
  const rows = cases.map(([name, label], index) => {
    const { peer, ratio } = measured(text, heading, name)
    const y = top + 14 + index * ROW
    return `<text class="label" x="${LEFT - 12}" y="${y + 11}">${label}</text>
<rect class="bar" x="${LEFT}" y="${y}" width="${(ratio * UNIT).toFixed(0)}" height="${BAR}" rx="2"/>
<text class="value" x="${(LEFT + ratio * UNIT + 8).toFixed(0)}" y="${y + 11}">${ratio.toFixed(2)} times as fast as ${peer}</text>`
  })
  return [`<text class="title" x="${LEFT - 12}" y="${top}">${title}</text>`, ...rows].join('\n')
}

function draw(text) {
  let top = 44
  const panels = PANELS.map((one) => {
    const drawn = panel(text, one, top)
    top += one.cases.length * ROW + 40
    return drawn
  })
  const height = top - 8
  const bottom = height - 18
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="How many times as fast as the fastest peer the project is">
<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; text-anchor: end }
.label { text-anchor: end }
.bar { fill: #0072b2 }
.line { stroke: #57606a; stroke-dasharray: 3 3 }
@media (prefers-color-scheme: dark) {
  text { fill: #d1d7e0 }
  .bar { fill: #56b4e9 }
  .line { stroke: #9198a1 }
}
</style>
${panels.join('\n')}
<path class="line" d="M${LEFT + UNIT} 50V${bottom}"/>
<text x="${LEFT + UNIT - 4}" y="${height - 4}">as fast</text>
</svg>
`
}

const chart = draw(readFileSync(TABLES, 'utf8'))
if (process.argv.includes('--check')) {
  if (readFileSync(CHART, 'utf8') !== chart) {
    console.error('docs/speed.svg is not that of docs/performance.md: node scripts/speed-chart.mjs')
    process.exitCode = 1
  }
} else writeFileSync(CHART, chart)
