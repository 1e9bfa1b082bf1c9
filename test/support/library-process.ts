import { spawnSync } from 'node:child_process'
import * as path from 'node:path'
import { compileLibrary } from './compile-library'

const root = path.join(__dirname, '..', '..')

/** What a script printed and how its process ended. */
export interface LibraryExit {
  readonly status: number | null
  readonly signal: string | null
  readonly output: string
}

/**
 * Compiles lib into `folder` and returns a function that runs a script in its own Node process, with the library as
 * `gru` and additional environment variables.
 */
export function libraryProcess(
  folder: string,
): (script: string, environment?: NodeJS.ProcessEnv) => LibraryExit {
  const library = compileLibrary(folder)
  return (script, environment = {}) => {
    const program = `const gru = require(${JSON.stringify(path.join(library, 'index.js'))});\n${script}`
    const addon = path.join(root, 'build', 'Release', 'gru_native.node')
    const modules = path.join(root, 'node_modules')
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['-e', program], {
      env: { GRU_NATIVE_ADDON: addon, ...process.env, NODE_PATH: modules, ...environment },
      encoding: 'utf8',
    })
    return { status, signal, output: stdout + stderr }
  }
}
