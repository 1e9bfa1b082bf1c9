import { build, type BuildOptions } from 'esbuild'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { EXTERNALS } from '../../lib/load-error'
import { consumerProject } from '../support/consumer-project'
import { temporaryFolder } from '../support/temporary-folder'

// A program of a user, bundled. docs/hosts.md has the same for other bundlers.

const inFolder = temporaryFolder()
const project = consumerProject(inFolder('project'))
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
  expect(output).toContain(`to ${path.join(folder, 'dist', 'gru_native.node')}\n`)
  expect(output).not.toMatch(/build it|npm run/)
})

test.each([{}, { minify: true }])(
  'a bundle finds the native part beside it: %j',
  async (options) => {
    const folder = await bundle(`beside${String(options.minify)}`, options)
    const addon = 'gru_native.node'
    fs.copyFileSync(path.join(project.platform, addon), path.join(folder, 'dist', addon))
    expect(await run(folder)).toBe('6\n')
  },
)

test('a bundle finds the native part of the package, where only that one can', async () => {
  const folder = await bundle('nested')
  install(folder)
  // As pnpm installs: the packages of a package are not those of the project.
  const modules = path.join(folder, 'node_modules')
  fs.renameSync(path.join(modules, '@gru-native'), path.join(modules, 'hidden'))
  const own = path.join(modules, 'gru-native', 'node_modules')
  fs.mkdirSync(own)
  fs.renameSync(path.join(modules, 'hidden'), path.join(own, '@gru-native'))
  expect(await run(folder)).toBe('6\n')
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
