// Bundles a program that uses the released package as docs/hosts.md says, and runs the bundles: with the package left out,
// and with its code inside and the native part beside the bundle. It also runs the program with those files alone that
// Next.js would copy.
import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inRoot, StepError } from '../project.mjs'
import { output } from './commands.mjs'
import { inInstalledProject, runNode, writeFiles } from './installed-project.mjs'
import { requireTool } from './tools.mjs'

const PROGRAM = `
import { GRU } from 'gru-native'
const layer = new GRU({ inputSize: 1, hiddenSize: 2, seed: 1 })
layer.forward(Float32Array.of(1, 2, 3)).then(({ output }) => console.log(output.join(' ')))
`

const BLOCK = /^```.*\n([^]*?)^```$/gm

/** The block of code of docs/hosts.md whose title or code has these words. */
function documented(words) {
  const blocks = [...readFileSync(inRoot('docs', 'hosts.md'), 'utf8').matchAll(BLOCK)]
  const found = blocks.filter(([block]) => block.includes(words))
  if (found.length === 1) return found[0][1]
  throw new StepError(`docs/hosts.md: expected one block with ${words}, got ${found.length}`)
}

const CONFIGURATION = 'webpack.config.js'

const urlOf = (path) => JSON.stringify(pathToFileURL(path).href)

/** The documented script for esbuild, with some options changed. */
const esbuildScript = (changes) => `
import * as esbuild from ${JSON.stringify(import.meta.resolve('esbuild'))}
const places = { entryPoints: ['program.mjs'], outfile: 'dist/program.js' }
const build = (options) => esbuild.build({ ...options, ...places, ...${JSON.stringify(changes)} })
${documented('[a build script with esbuild]')}
`

/** A run of webpack with the documented configuration, with some options changed. */
const webpackScript = (changes) => `
import { resolve } from 'node:path'
import webpack from ${urlOf(requireTool().resolve('webpack'))}
import options from './${CONFIGURATION}'
const output = { path: resolve('dist'), filename: 'program.js' }
const places = { mode: 'production', entry: './program.mjs', output }
webpack({ ...options, ...places, ...${JSON.stringify(changes)} }, (error, stats) => {
  if (error === null && !stats.hasErrors()) return
  console.error(error ?? stats.toString())
  process.exitCode = 1
})
`

/** Each with the options that take the package's code into the bundle. */
const BUNDLERS = {
  esbuild: { script: esbuildScript, inside: { external: [] } },
  webpack: { script: webpackScript, inside: { externals: {} } },
}

function bundle(project, script) {
  writeFiles(project, { 'build.mjs': script })
  runNode(project, 'build.mjs')
}

function expectSame(what, printed, expected) {
  if (printed === expected) return
  throw new StepError(`${what}: expected the program to print ${expected}, got ${printed}`)
}

/** The package stays out of the bundle, and is installed where that runs. */
function checkOutside(project, name, { script }, expected) {
  bundle(project, script({}))
  expectSame(`${name}, the package left out`, runNode(project, 'dist/program.js'), expected)
  const text = readFileSync(join(project, 'dist', 'program.js'), 'utf8')
  if (text.includes('require("gru-native")')) return
  throw new StepError(`${name}: expected a bundle that requires gru-native, got one with its code`)
}

/** The package's code is in the bundle, which runs alone with the native part. */
function checkInside(project, name, { script, inside }, expected) {
  bundle(project, script(inside))
  output(['sh', '-c', documented('cp node_modules/')], project)
  const alone = join(dirname(project), name)
  cpSync(join(project, 'dist'), alone, { recursive: true })
  expectSame(
    `${name}, with the native part beside the bundle`,
    runNode(alone, 'program.js'),
    expected,
  )
}

/** The files that Next.js copies for a server are all that the program needs. */
async function checkTraced(project, expected) {
  const { nodeFileTrace } = requireTool()('@vercel/nft')
  const { fileList } = await nodeFileTrace([join(project, 'program.mjs')], { base: project })
  const alone = join(dirname(project), 'traced')
  for (const file of fileList) {
    mkdirSync(dirname(join(alone, file)), { recursive: true })
    cpSync(join(project, file), join(alone, file))
  }
  expectSame('the files that Next.js copies', runNode(alone, 'program.mjs'), expected)
}

/** Fails unless all bundles print what the program prints. Returns a line that says by which tools they were made. */
export async function checkBundlers(tarballs) {
  await inInstalledProject(tarballs, async (project) => {
    writeFiles(project, {
      'program.mjs': PROGRAM,
      [CONFIGURATION]: documented('[webpack.config.js]'),
    })
    const expected = runNode(project, 'program.mjs')
    for (const [name, bundler] of Object.entries(BUNDLERS)) {
      checkOutside(project, name, bundler, expected)
      checkInside(project, name, bundler, expected)
    }
    await checkTraced(project, expected)
  })
  return `bundles: ${Object.keys(BUNDLERS).join(' and ')} as documented, and the files that Next.js copies`
}
