// Builds the site into dist/: the reference of the API from the types of lib/, then every page of docs/ as HTML.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Application, TSConfigReader, TypeDocReader } from 'typedoc'
import { build } from 'vitepress'
import { buildDemo, canBuildDemo } from '../scripts/demo-bundle.mjs'
import { faultsOf } from './faults.mjs'

const API = path.join(import.meta.dirname, '..', 'docs', 'api')

/**
 * A sentence that begins with a shape, such as `[steps, batch]: the states`, is the definition of a link to Markdown,
 * and would not be seen.
 */
function escapeShapes(text) {
  return text.replace(/^(\s*(?:[-*>|]\s+)?)\[(?=[^\]\n]*\]:)/gm, '$1\\[')
}

async function buildApi() {
  rmSync(API, { recursive: true, force: true })
  const options = path.join(import.meta.dirname, 'typedoc.json')
  const application = await Application.bootstrapWithPlugins({ options, logLevel: 'Error' }, [
    new TypeDocReader(),
    new TSConfigReader(),
  ])
  const project = await application.convert()
  if (project === undefined) throw new Error('lib/ does not compile')
  await application.generateOutputs(project)
  for (const name of readdirSync(API, { recursive: true })) {
    if (!name.endsWith('.md')) continue
    const file = path.join(API, name)
    writeFileSync(file, escapeShapes(readFileSync(file, 'utf8')))
  }
}

await buildApi()
await build(import.meta.dirname)
if (canBuildDemo()) await buildDemo(path.join(import.meta.dirname, 'dist', 'demo.js'))
else {
  console.log(
    'The page "In your browser" says that it has no demonstrations: they need the WebAssembly package ' +
      '(npm run release -- --only wasm32).',
  )
}

const faults = faultsOf(path.join(import.meta.dirname, 'dist'))
for (const fault of faults) console.error(fault)
if (faults.length > 0) process.exitCode = 1
