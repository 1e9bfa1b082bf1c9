// `npm run bench`: sets up the checkout and the bench, then measures. `npm run bench -- --help` explains the options.
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import process from 'node:process'
import { StepError } from '../scripts/project.mjs'
import { setUp } from '../scripts/setup.mjs'
import { buildBench, places } from './build.mjs'

try {
  setUp({ tests: false })
  buildBench()
  const { main } = await import(pathToFileURL(join(places.scripts, 'run.js')).href)
  process.exitCode = await main(places, process.argv.slice(2))
} catch (error) {
  if (!(error instanceof StepError)) throw error
  console.error(`bench: ${error.message}`)
  process.exitCode = 1
}
