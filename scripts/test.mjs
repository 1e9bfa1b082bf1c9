// `npm test`: sets the checkout up, then runs every check of the project and counts the results.
// The last line of output is `N passed, N failed`.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { clearReports, jestCheck, nativeCheck, runCheck, summarize, totalsFile } from './checks.mjs'
import { packageCommand, root } from './project.mjs'

/** The suites that compare numbers; they run again for every way the engine can compute them. */
const NUMERICS = '\\.numerics\\.test\\.ts$'

const setUp = { name: 'set-up', command: [process.execPath, 'scripts/setup.mjs'] }

// Made after set-up: the commands of npm packages can be looked up only then.
const standardChecks = () => [
  { name: 'eslint', command: [...packageCommand('eslint'), '--max-warnings', '0', '.'] },
  { name: 'prettier', command: [...packageCommand('prettier'), '--check', '.'] },
  { name: 'clang-format', command: [process.execPath, 'scripts/clang-format.mjs', '--check'] },
  { name: 'typecheck', command: [...packageCommand('typescript', 'tsc'), '-p', 'tsconfig.json'] },
  { name: 'dependency directions', command: [process.execPath, 'scripts/check-directions.mjs'] },
  nativeCheck('native tests'),
  nativeCheck('native tests, sanitized', ['address', 'undefined']),
  jestCheck('jest'),
  jestCheck('numerics, BLAS on', { pattern: NUMERICS, env: { GRU_NATIVE_BLAS: 'on' } }),
  jestCheck('numerics, BLAS off', { pattern: NUMERICS, env: { GRU_NATIVE_BLAS: 'off' } }),
]

/** The instruction sets that this machine can run besides the one chosen by default. */
function otherIsas() {
  const script = `const { isa, isas } = require('./dist').runtime()
    console.log(JSON.stringify(isas.filter((name) => name !== isa)))`
  return JSON.parse(execFileSync(process.execPath, ['-e', script], { cwd: root, encoding: 'utf8' }))
}

function isaChecks() {
  try {
    return otherIsas().map((isa) =>
      jestCheck(`numerics, ${isa}`, { pattern: NUMERICS, env: { GRU_NATIVE_ISA: isa } }),
    )
  } catch {
    const command = [process.execPath, '-e', "require('./dist').runtime().isas.length"]
    return [{ name: 'list of instruction sets', command }]
  }
}

clearReports()
const rows = [runCheck(setUp)]
// Without its packages nothing can run; without its addon the checks that need none still can.
try {
  for (const check of standardChecks()) rows.push(runCheck(check))
  for (const check of isaChecks()) rows.push(runCheck(check))
} catch (error) {
  console.error(`the checks cannot start: ${error.message}`)
  rows.push({ name: 'checks', passed: 0, failed: 1, seconds: 0 })
}
writeFileSync(totalsFile, JSON.stringify({ rows }))
summarize(rows)
