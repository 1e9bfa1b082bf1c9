// The compilers, bundlers and checkers that try a released package, as its users' tools do. They are pinned by the lock
// file of scripts/release/tools, and are no dependencies of the project, whose own work does not need them.
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { inRoot } from '../project.mjs'
import { output } from './commands.mjs'

const FILES = ['package.json', 'package-lock.json']
const source = inRoot('scripts', 'release', 'tools')

function install(folder) {
  console.log('fetching the tools that try the package')
  const parent = inRoot('build', 'release')
  mkdirSync(parent, { recursive: true })
  const work = mkdtempSync(join(parent, 'fetching-'))
  for (const file of FILES) copyFileSync(join(source, file), join(work, file))
  output(['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], work)
  renameSync(work, folder)
}

/** Installs the tools unless they are there, and returns their folder. */
export function provideTools() {
  const hash = createHash('sha256').update(readFileSync(join(source, 'package-lock.json')))
  const folder = inRoot('build', 'release', `tools-${hash.digest('hex').slice(0, 12)}`)
  if (!existsSync(folder)) install(folder)
  return folder
}

/** `require` as a module in the folder of the tools has it. */
export const requireTool = () => createRequire(join(provideTools(), 'package.json'))
