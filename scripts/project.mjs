// Shared by the scripts: where the project is, how commands are run, and stamps of finished work. It uses only Node's
// built-in modules, since set-up runs before any package is installed.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
export const inRoot = (...parts) => join(root, ...parts)

/** A failure of which the user needs to see only the message. */
export class StepError extends Error {}

/** The command of an installed npm package, as arguments for Node itself. */
export function packageCommand(name, bin = name) {
  const folder = inRoot('node_modules', name)
  const { bin: bins } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return [process.execPath, join(folder, typeof bins === 'string' ? bins : bins[bin])]
}

/**
 * Runs a command in the project's root and returns its exit status. Its output is shown; with `quiet` only if the
 * command fails.
 */
export function run([program, ...args], { env = {}, quiet = false } = {}) {
  const output = quiet ? 'pipe' : 'inherit'
  const result = spawnSync(program, args, {
    cwd: root,
    stdio: ['ignore', output, output],
    maxBuffer: Infinity,
    env: { ...process.env, ...env },
  })
  if (result.error) throw new StepError(`cannot run ${program}: ${result.error.message}`)
  if (quiet && result.status !== 0) process.stderr.write(`${result.stdout}${result.stderr}`)
  return result.status ?? 1
}

/** Whether the command runs and succeeds. Its output is discarded. */
export function succeeds([program, ...args]) {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0
}

/** Every file below the given paths (files or folders, relative to the root), sorted. */
export function filesUnder(paths, keep = () => true) {
  const found = []
  const visit = (path) => {
    const stats = statSync(path, { throwIfNoEntry: false })
    if (!stats) return
    if (stats.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name))
    else found.push(relative(root, path))
  }
  for (const path of paths) visit(inRoot(path))
  return found.filter(keep).sort()
}

/** The names in a folder; empty if there is no such folder. */
export function namesIn(folder) {
  return existsSync(folder) ? readdirSync(folder) : []
}

/** A hash of the inputs of a step: its files (name, time, size) and further facts. */
export function fingerprint(files, facts) {
  const hash = createHash('sha256').update(JSON.stringify(facts))
  for (const file of files) {
    const { mtimeMs, size } = statSync(inRoot(file))
    hash.update(`\n${file} ${mtimeMs} ${size}`)
  }
  return hash.digest('hex')
}

const stampPath = (name) => inRoot('build', 'stamps', name)

export function readStamp(name) {
  return existsSync(stampPath(name)) ? readFileSync(stampPath(name), 'utf8') : undefined
}

export function writeStamp(name, text) {
  mkdirSync(dirname(stampPath(name)), { recursive: true })
  writeFileSync(stampPath(name), text)
}
