import * as fs from 'node:fs'
import * as path from 'node:path'
import { explainLoadError } from '../lib/load-error'
import { currentPlatform, hasOldGlibc } from '../lib/platform'
import { addonPath } from './support/addon'
import { consumerProject } from './support/consumer-project'
import { temporaryFolder } from './support/temporary-folder'

// Which native part an installed package loads. The packages of the platforms are made by the test: those that load are
// the checkout's own addon.

const project = consumerProject(temporaryFolder()('project'))
const platform = currentPlatform()
const prebuilt = path.join(project.platform, 'gru_native.node')
const fallback = path.join(project.folder, 'node_modules', '@gru-native', 'wasm32')
const build = path.join(project.installed, 'build', 'Release', 'gru_native.node')
const own = path.join(project.installed, 'prebuilds')

const PROGRAM = `
  const warnings = []
  process.on('warning', ({ code, message }) => warnings.push({ code, message }))
  const { runtime } = require('gru-native')
  let error
  try { runtime() && runtime() } catch ({ code, message }) { error = { code, message } }
  const files = process.report.getReport().sharedObjects.filter((file) => file.endsWith('.node'))
  setImmediate(() => console.log(JSON.stringify({ error, warnings, files })))`

interface Outcome {
  readonly error?: { readonly code: string; readonly message: string }
  readonly warnings: readonly { readonly code: string; readonly message: string }[]
  /** The loaded addons. */
  readonly files: readonly string[]
}

async function load(variables = ''): Promise<Outcome> {
  project.write('program.js', PROGRAM)
  const { output } = await project.run(
    `${variables} "${process.execPath}" --no-warnings program.js`,
  )
  return JSON.parse(output) as Outcome
}

function put(file: string, text?: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  if (text === undefined) fs.copyFileSync(addonPath, file)
  else fs.writeFileSync(file, text)
}

function putFallback(): void {
  put(path.join(fallback, 'package.json'), '{ "main": "index.js" }')
  put(path.join(fallback, 'index.js'), "module.exports = require('./wasm.node')")
  put(path.join(fallback, 'wasm.node'))
}

beforeEach(() => {
  for (const folder of [project.platform, fallback, path.dirname(build), own]) {
    fs.rmSync(folder, { recursive: true, force: true })
  }
})

describe('what is loaded', () => {
  test('one file, and no large module of Node, before the first use', async () => {
    project.write(
      'require.js',
      `
      const before = new Set(process.moduleLoadList)
      require('gru-native')
      const modules = process.moduleLoadList.filter((name) => !before.has(name))
      console.log(JSON.stringify({ modules, files: Object.keys(require.cache).slice(1) }))`,
    )
    const { output } = await project.run(`"${process.execPath}" require.js`)
    const { modules, files } = JSON.parse(output) as Record<'modules' | 'files', string[]>
    expect(files).toEqual([fs.realpathSync(path.join(project.installed, 'dist', 'index.js'))])
    expect(modules.filter((name) => /crypto|fs.promises|zlib|http|worker/.test(name))).toEqual([])
  })

  test('the package of the platform', async () => {
    put(prebuilt)
    putFallback()
    expect(await load()).toEqual({ warnings: [], files: [fs.realpathSync(prebuilt)] })
  })

  test('a build of the package before that', async () => {
    put(prebuilt)
    put(build)
    expect(await load()).toEqual({ warnings: [], files: [fs.realpathSync(build)] })
  })

  test('a file that prebuildify put into the package before that of the platform', async () => {
    const file = path.join(own, `${process.platform}-${process.arch}`, 'gru-native.node')
    put(prebuilt)
    put(file)
    expect((await load()).files).toEqual([fs.realpathSync(file)])
  })

  test('the package of the platform where a build does not load', async () => {
    put(prebuilt)
    put(build, 'of another machine')
    expect((await load()).files).toEqual([fs.realpathSync(prebuilt)])
  })

  test('the file that is named before all others', async () => {
    put(prebuilt)
    put(build)
    const { files } = await load(`GRU_NATIVE_ADDON=${addonPath}`)
    expect(files).toEqual([fs.realpathSync(addonPath)])
  })

  test.each([
    ['is not installed', undefined],
    ['does not load', 'of another machine'],
  ])('the WebAssembly, with one warning, where a prebuilt file %s', async (state, text) => {
    if (text !== undefined) put(prebuilt, text)
    putFallback()
    const { error, warnings, files } = await load()
    expect([error, files]).toEqual([undefined, [path.join(fallback, 'wasm.node')]])
    expect(warnings.map(({ code }) => code)).toEqual(['GRU_WARN_FALLBACK'])
    const reason = text === undefined ? `@gru-native/${platform.name} ${state}` : prebuilt
    expect(warnings[0]!.message).toContain(reason)
    expect(warnings[0]!.message).toContain('`npx gru build`')
  })

  test('the WebAssembly, and worker threads that start later do not repeat the warning', async () => {
    putFallback()
    project.write(
      'workers.js',
      `
      const { Worker } = require('node:worker_threads')
      const work = \`
        const seen = []
        process.on('warning', ({ code }) => seen.push(code))
        require('gru-native').runtime()
        setImmediate(() => require('node:worker_threads').parentPort.postMessage(seen))\`
      const inMain = []
      process.on('warning', ({ code }) => inMain.push(code))
      require('gru-native').runtime()
      const worker = new Worker(work, { eval: true })
      worker.on('message', (inWorker) => console.log(JSON.stringify({ inMain, inWorker })))`,
    )
    const { output } = await project.run(`"${process.execPath}" --no-warnings workers.js`)
    expect(JSON.parse(output)).toEqual({ inMain: ['GRU_WARN_FALLBACK'], inWorker: [] })
  })

  test('no WebAssembly where it is forbidden', async () => {
    putFallback()
    const { error, warnings, files } = await load('GRU_NATIVE_FALLBACK=off')
    expect([error?.code, warnings, files]).toEqual(['ERR_GRU_LOAD', [], []])
  })

  test('a wrong value of the variable is told, and forbids nothing', async () => {
    putFallback()
    const { error, warnings } = await load('GRU_NATIVE_FALLBACK=never')
    expect(error).toBe(undefined)
    expect(warnings[0]).toEqual({
      code: 'GRU_WARN_ENVIRONMENT',
      message: 'GRU_NATIVE_FALLBACK: expected on or off, got "never"; in use: on',
    })
  })
})

