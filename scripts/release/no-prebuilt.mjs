// What users see for whom there is no prebuilt file: the WebAssembly with a warning, or an error whose command builds the
// native part from the sources in the package.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { StepError } from '../project.mjs'
import { output } from './commands.mjs'
import { checkPrinted, EXAMPLE, inUserProject, userEnvironment } from './user-project.mjs'

const environment = (project) => ({ ...userEnvironment(), HOME: join(dirname(project), 'home') })

const install = (project, ...options) =>
  output(
    ['npm', 'install', '--ignore-scripts', ...options, 'gru-native'],
    project,
    environment(project),
  )

/** Runs the example. Returns what it wrote, its errors and warnings included. */
function runExample(project) {
  const options = { cwd: project, env: environment(project), encoding: 'utf8' }
  const { stdout, stderr } = spawnSync(process.execPath, [EXAMPLE], options)
  return `${stdout}${stderr}`
}

/** The part of a text that a pattern finds. */
function find(pattern, text) {
  const found = pattern.exec(text)
  if (found === null) throw new StepError(`expected ${pattern}, got:\n${text}`)
  return found[0]
}

function fallBack(project) {
  install(project)
  rmSync(join(project, 'node_modules', '@gru-native', 'linux-x64'), { recursive: true })
  const printed = runExample(project)
  checkPrinted(printed)
  find(/GRU_WARN_FALLBACK/, printed)
  return 'without a prebuilt file: the WebAssembly runs, with a warning'
}

function buildFromSource(project) {
  install(project, '--omit=optional')
  const message = runExample(project)
  find(/ERR_GRU_LOAD/, message)
  const command = find(/npx gru build/, message)
  const built = output(['sh', '-c', command], project, environment(project))
  checkPrinted(runExample(project))
  return `without any native part: the error names ${command}, after which it runs; ${find(/instruction set.*/, built)}`
}

/** Both get the address of a registry with the release's packages, and return what was seen. */
export const checkFallback = (registry) => inUserProject(registry, fallBack)
export const checkBuildFromSource = (registry) => inUserProject(registry, buildFromSource)
