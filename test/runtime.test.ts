import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { runtime, setThreads } from '../lib'
import { native } from '../lib/native'
import { compileLibrary } from './support/compile-library'
import { expectGruError } from './support/errors'
import { temporaryFolder } from './support/temporary-folder'

const inFolder = temporaryFolder()
const root = path.join(__dirname, '..')

describe('runtime', () => {
  test('tells what the engine runs on', () => {
    const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      version: string
    }
    const found = runtime()
    expect(found.version).toBe(version)
    expect(found.isas).toContain(found.isa)
    expect(found.threads).toBeGreaterThanOrEqual(1)
    expect(found.blas).not.toBe('')
    expect(found.cuda.available).toBe(found.cuda.devices.length > 0)
    expect(found.cuda.available || found.cuda.reason !== '').toBe(true)
  })
})

describe('setThreads', () => {
  test('is told by runtime', () => {
    for (const threads of [3, 1, 2]) {
      setThreads(threads)
      expect(runtime().threads).toBe(threads)
    }
  })

  test.each([0, -1, 1.5, NaN, 1025])('refuses %p', (bad) => {
    const before = runtime().threads
    const message = `threads: expected an integer from 1 to 1024, got ${bad}`
    expectGruError(
      () => {
        setThreads(bad)
      },
      'ERR_GRU_VALUE',
      message,
    )
    expect(runtime().threads).toBe(before)
  })

  test('refuses what is no number', () => {
    expectGruError(
      () => {
        setThreads('2' as unknown as number)
      },
      'ERR_GRU_TYPE',
      /got "2"$/,
    )
  })
})

describe('the native part', () => {
  test('is loaded once', () => {
    expect(native()).toBe(native())
  })

  const library = compileLibrary(inFolder('lib'))

  /** What a new process reports when it makes a GRU. */
  function load(env: NodeJS.ProcessEnv): { code: string; message: string; hasCause: boolean } {
    const script = `
      const { runtime, Dataset } = require(${JSON.stringify(path.join(library, 'index.js'))})
      new Dataset([{ input: new Float32Array(1), target: new Float32Array(1) }])
      try { runtime() } catch ({ code, message, cause }) {
        console.log(JSON.stringify({ code, message, hasCause: cause instanceof Error }))
      }`
    const variables = { ...process.env, NODE_PATH: path.join(root, 'node_modules'), ...env }
    const { stdout } = spawnSync(process.execPath, ['-e', script], {
      env: variables,
      encoding: 'utf8',
    })
    return JSON.parse(stdout) as ReturnType<typeof load>
  }

  test('that is named and not there is an error that says so', () => {
    const { code, message, hasCause } = load({ GRU_NATIVE_ADDON: '/nowhere/addon.node' })
    expect(code).toBe('ERR_GRU_LOAD')
    expect(message).toContain(`${process.platform} ${process.arch}`)
    expect(message).toMatch(/GRU_NATIVE_ADDON names \/nowhere\/addon\.node/)
    expect(hasCause).toBe(true)
  })

  test('that is no addon is an error', () => {
    fs.writeFileSync(inFolder('text.node'), 'no library')
    const { code, message } = load({ GRU_NATIVE_ADDON: inFolder('text.node') })
    expect(code).toBe('ERR_GRU_LOAD')
    expect(message).toContain('text.node')
  })

  // test/package.test.ts follows what the message lists for an installed package.
  test('that was never built in a checkout lists what to do there', () => {
    fs.writeFileSync(inFolder('binding.d.ts'), '')
    fs.mkdirSync(inFolder('scripts'))
    fs.writeFileSync(inFolder('scripts/setup.mjs'), '')
    const { code, message, hasCause } = load({ GRU_NATIVE_ADDON: '' })
    expect(code).toBe('ERR_GRU_LOAD')
    const remedies = (command: string): string =>
      `\n  - build it, in ${path.dirname(library)}: \`${command}\``
    const setUp = 'npm run setup'
    expect(message.slice(message.indexOf('\n'))).toBe(remedies(setUp))
    expect(hasCause).toBe(true)
    // Set-up does not rebuild what it has built, although that may be for another machine.
    fs.mkdirSync(inFolder('build'))
    const again = load({ GRU_NATIVE_ADDON: '' }).message
    expect(again).toContain(remedies(`rm -rf build && ${setUp}`))
    const { scripts } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    expect(scripts['setup']).toMatch(/^node scripts\/setup\.mjs/)
  })
})
