// The theoretical roofline of docs/cuda.md: from the operations and bytes of a GRU layer and from data sheets it
// computes the times that no implementation can beat. Prints Markdown. Nothing in it was measured.

const MEGA = 1e6
const TERA = 1e12
const KIB = 1024

/**
 * From NVIDIA's data sheets, with dense rates. Shared memory: the most of one block, and 128 bytes per clock and
 * multiprocessor.
 */
const GPUS = [
  {
    ...{ name: 'A100 SXM 40 GB', multiprocessors: 108, lanes: 64, sharedKib: 163, l2Mega: 40 },
    ...{ float32: 19.5 * TERA, tf32: 156 * TERA, bfloat16: 312 * TERA, memory: 1555e9 },
  },
  {
    ...{ name: 'L4', multiprocessors: 58, lanes: 128, sharedKib: 99, l2Mega: 48 },
    ...{ float32: 30.3 * TERA, tf32: 60 * TERA, bfloat16: 121 * TERA, memory: 300e9 },
  },
  {
    ...{ name: 'H100 SXM', multiprocessors: 132, lanes: 128, sharedKib: 227, l2Mega: 50 },
    ...{ float32: 67 * TERA, tf32: 494 * TERA, bfloat16: 989 * TERA, memory: 3350e9 },
  },
]

const CASES = [
  { batch: 1, steps: 100, inputSize: 512, hiddenSize: 512 },
  { batch: 32, steps: 50, inputSize: 128, hiddenSize: 256 },
  { batch: 64, steps: 100, inputSize: 256, hiddenSize: 512 },
  { batch: 64, steps: 50, inputSize: 1024, hiddenSize: 1024 },
  { batch: 32, steps: 50, inputSize: 2048, hiddenSize: 2048 },
]

const recurrentBytes = (hidden) => 12 * hidden ** 2
const sharedBytes = ({ sharedKib }) => sharedKib * KIB

/** Operations and bytes of the two parts of a layer's forward pass; float32 in memory. */
function forwardWork({ batch, steps, inputSize, hiddenSize }) {
  const rows = batch * steps
  return {
    input: {
      operations: 6 * rows * hiddenSize * inputSize,
      bytes: 4 * (3 * hiddenSize * inputSize + rows * (inputSize + 3 * hiddenSize)),
    },
    step: {
      operations: 6 * batch * hiddenSize ** 2,
      weights: recurrentBytes(hiddenSize),
      // Gates in and out, state in and out.
      activations: 4 * batch * (3 + 3 + 2) * hiddenSize,
    },
  }
}

const clock = ({ float32, multiprocessors, lanes }) => float32 / (2 * lanes * multiprocessors)

/** Seconds: the largest of the times that operations, memory and shared memory need. */
const product = (work, gpu, precision) =>
  Math.max(work.operations / gpu[precision], work.bytes / gpu.memory)

function persistent({ step }, { steps }, gpu) {
  const shared = 128 * clock(gpu) * gpu.multiprocessors
  return (
    steps *
    Math.max(step.operations / gpu.float32, step.weights / shared, step.activations / gpu.memory)
  )
}

function stepwise({ step }, { steps }, gpu) {
  // Data that fit the second-level cache are read from memory only once.
  const weights = step.weights > gpu.l2Mega * MEGA ? step.weights : 0
  const bytes = weights + step.activations
  return steps * Math.max(step.operations / gpu.float32, bytes / gpu.memory)
}

/** The largest multiple of 8 whose recurrent weights fit this many bytes. */
const largestHidden = (bytes) => Math.floor(Math.sqrt(bytes / 12) / 8) * 8

/** Three significant digits, without an exponent. */
function microseconds(seconds) {
  const value = seconds * 1e6
  return value >= 100 ? Math.round(value) : value.toPrecision(3)
}
const row = (cells) => `| ${cells.join(' | ')} |`
const table = (heads, rows) =>
  [row(heads), row(heads.map((_, i) => (i === 0 ? '---' : '--:'))), ...rows.map(row)].join('\n')

function sizesTable() {
  const rows = GPUS.map((gpu) => [
    ...[gpu.name, gpu.multiprocessors, `${gpu.float32 / TERA}`, `${gpu.memory / 1e9}`],
    largestHidden(sharedBytes(gpu)),
    largestHidden(sharedBytes(gpu) * gpu.multiprocessors),
  ])
  const heads = ['GPU', 'multiprocessors', 'float32 TFLOP/s', 'GB/s']
  return table([...heads, 'H, resident, below', 'H, persistent, below'], rows)
}

function timesTable() {
  const rows = CASES.flatMap((given) =>
    GPUS.map((gpu) => {
      const { batch, steps, inputSize, hiddenSize } = given
      const work = forwardWork(given)
      const { weights } = work.step
      const times = ['float32', 'tf32', 'bfloat16'].map((precision) =>
        microseconds(product(work.input, gpu, precision)),
      )
      const fits = weights <= sharedBytes(gpu) * gpu.multiprocessors
      return [
        `B ${batch}, T ${steps}, I ${inputSize}, H ${hiddenSize}, ${gpu.name}`,
        times.join(' / '),
        fits ? microseconds(persistent(work, given, gpu)) : 'does not fit',
        fits ? steps : '-',
        microseconds(stepwise(work, given, gpu)),
        2 * steps,
      ]
    }),
  )
  const heads = ['layer and GPU', 'input product, float32 / tf32 / bfloat16', 'persistent']
  return table([...heads, 'barriers', 'stepwise', 'launches'], rows)
}

console.log(`${sizesTable()}\n\n${timesTable()}`)
