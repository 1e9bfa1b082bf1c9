// Installs the package in a fresh Debian 11, whose glibc is 2.31, and runs the README's example there, by each Node. The
// system has no compiler and no Python. Then the example runs once more in a folder that holds Node, the shared libraries
// that Node itself needs, and the installed packages: without /proc, /dev and a shell.
import { copyFileSync, cpSync, mkdtempSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { inRoot, StepError, succeeds } from '../project.mjs'
import { output } from './commands.mjs'
import { inDebian, provideDebian } from './debian-root.mjs'
import { installAndRun, NODE_VERSIONS, provideNode } from './node-versions.mjs'
import { NPM, npmIn } from './npm.mjs'
import { provideTool } from './npm-package.mjs'
import { checkPrinted, EXAMPLE, inUserProject, nodeAlone } from './user-project.mjs'

const SUITE = 'bullseye'

/** Node's builds need it from version 25 on. */
const NODE_NEEDS = ['libatomic1']

const MUST_LACK = ['cc', 'c++', 'gcc', 'g++', 'clang', 'make', 'cmake', 'python3', 'node', 'npm']

function checkBare(debian) {
  const isThere = (program) => succeeds(['chroot', debian, 'sh', '-c', `command -v ${program}`])
  const found = MUST_LACK.filter(isThere)
  if (found.length === 0) return
  throw new StepError(`Debian ${SUITE} in ${debian}: expected it to have no ${found.join(', ')}`)
}

/** A copy of npm in the user's folders, which are all of this machine that the Debian has. */
function copyNpm(base) {
  const folder = join(base, 'npm')
  cpSync(provideTool(NPM), folder, { recursive: true })
  return npmIn(folder)
}

/** The shared libraries that a program needs, the loader included, as paths in the Debian. */
function librariesOf(program, inFolder) {
  const lines = inFolder(['/usr/bin/ldd', program]).split('\n')
  return lines.map((line) => /(\/\S+) \(0x/.exec(line)?.[1]).filter((path) => path !== undefined)
}

/** Runs the installed example where there is nothing else. Returns what there was beside it. */
function runAlone(project, inFolder) {
  const base = dirname(project)
  const alone = mkdtempSync(join(base, 'alone-'))
  const node = join(base, 'bin', 'node')
  const libraries = librariesOf(node, inFolder)
  inFolder(['/bin/cp', '--dereference', '--parents', ...libraries, alone])
  copyFileSync(node, join(alone, 'node'))
  cpSync(project, join(alone, 'project'), { recursive: true, verbatimSymlinks: true })
  const command = ['/usr/sbin/chroot', alone, '/node', `/project/${EXAMPLE}`]
  checkPrinted(output(command, inRoot(), { GRU_NATIVE_FALLBACK: 'off' }))
  return libraries.map((path) => basename(path)).join(', ')
}

function tryNode(debian, pinned, project) {
  const base = dirname(project)
  const environment = nodeAlone(project, provideNode(pinned))
  const set = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  const inFolder = (command) => {
    const clean = ['/usr/bin/env', '-i', `--chdir=${project}`, ...set, ...command]
    return output(inDebian(debian, base, clean), base)
  }
  installAndRun(copyNpm(base), inFolder)
  const libraries = runAlone(project, inFolder)
  return `Debian 11, Node ${pinned.version}: npm installs it, and it runs; runs beside Node and ${libraries} alone`
}

/** Tries each Node with the packages of a registry, whose address is given. Returns what was seen, as lines. */
export function checkDebian11(registry) {
  const debian = provideDebian(SUITE, NODE_NEEDS)
  checkBare(debian)
  return NODE_VERSIONS.map((pinned) =>
    inUserProject(registry, (project) => tryNode(debian, pinned, project)),
  )
}
