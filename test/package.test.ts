import * as fs from 'node:fs'
import * as path from 'node:path'
import * as ts from 'typescript'
import { addonPath } from './support/addon'
import { type Registry, startRegistry } from './support/registry'
import { shell, type ShellExit } from './support/shell'
import { temporaryFolder } from './support/temporary-folder'

// The package as users get it: packed, and installed in a project of theirs. The advice of its messages is followed
// there.

const root = path.join(__dirname, '..')
const inFolder = temporaryFolder()
const project = inFolder('project')
let registry: Registry

async function inProject(command: string, folder = project): Promise<ShellExit> {
  return shell(command, folder, { ...registry.environment, GRU_NATIVE_ADDON: '' })
}

async function succeed(command: string, folder = project): Promise<string> {
  const { status, output } = await inProject(command, folder)
  if (status !== 0) throw new Error(`${command}\n${output}`)
  return output
}

/** What a program that uses the library prints: its instruction set, or the error. */
async function load(): Promise<string> {
  const program = `
    try { console.log(require('gru-native').runtime().isa) }
    catch ({ code, message }) { console.log(code + ': ' + message) }`
  return succeed(`"${process.execPath}" -e "${program}"`)
}

beforeAll(async () => {
  registry = await startRegistry(inFolder('registry'))
  fs.mkdirSync(project)
  fs.writeFileSync(path.join(project, 'package.json'), '{ "name": "project", "version": "1.0.0" }')
  const pack = `npm pack --ignore-scripts --silent --pack-destination ${project}`
  const file = (await succeed(pack, root)).trim().split('\n').at(-1)!
  await succeed(`npm install ./${file}`)
})

afterAll(async () => registry.close())

describe('the command in a project', () => {
  test('names itself as it can be called', async () => {
    const { status, output } = await inProject('npx gru fly')
    expect([status, output]).toEqual([1, expect.stringMatching(/\(see gru --help\)/)])
    expect(await succeed('npx gru --help')).toMatch(/^gru: trains GRU and LSTM models/)
  })

  test('says how to install what it needs, and then has it', async () => {
    const job = path.join(root, 'examples', 'weather', 'job.json')
    fs.copyFileSync(job, path.join(project, 'job.json'))
    const environment = { ...registry.environment, GRU_NATIVE_ADDON: addonPath }
    const train = async (): Promise<string> => {
      return (await shell('npx gru train job.json', project, environment)).output
    }
    const peers = /needs the package cli-progress: (npm install .*)\n$/.exec(await train())
    await succeed(peers![1]!)
    const data = /installed package \((npm install .*)\), got/.exec(await train())
    await succeed(data![1]!)
    expect(await train()).toMatch(/^saved .*report\.html/m)
  })

  test('says once that the native part is missing', async () => {
    const { output } = await inProject('npx gru train job.json')
    expect(output.match(/the native part could not be loaded/g)).toHaveLength(1)
  })
})

/** A module that uses the package's types. The marked line is an error only if the types are there. */
const CONSUMER = `
  const layer = new GRU({ inputSize: 1, hiddenSize: 2 })
  export const output: Float32Array<ArrayBuffer> = layer.forwardSync(new Float32Array(3)).output
  // @ts-expect-error an array is no number
  export const wrong: number = output
  layer[Symbol.dispose]()
  export type Fitted = ReturnType<Trainer['fit']>
  export type Options = SequenceModelOptions | ModelOptions | TrainerOptions | BatcherOptions
`
const TYPES = 'type BatcherOptions, GRU, type ModelOptions, type SequenceModelOptions'
const IMPORT = `import { ${TYPES}, Trainer, type TrainerOptions } from 'gru-native'`

/** Reads each of the compiler's libraries once for all programs. */
const host = ts.createCompilerHost({})
const readSource = host.getSourceFile.bind(host)
const libraries = new Map<string, ts.SourceFile | undefined>()
host.getSourceFile = (name, ...rest) => {
  if (name.startsWith(project)) return readSource(name, ...rest)
  if (!libraries.has(name)) libraries.set(name, readSource(name, ...rest))
  return libraries.get(name)
}

/** What the compiler says of modules in the project, and of the package's declarations, as its messages. */
function compile(sources: Readonly<Record<string, string>>, options: ts.CompilerOptions): string[] {
  for (const [name, text] of Object.entries(sources)) {
    fs.writeFileSync(path.join(project, name), text)
  }
  const files = Object.keys(sources).map((name) => path.join(project, name))
  const all: ts.CompilerOptions = {
    ...{ noEmit: true, strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false },
    ...{ target: ts.ScriptTarget.ES2022, lib: ['lib.es2022.d.ts'], types: [] },
    ...options,
  }
  const program = ts.createProgram(files, all, host)
  const checked = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(project))
  const found = [
    ...program.getConfigFileParsingDiagnostics(),
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...checked.flatMap((file) => [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ]),
  ]
  return found.map(({ messageText, file }) =>
    [file?.fileName, ts.flattenDiagnosticMessageText(messageText, ' ')].join(': '),
  )
}

describe('the declarations compile, checked themselves too', () => {
  const modules = {
    'consumer.mts': `${IMPORT}${CONSUMER}`,
    'consumer.cts': `${IMPORT}${CONSUMER}
      import library = require('gru-native')
      export const same: typeof GRU = library.GRU`,
  }
  const { Bundler, Node16, NodeNext } = ts.ModuleResolutionKind
  const { ESNext, Node16: Node16Modules, NodeNext: NodeNextModules } = ts.ModuleKind
  const node = { typeRoots: [path.join(root, 'node_modules', '@types')], types: ['node'] }

  test.each<[string, ts.CompilerOptions]>([
    ['node16', { module: Node16Modules, moduleResolution: Node16 }],
    [
      'nodenext, the types of Node',
      { module: NodeNextModules, moduleResolution: NodeNext, ...node },
    ],
  ])('%s', (_, options) => {
    expect(compile(modules, options)).toEqual([])
  })

  test('bundler, the newest libraries', () => {
    const sources = { 'consumer.ts': `${IMPORT}${CONSUMER}` }
    const lib = ['lib.esnext.d.ts', 'lib.dom.d.ts']
    expect(compile(sources, { module: ESNext, moduleResolution: Bundler, lib })).toEqual([])
  })
})

test('publint finds nothing in the package', async () => {
  const program = path.join(root, 'node_modules', 'publint', 'src', 'cli.js')
  const lint = `"${process.execPath}" "${program}" node_modules/gru-native --strict --pack false`
  expect(await succeed(lint)).toContain('All good!')
})

test('without a prebuilt file the error names what a user has, and nothing that only a checkout has', async () => {
  const message = await load()
  expect(message).toMatch(/^ERR_GRU_LOAD: the native part could not be loaded on /)
  expect(message).toContain('`npx gru build`')
  expect(message).not.toMatch(/npm run/)
})
