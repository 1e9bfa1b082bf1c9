import { spawnSync } from 'node:child_process'
import * as path from 'node:path'
import { pathToFileURL } from 'node:url'

const scripts = path.join(__dirname, '../scripts')

/** What a script's function returns in a process of its own, as JSON, after what it printed. */
function evaluate(script: string, code: string): { printed: string; value: unknown } {
  const module = pathToFileURL(path.join(scripts, script)).href
  const program = `import * as script from ${JSON.stringify(module)}
    console.log('\\n' + JSON.stringify(${code}))`
  const args = ['--input-type=module', '-e', program]
  const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  const lines = stdout.trimEnd().split('\n')
  return { value: JSON.parse(lines.pop()!), printed: lines.join('\n').trim() }
}

test('a folder that is not there has no names', () => {
  expect(evaluate('project.mjs', "script.namesIn('/nowhere/include')").value).toEqual([])
  const code = `script.namesIn(${JSON.stringify(scripts)}).includes('setup.mjs')`
  expect(evaluate('project.mjs', code).value).toBe(true)
})

describe('the numerical suites', () => {
  /** Names and variables of the checks for an addon; `blas` is what it has where it is asked for. */
  const checks = (blas: string): ReturnType<typeof evaluate> => {
    const runtime = `{ isa: 'avx2', isas: ['baseline', 'avx2'], blas: asked.GRU_NATIVE_BLAS === 'on' ? '${blas}' : 'none' }`
    const call = `script.numericsChecks((asked) => (${runtime}))`
    return evaluate('numerics-checks.mjs', `${call}.map(({ name, env }) => [name, env])`)
  }
  const others = [
    ['numerics, BLAS off', { GRU_NATIVE_BLAS: 'off' }],
    ['numerics, baseline', { GRU_NATIVE_ISA: 'baseline' }],
  ]

  test('run with BLAS, without it, and on other instruction sets', () => {
    const { value, printed } = checks('OpenBLAS 0.3.21')
    expect(value).toEqual([['numerics, BLAS on', { GRU_NATIVE_BLAS: 'on' }], ...others])
    expect(printed).toBe('')
  })

  test('do not run with BLAS where the addon has none, and it is said', () => {
    const { value, printed } = checks('none')
    expect(value).toEqual(others)
    expect(printed).toBe('left out: numerics, BLAS on: the addon was built without a CBLAS')
  })
})
