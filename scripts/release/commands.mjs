// Commands of the release: each must succeed.
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { inRoot, run, StepError } from '../project.mjs'

/** Runs a command in the project's root and shows its output. `purpose` says in a message what failed. */
export function must(purpose, command) {
  const status = run(command)
  if (status === 0) return
  throw new StepError(`${purpose} failed (exit status ${status})\n  command: ${command.join(' ')}`)
}

/** Builds a target of CMake in a folder, configured by `options`. What did not change since the last build stays. */
export function buildByCMake(purpose, { folder, options, target }) {
  must(purpose, ['cmake', '-S', inRoot(), '-B', folder, '--log-level=WARNING', ...options])
  const jobs = String(availableParallelism())
  must(purpose, ['cmake', '--build', folder, '--target', target, '--parallel', jobs])
}

/** Runs a command in a folder and returns what it printed. */
export function output([program, ...args], cwd, env = process.env) {
  const options = { cwd, env, encoding: 'utf8', maxBuffer: Infinity }
  const { status, stdout, stderr, error } = spawnSync(program, args, options)
  if (status === 0) return stdout
  const told = error?.message ?? `${stdout}${stderr}`.trim()
  throw new StepError(`${[program, ...args].join(' ')} failed in ${cwd}: ${told}`)
}

/** The path of the tarball that `npm pack` writes in `cwd` into `folder`: of the package there, or of one by its name. */
export function npmPack(cwd, folder, ...names) {
  const command = ['npm', 'pack', '--json', '--silent', '--pack-destination', folder, ...names]
  const [{ filename }] = JSON.parse(output(command, cwd))
  return join(folder, filename.replace('@', '').replace('/', '-'))
}
