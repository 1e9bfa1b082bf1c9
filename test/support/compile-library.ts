import { buildSync } from 'esbuild'
import { readdirSync } from 'node:fs'
import * as path from 'node:path'

const SOURCES = path.join(__dirname, '..', '..', 'lib')

/**
 * Compiles the current lib, for processes that cannot wait for a build. Returns the folder, whose
 * modules have lib's names.
 */
export function compileLibrary(folder: string): string {
  const entries = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  buildSync({
    entryPoints: entries
      .filter((entry) => entry.endsWith('.ts'))
      .map((entry) => path.join(SOURCES, entry)),
    ...{ outdir: folder, outbase: SOURCES, format: 'cjs', platform: 'node', target: 'es2022' },
  })
  return folder
}
