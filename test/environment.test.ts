import * as path from 'node:path'
import { runtime } from '../lib'
import { libraryProcess } from './support/library-process'
import { temporaryFolder } from './support/temporary-folder'

const library = temporaryFolder()('lib')
const run = libraryProcess(library)
const { isas } = runtime()

type Environment = Readonly<Record<string, string>>
interface Told {
  readonly warnings: readonly [name: string, code: string, message: string][]
  readonly runtime: { readonly isa: string; readonly blas: string; readonly threads: number }
}

/** The warnings of a process in this environment, and the engine's settings after them. */
function tell(environment: Environment, script = ''): Told {
  const program = `
    const warnings = []
    process.on('warning', ({ name, code, message }) => warnings.push([name, code, message]))
    gru.runtime()
    ;(async () => {
      ${script}
      setImmediate(() => console.log(JSON.stringify({ warnings, runtime: gru.runtime() })))
    })()`
  const unset = { GRU_NATIVE_ISA: '', GRU_NATIVE_BLAS: '', GRU_NATIVE_THREADS: '' }
  const { status, output } = run(program, { NODE_NO_WARNINGS: '1', ...unset, ...environment })
  if (status !== 0) throw new Error(output)
  return JSON.parse(output) as Told
}

const byDefault = tell({}).runtime
const withBlas = tell({ GRU_NATIVE_BLAS: 'on' })
/** Those of the existing instruction sets that this machine cannot run. */
const unknownIsas = ['baseline', 'avx2', 'avx512', 'neon'].filter((isa) => !isas.includes(isa))

const integer = 'an integer from 1 to 1024'
const runnable = `one that this machine runs (${isas.join(', ')})`
const onOrOff = withBlas.runtime.blas === 'none' ? 'off, since the addon has no BLAS' : 'on or off'

describe('a variable that cannot be followed is warned of, and nothing of it is used', () => {
  test.each<[string, string, string, keyof Told['runtime']]>([
    ...['many', '0', '-1', '1025', '2.5', '4 ', '99999999999999999999'].map(
      (value): [string, string, string, 'threads'] => [
        'GRU_NATIVE_THREADS',
        value,
        integer,
        'threads',
      ],
    ),
    ...['avx3', 'AVX2', ...unknownIsas].map((value): [string, string, string, 'isa'] => [
      'GRU_NATIVE_ISA',
      value,
      runnable,
      'isa',
    ]),
    ...['yes', 'ON', '1'].map((value): [string, string, string, 'blas'] => [
      'GRU_NATIVE_BLAS',
      value,
      onOrOff,
      'blas',
    ]),
  ])('%s=%s', (variable, value, expected, key) => {
    const told = tell({ [variable]: value })
    const message = `${variable}: expected ${expected}, got "${value}"; in use: ${byDefault[key]}`
    expect(told).toEqual({
      warnings: [['GruWarning', 'GRU_WARN_ENVIRONMENT', message]],
      runtime: { ...byDefault, cuda: (told.runtime as { cuda?: unknown }).cuda },
    })
  })
})

test('GRU_NATIVE_BLAS=on is followed or warned of', () => {
  const isFollowed = withBlas.runtime.blas !== 'none'
  expect(withBlas.warnings).toHaveLength(isFollowed ? 0 : 1)
})

test.each<Environment>([
  {},
  ...isas.map((isa) => ({ GRU_NATIVE_ISA: isa })),
  { GRU_NATIVE_BLAS: 'off' },
  { GRU_NATIVE_ISA: 'baseline', GRU_NATIVE_BLAS: 'off', GRU_NATIVE_THREADS: '3' },
  { GRU_NATIVE_THREADS: '1024' },
])('%j is followed', (environment) => {
  const { warnings, runtime: found } = tell(environment)
  expect(warnings).toEqual([])
  const { GRU_NATIVE_ISA: isa, GRU_NATIVE_THREADS: threads } = environment
  expect(found.isa).toBe(isa ?? byDefault.isa)
  expect(found.threads).toBe(Number(threads ?? byDefault.threads))
})

