import { build, type BuildOptions } from 'esbuild'
import * as fs from 'node:fs'
import * as path from 'node:path'
import * as ts from 'typescript'
import { EXTERNALS } from '../../lib/load-error'
import { consumerProject } from '../support/consumer-project'
import { temporaryFolder } from '../support/temporary-folder'

// A program of a user, bundled. docs/hosts.md has the same for other bundlers.

const inFolder = temporaryFolder()
const project = consumerProject(inFolder('project'))
const prebuilds = path.join(project.installed, 'prebuilds')
const program = project.write(
  'src/program.js',
  `
  import { GRU, GruError, Model, SequenceModel } from 'gru-native'
  try {
    const layer = new GRU({ inputSize: 1, hiddenSize: 2 })
    layer.forward(new Float32Array(3)).then(({ output }) => console.log(output.length))
  } catch (error) {
    console.log(error instanceof GruError, error.code + ': ' + error.message)
  }`,
)

/** Bundles the program into a folder, with what is needed at run time not beside it. */
async function bundle(name: string, options: BuildOptions = {}): Promise<string> {
  const folder = inFolder(name)
  await build({
    ...{ entryPoints: [program], outfile: path.join(folder, 'dist', 'program.js') },
    ...{ bundle: true, platform: 'node', logLevel: 'silent' },
    ...options,
  })
  return folder
}

async function run(folder: string, file = 'program.js'): Promise<string> {
  const { output } = await project.run(
    `"${process.execPath}" "${path.join(folder, 'dist', file)}"`,
    '..',
  )
  return output
}

function install(folder: string): void {
  fs.cpSync(path.join(project.folder, 'node_modules'), path.join(folder, 'node_modules'), {
    recursive: true,
  })
}

test('a bundle alone says what is missing and how to get it', async () => {
  const folder = await bundle('alone')
  const output = await run(folder)
  expect(output).toMatch(/^true ERR_GRU_LOAD: the native part could not be loaded on /)
  expect(output).toContain(`a bundle, in ${path.join(folder, 'dist')},`)
  expect(EXTERNALS.filter((external) => !output.includes(external))).toEqual([])
  expect(output).toContain(`folder prebuilds to ${path.join(folder, 'dist', 'prebuilds')}\n`)
  expect(output).not.toMatch(/build it|npm run/)
})

test.each([{}, { minify: true }])(
  'a bundle finds prebuilt files beside it: %j',
  async (options) => {
    const folder = await bundle(`beside${String(options.minify)}`, options)
    fs.cpSync(prebuilds, path.join(folder, 'dist', 'prebuilds'), { recursive: true })
    expect(await run(folder)).toBe('6\n')
  },
)

test('a bundle with prebuilt files of another platform beside it names them', async () => {
  const folder = await bundle('foreign')
  const foreign = path.join(folder, 'dist', 'prebuilds', 'plan9-mips')
  fs.mkdirSync(foreign, { recursive: true })
  fs.writeFileSync(path.join(foreign, 'gru-native.node'), '')
  expect(await run(folder)).toContain('which has files for: plan9-mips/gru-native.node\n')
})

test('a bundle finds the package that is installed where it runs', async () => {
  const folder = await bundle('installed')
  install(folder)
  expect(await run(folder)).toBe('6\n')
})

test.each(['cjs', 'esm'] as const)('the package may stay out of a bundle: %s', async (format) => {
  const folder = inFolder(`external-${format}`)
  const file = format === 'esm' ? 'program.mjs' : 'program.js'
  const outfile = path.join(folder, 'dist', file)
  await bundle(`external-${format}`, { outfile, format, external: ['gru-native'] })
  install(folder)
  expect(await run(folder, file)).toBe('6\n')
  expect(fs.statSync(outfile).size).toBeLessThan(10_000)
})

test('the code that finds the addon has a form that ncc reads', () => {
  const source = fs.readFileSync(path.join(__dirname, '../../lib/load-addon.ts'), 'utf8')
  const compile = (target: ts.ScriptTarget): string =>
    ts.transpileModule(source, {
      compilerOptions: { target, module: ts.ModuleKind.CommonJS, esModuleInterop: true },
    }).outputText
  const code = compile(ts.ScriptTarget.ES2022)
  expect(code).toBe(compile(ts.ScriptTarget.ES2020))
  expect(code).not.toMatch(/__import|__create/)
  expect(code).toContain('const loadBuilt = require("node-gyp-build");')
  expect(code).toContain('loadBuilt(`${__dirname}/..`)')
})
