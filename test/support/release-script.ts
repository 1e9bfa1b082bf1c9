import { execFileSync } from 'node:child_process'
import * as path from 'node:path'
import { pathToFileURL } from 'node:url'

const RELEASE = path.join(__dirname, '..', '..', 'scripts', 'release')

/** What an expression over the exports of a script of the release gives. The expression may wait. */
export function evaluate(script: string, expression: string): unknown {
  const url = JSON.stringify(pathToFileURL(path.join(RELEASE, script)).href)
  const program = `import * as it from ${url}; console.log(JSON.stringify((${expression}) ?? null))`
  const args = ['--input-type=module', '--eval', program]
  const options = { encoding: 'utf8', stdio: 'pipe' } as const
  return JSON.parse(execFileSync(process.execPath, args, options)) as unknown
}
