// Installs the package by each package manager as a user does, and runs the README's example. The user has Node alone on
// the PATH, and no script of a package runs. Then all is installed again from the manager's cache without a network, and
// the example runs once more, where nothing can be written.
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { StepError } from '../project.mjs'
import { output } from './commands.mjs'
import { NPM, npmIn } from './npm.mjs'
import { provideTool } from './npm-package.mjs'
import { offline, readOnly } from './sandbox.mjs'
import { checkPrinted, EXAMPLE, inUserProject, nodeAlone } from './user-project.mjs'

const PACKAGE = 'gru-native'
const NO_SCRIPTS = '--ignore-scripts'

const YARN = {
  name: '@yarnpkg/cli-dist',
  version: '4.18.1',
  sha512:
    'EH+A4TxAtBWXKE0DGQxW9Bo9crXHLJ73mfxjTQJuv8XonNWWTpei8BQ5JjczHJNU9GROTycwMFn8iOvRIZXUcA==',
}

const PNPM = {
  name: '@pnpm/exe.linux-x64',
  version: '12.21.0',
  sha512:
    '8eufCjHXspKbNS/kh8q4Q0gqJoOuvC4Q5pgos6XS8By/nAMtP+jf8F1Cw9er840kfAX+PJ/ts+A9qnLE91rvXQ==',
}

const BUN = {
  name: '@oven/bun-linux-x64',
  version: '1.4.5',
  sha512:
    'IWX9BELoGHAUtMonkeSaNaZwXzRk+oDw6Mk+HBFXd3KHYIBNBsIGRupMZPcgNoDbJpLu6gAJjIoIVPZtt1aJ1g==',
}

const DENO = {
  name: '@deno/linux-x64-glibc',
  version: '2.9.6',
  sha512:
    '3md4TKLCuzsLDmfOoC5KN7NAZaxSVkMgm64vg6foD00JBADCpYS2/5QqXfzgnP5ZQz3iLP9vBQJtEgc116OAoQ==',
}

/** The settings of Yarn; `linker` says whether packages are in node_modules or in archives (Plug'n'Play). */
const yarnSettings = (registry, linker) => `
npmRegistryServer: ${registry}
unsafeHttpWhitelist: [127.0.0.1]
enableTelemetry: false
enableScripts: false
nodeLinker: ${linker}
`

const yarn = (linker) => ({
  tool: YARN,
  program: (folder) => ['node', join(folder, 'bin', 'yarn.js')],
  add: ['add', PACKAGE],
  again: ['install', '--immutable'],
  files: (registry) => ({ '.yarnrc.yml': yarnSettings(registry, linker) }),
})

/**
 * `program` gives the manager's command, from the folder of its `tool`. `add` installs the package, and `again` what the
 * lock file names, from the cache. `files` gives the manager's settings, `runs` the commands that run a file, by default
 * Node's, and `more` the platforms whose packages come without being used.
 */
const MANAGERS = [
  {
    name: 'npm',
    tool: NPM,
    program: npmIn,
    add: ['install', NO_SCRIPTS, PACKAGE],
    again: ['ci', NO_SCRIPTS, '--offline'],
  },
  {
    name: 'pnpm',
    tool: PNPM,
    program: (folder) => [join(folder, 'pnpm')],
    add: ['add', NO_SCRIPTS, PACKAGE],
    again: ['install', NO_SCRIPTS, '--offline', '--frozen-lockfile'],
  },
  { name: 'yarn, node_modules', ...yarn('node-modules') },
  {
    name: "yarn, Plug'n'Play",
    ...yarn('pnp'),
    runs: () => [['node', '--require', './.pnp.cjs', '--loader', './.pnp.loader.mjs']],
  },
  {
    name: 'bun',
    tool: BUN,
    program: (folder) => [join(folder, 'bin', 'bun')],
    add: ['add', NO_SCRIPTS, PACKAGE],
    again: ['install', NO_SCRIPTS, '--frozen-lockfile'],
    runs: (bun) => [['node'], bun],
  },
  {
    name: 'deno',
    tool: DENO,
    program: (folder) => [join(folder, 'deno')],
    add: ['add', `npm:${PACKAGE}`],
    again: ['install', '--frozen', '--cached-only'],
    runs: (deno) => [['node'], [...deno, 'run', '--allow-all']],
    // It does not ask which libc there is.
    more: ['linuxmusl-x64'],
  },
]

/** What managers install, beside lock files. */
const INSTALLED = ['node_modules', '.pnp.cjs', '.pnp.loader.mjs', join('.yarn', 'unplugged')]

/** The platforms whose packages are in the project, wherever the manager puts them. */
function installedPlatforms(project) {
  const files = readdirSync(project, { recursive: true })
  const found = files.map((file) => /@gru-native\/([^/]+)\/package\.json$/.exec(file)?.[1])
  return [...new Set(found.filter((name) => name !== undefined))].sort()
}

function checkPlatforms(project, more) {
  const found = installedPlatforms(project).join(', ')
  const expected = ['linux-x64', 'wasm32', ...more].sort().join(', ')
  if (found === expected) return found
  throw new StepError(`expected the packages of ${expected} to be installed, got ${found}`)
}

function tryManager(manager, registry, project) {
  const { add, again, files = () => ({}), runs = () => [['node']], more = [] } = manager
  const program = manager.program(provideTool(manager.tool))
  const environment = nodeAlone(project)
  const inProject = (command) => output(command, project, environment)
  for (const [name, text] of Object.entries(files(registry))) {
    writeFileSync(join(project, name), text)
  }
  const runAll = (within) => {
    for (const run of runs(program)) checkPrinted(inProject(within([...run, EXAMPLE])))
  }
  inProject([...program, ...add])
  checkPlatforms(project, more)
  runAll((command) => command)
  for (const name of INSTALLED) rmSync(join(project, name), { recursive: true, force: true })
  inProject(offline([...program, ...again]))
  runAll((command) => offline(readOnly(dirname(project), command)))
  return checkPlatforms(project, more)
}

/** Tries each manager with the packages of a registry, whose address is given. Returns what was seen, as lines. */
export function checkManagers(registry) {
  return MANAGERS.map((manager) => {
    const { name, tool } = manager
    try {
      const platforms = inUserProject(registry, (project) => tryManager(manager, registry, project))
      return `${name} ${tool.version}: installs ${platforms}; runs; offline and read-only too`
    } catch (error) {
      throw new StepError(`${name} ${tool.version}: ${error.message}`, { cause: error })
    }
  })
}
