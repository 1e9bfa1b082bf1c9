// Compiles programs that use the released package, as a strict project without the types of Node does: by each TypeScript
// and with each way to find modules. The declarations themselves are checked too.
import { join } from 'node:path'
import process from 'node:process'
import { StepError } from '../project.mjs'
import { output } from './commands.mjs'
import { inInstalledProject, writeFiles } from './installed-project.mjs'
import { provideTools } from './tools.mjs'

const VERSIONS = [
  '5.0',
  '5.1',
  '5.2',
  '5.3',
  '5.4',
  '5.5',
  '5.6',
  '5.7',
  '5.8',
  '5.9',
  '6.0',
  '7.0',
]

/** The first one that knows over which memory an array is. */
const KNOWS_BUFFERS = '5.7'

/** What a project without the types of Node and of browsers lacks, and the programs use. */
const GLOBALS = 'declare const console: { log(...values: unknown[]): void }\n'

/** The README's example with the types that a strict project asks for. */
const EXAMPLE = `
import { Dataset, SequenceModel, Trainer, type SequenceModelOptions } from 'gru-native'
const wave = Float32Array.from({ length: 500 }, (_, t) => Math.sin(t / 5))
const window = (t: number) => ({
  input: wave.subarray(t, t + 20),
  target: wave.subarray(t + 20, t + 21),
})
const data = new Dataset(Array.from({ length: 400 }, (_, t) => window(t)))
const output: SequenceModelOptions['output'] = { size: 1, loss: 'meanSquaredError', every: 'last' }
const model = new SequenceModel({ input: { features: 1 }, gru: { hiddenSize: 16 }, output })
const trainer = new Trainer(model, { optimizer: { kind: 'adam', learningRate: 0.01 } })
for await (const { epoch, epochEnd, meanLoss } of trainer.fit(data, { epochs: 10 }))
  if (epochEnd) console.log(\`epoch \${epoch}: loss \${meanLoss.toFixed(5)}\`)
console.log(await model.predict(window(450).input), window(450).target)
`

/** The names are errors if the declarations are not found, and the marked line is one if they say nothing. */
const LAYERS = `
import { type Gradients, GRU, GruError, type GruErrorCode, LSTM, Model, runtime } from 'gru-native'
const layer = new GRU({ inputSize: 1, hiddenSize: 2 })
const anyMemory: Float32Array = new Float32Array(3)
const pass = layer.forwardTrainingSync(anyMemory)
const gradients: Gradients = pass.backwardSync({ output: pass.output })
layer.setParameters(gradients.parameters)
layer[Symbol.dispose]()
export const cell: Float32Array = new LSTM({ inputSize: 1, hiddenSize: 2 }).forwardSync(anyMemory).cell
export const bytes = async (model: Model): Promise<Uint8Array> => model.toBytes()
export const code: GruErrorCode | undefined = new GruError('ERR_GRU_VALUE', runtime().isa).code
// @ts-expect-error an array is no number
export const wrong: number = pass.output
`

const MEMORY = `
import { GRU, type Model } from 'gru-native'
const layer = new GRU({ inputSize: 1, hiddenSize: 2 })
export const output: Float32Array<ArrayBuffer> = layer.forwardSync(new Float32Array(3)).output
export const bytes = async (model: Model): Promise<Uint8Array<ArrayBuffer>> => model.toBytes()
`

const REQUIRED = `
import library = require('gru-native')
export const isa: string = library.runtime().isa
`

/** An ES module and a CommonJS module have different ways to the package. */
const NODE_MODULES = {
  'example.mts': EXAMPLE,
  'layers.mts': LAYERS,
  'layers.cts': LAYERS,
  'required.cts': REQUIRED,
}

const BUNDLED_MODULES = { 'example.ts': EXAMPLE, 'layers.ts': LAYERS, 'memory.ts': MEMORY }
const bundler = { module: 'esnext', moduleResolution: 'bundler' }

/** The ways to find modules, each with its modules. Those named `memory` are for newer compilers only. */
const WAYS = {
  node16: {
    options: { module: 'node16', moduleResolution: 'node16' },
    sources: { ...NODE_MODULES, 'memory.mts': MEMORY },
  },
  nodenext: {
    options: { module: 'nodenext', moduleResolution: 'nodenext' },
    sources: { ...NODE_MODULES, 'memory.cts': MEMORY },
  },
  bundler: { options: bundler, sources: BUNDLED_MODULES },
  browser: { options: { ...bundler, customConditions: ['browser'] }, sources: BUNDLED_MODULES },
}

const knowsBuffers = (version) => VERSIONS.indexOf(version) >= VERSIONS.indexOf(KNOWS_BUFFERS)

function writeProject(folder, version, way) {
  const { options, sources } = WAYS[way]
  const modules = Object.entries(sources).filter(
    ([name]) => knowsBuffers(version) || !name.startsWith('memory'),
  )
  const compilerOptions = {
    ...{ ...options, target: 'es2022', lib: ['es2022'], types: [] },
    ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true },
  }
  writeFiles(folder, {
    'tsconfig.json': JSON.stringify({ compilerOptions }),
    'globals.d.ts': GLOBALS,
    ...Object.fromEntries(modules),
  })
}

function compile(installed, version, way) {
  const folder = join(installed, `typescript-${version}-${way}`)
  writeProject(folder, version, way)
  const compiler = join(provideTools(), 'node_modules', `typescript-${version}`, 'bin', 'tsc')
  try {
    output([process.execPath, compiler, '-p', 'tsconfig.json'], folder)
  } catch (error) {
    throw new StepError(`TypeScript ${version}, ${way}: ${error.message}`)
  }
}

/** Fails unless all programs compile with the package of a tarball. Returns a line that says with what they did. */
export async function checkTypes(main) {
  const ways = Object.keys(WAYS)
  await inInstalledProject([main], (installed) => {
    for (const version of VERSIONS) for (const way of ways) compile(installed, version, way)
  })
  return `declarations: compile with TypeScript ${VERSIONS[0]} to ${VERSIONS.at(-1)} (${ways.join(', ')})`
}