describe('the error', () => {
  test('names the platform, what there is, and every remedy', async () => {
    const { version } = JSON.parse(
      fs.readFileSync(path.join(project.installed, 'package.json'), 'utf8'),
    ) as { version: string }
    const { error } = await load()
    const { platform: system, arch, version: node } = process
    expect(error!.code).toBe('ERR_GRU_LOAD')
    const { libc } = platform
    const neededGlibc =
      libc?.family === 'glibc'
        ? [`those for Linux need glibc 2.28 or later, found: ${libc.version}`]
        : []
    const [first, ...list] = error!.message.split('\n  - ')
    expect(first).toMatch(
      new RegExp(`^the native part could not be loaded on ${system} ${arch}.*, Node ${node}: `),
    )
    expect(first).toContain(`@gru-native/${platform.name} is not installed`)
    expect(list).toEqual([
      expect.stringMatching(/^there are prebuilt files for: linux-x64, .*; installed: none$/),
      ...neededGlibc,
      expect.stringContaining(`\`npm install @gru-native/${platform.name}@${version}\``),
      expect.stringMatching(/^build it from source, with CMake .*: `npx gru build`$/),
      `use the slower WebAssembly: \`npm install @gru-native/wasm32@${version}\``,
    ])
  })

  test('names the glibc that was found and the one that is needed', () => {
    const old = {
      ...{ name: 'linux-x64', system: 'linux x64' },
      libc: { family: 'glibc', version: '2.27' },
    }
    const message = explainLoadError(path.join(project.installed, 'dist'), old, [])
    expect(message).toMatch(/^the native part could not be loaded on linux x64 glibc 2\.27, Node /)
    expect(message).toContain('\n  - those for Linux need glibc 2.28 or later, found: 2.27\n')
    expect(message).not.toContain('@gru-native/linux-x64@')
  })

  test.each([
    ['2.27', true],
    ['2.5', true],
    ['1.99', true],
    ['2.28', false],
    ['2.36', false],
    ['3.0', false],
    [undefined, false],
  ])('a glibc %s is too old: %s', (version, old) => {
    const libc = version === undefined ? { family: 'glibc' } : { family: 'glibc', version }
    expect(hasOldGlibc({ name: 'linux-x64', system: 'linux x64', libc })).toBe(old)
  })
})