test('all are told of, and worker threads do not repeat it', () => {
  const script = `
    const { Worker } = require('node:worker_threads')
    const work = 'process.on("warning", (w) => require("node:worker_threads").parentPort.postMessage(w.message)); require(' +
      JSON.stringify(require.resolve(process.env.LIBRARY)) + ').runtime(); setTimeout(() => {}, 50)'
    const worker = new Worker(work, { eval: true })
    worker.on('message', (message) => warnings.push(['worker', '', message]))
    await new Promise((resolve) => worker.on('exit', resolve))`
  const { warnings } = tell(
    { GRU_NATIVE_THREADS: 'many', GRU_NATIVE_ISA: 'x', GRU_NATIVE_BLAS: 'y', LIBRARY: library },
    script,
  )
  expect(warnings.map(([name]) => name)).toEqual(['GruWarning', 'GruWarning', 'GruWarning'])
})

describe('a variable that names a device or a library is an error where that is not there', () => {
  test.each([
    [
      { GRU_NATIVE_DEVICE: 'gpu' },
      'ERR_GRU_VALUE',
      /^GRU_NATIVE_DEVICE: expected 'auto', .*'gpu'$/,
    ],
    [
      { GRU_NATIVE_DEVICE: 'cuda-emulated:9' },
      'ERR_GRU_DEVICE',
      /^GRU_NATIVE_DEVICE: expected one that can be used, got 'cuda-emulated:9': /,
    ],
    [
      { GRU_NATIVE_DEVICE: 'cuda-emulated', GRU_NATIVE_CUBLAS: '/nowhere/cublas.so' },
      'ERR_GRU_VALUE',
      /^GRU_NATIVE_CUBLAS: expected 'off' or the path of a cuBLAS library, got '\/nowhere\/cublas.so': .*No such file/,
    ],
    [
      { GRU_NATIVE_DEVICE: 'cuda-emulated', GRU_NATIVE_CUBLAS: 'libm.so.6' },
      'ERR_GRU_VALUE',
      /^GRU_NATIVE_CUBLAS: .*, got 'libm.so.6': it lacks functions of cuBLAS$/,
    ],
    [
      { GRU_NATIVE_DEVICE: 'cuda-emulated', GRU_NATIVE_CUDA_TIER: 'fast' },
      'ERR_GRU_VALUE',
      /^GRU_NATIVE_CUDA_TIER: expected .*, got 'fast'$/,
    ],
  ])('%j', (environment, code, message) => {
    const script = `
      try { new gru.GRU({ inputSize: 1, hiddenSize: 1 }) } catch ({ code, message }) { console.log(JSON.stringify({ code, message })) }`
    const { output } = run(script, environment)
    expect(JSON.parse(output)).toEqual({ code, message: expect.stringMatching(message) as unknown })
  })

  test('and a device that the caller names is his own, a loaded model too', () => {
    const file = path.join(path.dirname(library), 'model.safetensors')
    const script = `
      const attempt = async (call) => { try { return (await call()).device } catch ({ message }) { return message } }
      ;(async () => {
        const options = { input: { features: 1 }, gru: { hiddenSize: 1 }, output: { size: 1, loss: 'meanSquaredError' } }
        await new gru.SequenceModel({ ...options, device: 'cpu' }).save(${JSON.stringify(file)})
        console.log(JSON.stringify([
          await attempt(() => new gru.SequenceModel({ ...options, device: 'cpu' })),
          await attempt(() => new gru.SequenceModel({ ...options, device: 'tpu' })),
          await attempt(() => gru.SequenceModel.load(${JSON.stringify(file)}, { device: 'cpu' })),
          await attempt(() => gru.SequenceModel.load(${JSON.stringify(file)})),
        ]))
      })()`
    const { output } = run(script, { GRU_NATIVE_DEVICE: 'gpu' })
    const names = "expected 'auto', 'cpu', 'cuda' or 'cuda:N', got"
    expect(JSON.parse(output)).toEqual([
      'cpu',
      `device: ${names} 'tpu'`,
      'cpu',
      `GRU_NATIVE_DEVICE: ${names} 'gpu'`,
    ])
  })
})
