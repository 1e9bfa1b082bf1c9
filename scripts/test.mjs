// `npm test`: sets up the checkout, then runs every check of the project and counts the results.
// The last line of output is `N passed, N failed`.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { clearReports, jestCheck, nativeCheck, runCheck, summarize, totalsFile } from './checks.mjs'
import { numericsChecks } from './numerics-checks.mjs'
import { packageCommand, root } from './project.mjs'

const setUp = {
  name: 'set-up',
  command: [process.execPath, 'scripts/setup.mjs', '--tests', '--warnings-are-errors'],
}

// Made after set-up, since the commands of npm packages can be found only then.
const standardChecks = () => [
  { name: 'eslint', command: [...packageCommand('eslint'), '--max-warnings', '0', '.'] },
  { name: 'prettier', command: [...packageCommand('prettier'), '--check', '.'] },
  { name: 'clang-format', command: [process.execPath, 'scripts/clang-format.mjs', '--check'] },
  { name: 'typecheck', command: [...packageCommand('typescript', 'tsc'), '-p', 'tsconfig.json'] },
  { name: 'dependency directions', command: [process.execPath, 'scripts/check-directions.mjs'] },
  nativeCheck('native tests'),
  nativeCheck('native tests, sanitized', ['address', 'undefined']),
  jestCheck('jest'),
  jestCheck('jobs and lifetimes, cuda-emulated', {
    pattern: 'binding/(jobs|lifetimes)\\.test\\.ts$',
    env: { GRU_NATIVE_DEVICE: 'cuda-emulated' },
  }),
]

/** What the engine uses in a new process with additional environment variables. */
function runtimeWith(env) {
  const script = "console.log(JSON.stringify(require('./dist').runtime()))"
  const options = { cwd: root, encoding: 'utf8', env: { ...process.env, ...env } }
  return JSON.parse(execFileSync(process.execPath, ['-e', script], options))
}

function checksOfNumerics() {
  try {
    return numericsChecks(runtimeWith)
  } catch {
    const command = [process.execPath, '-e', "require('./dist').runtime()"]
    return [{ name: 'what the engine runs on', command }]
  }
}

clearReports()
const rows = [runCheck(setUp)]
// Without its packages nothing can run. Without the addon, checks that do not need it still can.
try {
  for (const check of standardChecks()) rows.push(runCheck(check))
  for (const check of checksOfNumerics()) rows.push(runCheck(check))
} catch (error) {
  console.error(`the checks cannot start: ${error.message}`)
  rows.push({ name: 'checks', passed: 0, failed: 1, seconds: 0 })
}
writeFileSync(totalsFile, JSON.stringify({ rows }))
summarize(rows)
