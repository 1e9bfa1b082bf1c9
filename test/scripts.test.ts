import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { pathToFileURL } from 'node:url'
import { temporaryFolder } from './support/temporary-folder'

const scripts = path.join(__dirname, '../scripts')

/** Runs a function of a script in its own process. Returns its result as JSON, and what it printed before. */
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
  /** The names and variables of the checks for an addon. `blas` is its BLAS if one is requested. */
  const checks = (blas: string): ReturnType<typeof evaluate> => {
    const runtime = `{ isa: 'avx2', isas: ['baseline', 'avx2'], blas: asked.GRU_NATIVE_BLAS === 'on' ? '${blas}' : 'none' }`
    const call = `script.numericsChecks((asked) => (${runtime}))`
    return evaluate('numerics-checks.mjs', `${call}.map(({ name, env }) => [name, env])`)
  }
  const others = [
    ['numerics, BLAS off', { GRU_NATIVE_BLAS: 'off' }],
    ['numerics, baseline', { GRU_NATIVE_ISA: 'baseline' }],
    ...[
      ['numerics, cuda-emulated', {}],
      ['numerics, cuda-emulated, stepwise', { GRU_NATIVE_CUDA_TIER: 'stepwise' }],
      ['numerics, cuda-emulated, persistent', { GRU_NATIVE_CUDA_TIER: 'persistent' }],
    ].map(([name, env]) => [name, { GRU_NATIVE_DEVICE: 'cuda-emulated', ...(env as object) }]),
  ]

  test('run with BLAS, without it, on other instruction sets and on the emulated device', () => {
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

describe('nvcc', () => {
  const folder = temporaryFolder()('cuda')
  const compiler = path.join(folder, 'bin', 'nvcc')
  mkdirSync(path.dirname(compiler), { recursive: true })
  writeFileSync(compiler, '#!/bin/sh\n', { mode: 0o755 })

  const find = (named: string | undefined, environment: Record<string, string>): unknown =>
    evaluate(
      'nvcc.mjs',
      `script.findNvcc(${JSON.stringify(named)}, ${JSON.stringify(environment)})`,
    ).value

  test('is the named one, or found in the places for it', () => {
    expect(find(compiler, {})).toBe(compiler)
    expect(find(undefined, { PATH: `/nowhere:${path.dirname(compiler)}` })).toBe(compiler)
    expect(find(undefined, { CUDA_HOME: folder })).toBe(compiler)
    expect(find(undefined, { CUDA_HOME: '/nowhere', CUDA_PATH: folder })).toBe(compiler)
  })

  test('that is missing is an error that says what to do', () => {
    const message = (named: string): unknown =>
      evaluate(
        'nvcc.mjs',
        `(() => { try { script.requireNvcc('${named}', {}) } catch ({ message }) { return message } })()`,
      ).value
    expect(message('/nowhere/nvcc')).toMatch(/^\/nowhere\/nvcc is no CUDA compiler\n {2}remedy: /)
    const run = spawnSync(process.execPath, [path.join(scripts, 'build-cuda.mjs'), '--nvcc', '/x'])
    expect([run.status, run.stderr.toString()]).toEqual([
      1,
      expect.stringMatching(/^build:cuda: \/x is no CUDA compiler\n {2}remedy: /),
    ])
  })
})

describe('occupancy', () => {
  // Figures of NVIDIA's occupancy calculator.
  test.each([
    [86, { threads: 256, registers: 32, shared: 0 }, 6],
    [80, { threads: 256, registers: 64, shared: 0 }, 4],
    [80, { threads: 256, registers: 65, shared: 0 }, 3],
    [75, { threads: 1024, registers: 64, shared: 0 }, 1],
    [75, { threads: 32, registers: 16, shared: 0 }, 16],
    [90, { threads: 128, registers: 32, shared: 48 * 1024 }, 4],
    [86, { threads: 128, registers: 32, shared: 48 * 1024 }, 2],
    [120, { threads: 32, registers: 16, shared: 0 }, 24],
  ])('on sm_%d of %j is %d blocks', (target, kernel, blocks) => {
    const call = `script.residentBlocks(${target}, ${JSON.stringify(kernel)})`
    expect(evaluate('occupancy.mjs', call).value).toBe(blocks)
  })

  test('on a target without known limits is an error that names it', () => {
    const kernel = { threads: 256, registers: 32, shared: 0 }
    const call = `script.residentBlocks(50, ${JSON.stringify(kernel)})`
    const caught = `(() => { try { ${call} } catch ({ message }) { return message } })()`
    expect(evaluate('occupancy.mjs', caught).value).toMatch(/^sm_50: /)
  })
})

test("ptxas's report and launch bounds are read", () => {
  const log = `ptxas info    : Compiling entry function '_Z1a' for 'sm_86'
ptxas info    : Function properties for _Z1a
    8 bytes stack frame, 12 bytes spill stores, 16 bytes spill loads
ptxas info    : Used 34 registers, used 1 barriers, 2048 bytes smem, 396 bytes cmem[0]
ptxas info    : Compiling entry function '_Z1b' for 'sm_86'
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 8 registers, used 0 barriers, 396 bytes cmem[0]`
  expect(
    evaluate('cuda-report.mjs', `script.parseResources(${JSON.stringify(log)})`).value,
  ).toEqual({
    _Z1a: { registers: 34, shared: 2048, spills: 28 },
    _Z1b: { registers: 8, shared: 0, spills: 0 },
  })
  const ptx = `.visible .entry _Z1a(\n.param .u64 x\n)\n.maxntid 32, 8, 1\n.minnctapersm 2\n{\n}
.visible .entry _Z1b(\n)\n{\n}`
  expect(evaluate('cuda-report.mjs', `script.parseBounds(${JSON.stringify(ptx)})`).value).toEqual({
    _Z1a: { threads: 256, blocks: 2 },
    _Z1b: { blocks: 1 },
  })
})

describe('barriers', () => {
  const sites = (source: string): unknown =>
    evaluate(
      'barrier-sites.mjs',
      `script.barrierSites(${JSON.stringify(source)}).map((site) =>
        [site.line, script.withoutSite(${JSON.stringify(source)}, site)])`,
    ).value

  test('are found one by one, where they are called and not in comments', () => {
    expect(sites('// __syncthreads();\na; __syncthreads();\n__syncwarp(mask);')).toEqual([
      [2, '// __syncthreads();\na; {}\n__syncwarp(mask);'],
      [3, '// __syncthreads();\na; __syncthreads();\n{}'],
    ])
    expect(sites('void arrive(int* c) { add(c); }\narrive(c);\nbarrier.wait();')).toEqual([
      [2, 'void arrive(int* c) { add(c); }\n{}\nbarrier.wait();'],
      [3, 'void arrive(int* c) { add(c); }\narrive(c);\n{}'],
    ])
  })

  test('in a vote leave the vote of each thread', () => {
    expect(sites('if (__syncthreads_or(f(x)) == 0) return;')).toEqual([
      [1, 'if ((f(x)) == 0) return;'],
    ])
    expect(sites('while (arrivals(c) < n) __nanosleep(20);')).toEqual([[1, '{}']])
  })
})
