import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { currentPlatform } from '../lib/platform'
import { addonPath } from './support/addon'
import { libraryProcess } from './support/library-process'
import { temporaryFolder } from './support/temporary-folder'

const PLUGIN = 'gru_native_cuda.so'
const EMULATED = path.join(path.dirname(addonPath), 'gru_native_cuda_emulated.so')

const inFolder = temporaryFolder()
const run = libraryProcess(inFolder('lib'))

/** A copy of the addon. `provide` writes the plug-in beside it. */
function addonBeside(name: string, provide: (plugin: string) => void): string {
  const folder = inFolder(name)
  mkdirSync(folder)
  copyFileSync(addonPath, path.join(folder, 'gru_native.node'))
  provide(path.join(folder, PLUGIN))
  return path.join(folder, 'gru_native.node')
}

/** Compiles a library that replaces the plug-in. */
function compile(source: string): (plugin: string) => void {
  return (plugin) => {
    const args = ['-shared', '-fPIC', '-x', 'c++', '-o', plugin, '-']
    const compiler = process.env['CXX'] ?? 'c++'
    const { status, stderr } = spawnSync(compiler, args, { input: source, encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
  }
}

const OTHER_VERSION = `
  struct Plugin { const char* version; void* functions[2]; };
  static const Plugin plugin{"0.0.0+other", {}};
  extern "C" const Plugin* gru_cuda_plugin() { return &plugin; }
`

/** What a process reports about its devices: the JSON of a script's `told`. */
function tell(script: string, environment: NodeJS.ProcessEnv): unknown {
  const { status, output } = run(
    `const attempt = (call) => { try { return call() } catch ({ code, message }) { return { code, message } } }
     const layer = (device, precision) => new gru.GRU({ inputSize: 2, hiddenSize: 3, device, precision })
     const told = ${script}
     console.log(JSON.stringify(told))`,
    environment,
  )
  if (status !== 0) throw new Error(output)
  return JSON.parse(output)
}

const EVERYTHING = `{
  cuda: gru.runtime().cuda,
  named: attempt(() => layer('cuda:1').device),
  auto: layer('auto').device,
  inexact: attempt(() => layer('auto', 'tf32').device),
}`

describe.each<[string, (plugin: string) => void, RegExp]>([
  [
    'that is not there',
    () => undefined,
    /^there is no CUDA plug-in .*gru_native_cuda\.so; .*`npm run build:cuda`/,
  ],
  [
    'that is no library',
    (plugin) => {
      writeFileSync(plugin, 'no library')
    },
    /^the CUDA plug-in does not load: .*gru_native_cuda\.so: .+; .*`npm run build:cuda`/,
  ],
  ['that is another library', compile(''), /gru_native_cuda\.so is no CUDA plug-in of this/],
  [
    'of another version',
    compile(OTHER_VERSION),
    /^the CUDA plug-in .* is of version 0\.0\.0\+other, and the addon of \d.*; .*`npm run build:cuda`/,
  ],
])('a plug-in %s', (name, provide, reason) => {
  const addon = addonBeside(name.replaceAll(' ', '-'), provide)

  test('is a reason that says what to do, and the CPU computes', () => {
    const told = tell(EVERYTHING, { GRU_NATIVE_ADDON: addon }) as Record<string, unknown>
    const expected = expect.stringMatching(reason) as unknown
    expect(told['cuda']).toEqual({ available: false, reason: expected, devices: [] })
    expect(told['named']).toEqual({
      code: 'ERR_GRU_DEVICE',
      message: `device: expected one that can be used, got 'cuda:1': ${(told['cuda'] as { reason: string }).reason}`,
    })
    expect(told['auto']).toBe('cpu')
    expect(told['inexact']).toEqual({
      code: 'ERR_GRU_VALUE',
      message: "precision: expected 'float32' on the CPU, got 'tf32'",
    })
  })
})

function copyEmulated(plugin: string): void {
  copyFileSync(EMULATED, plugin)
}

/** The environment of a process that finds the plug-in's package, into which `provide` writes the plug-in. */
function withPackage(name: string, provide: (plugin: string) => void): NodeJS.ProcessEnv {
  const modules = inFolder(name)
  const folder = path.join(modules, '@gru-native', 'cuda-linux-x64')
  mkdirSync(folder, { recursive: true })
  provide(path.join(folder, PLUGIN))
  const own = path.join(__dirname, '..', 'node_modules')
  return { NODE_PATH: [modules, own].join(path.delimiter) }
}

describe('a plug-in in its package', () => {
  const alone = addonBeside('alone', () => undefined)
  const installed = withPackage('installed', copyEmulated)
  const foreign = withPackage('foreign', compile(OTHER_VERSION))

  test.each([
    ['for a device that is named', "attempt(() => layer('cuda').device)", 'cuda:0'],
    ['for the best device', "layer('auto').device", 'cuda:0'],
    ['for the list of devices', 'gru.runtime().cuda.available', true],
  ])('is found %s', (_, script, expected) => {
    expect(tell(script, { GRU_NATIVE_ADDON: alone, ...installed })).toBe(expected)
  })

  test('is not used if there is one beside the addon', () => {
    const addon = addonBeside('not-alone', copyEmulated)
    const script = '[gru.runtime().cuda.available, gru.runtime().cuda.reason]'
    expect(tell(script, { GRU_NATIVE_ADDON: addon, ...foreign })).toEqual([true, ''])
  })

  test('of another version is refused, and the message has both versions and the one to install', () => {
    const told = tell('[gru.runtime().version, gru.runtime().cuda.reason]', {
      ...{ GRU_NATIVE_ADDON: alone, ...foreign },
    })
    const [version, reason] = told as [string, string]
    expect(reason).toMatch(
      /foreign.*gru_native_cuda\.so is of version 0\.0\.0\+other, and the addon/,
    )
    expect(reason).toContain(`and the addon of ${version}+`)
    const command = `\`npm install @gru-native/cuda-linux-x64@${version}\``
    expect(reason.includes(command)).toBe(currentPlatform().name === 'linux-x64')
  })
})

describe('a plug-in that can be used', () => {
  const addon = addonBeside('emulated', copyEmulated)

  test('tells of its devices, which can be named and chosen', () => {
    const told = tell(EVERYTHING, { GRU_NATIVE_ADDON: addon, GRU_CUDA_EMULATED_DEVICES: '2' })
    const device = (name: string) => ({
      device: name,
      name: expect.stringMatching(/./) as unknown,
      memory: expect.any(Number) as unknown,
      computeCapability: expect.stringMatching(/^\d+\.\d$/) as unknown,
      multiprocessors: expect.any(Number) as unknown,
    })
    expect(told).toEqual({
      cuda: { available: true, reason: '', devices: [device('cuda:0'), device('cuda:1')] },
      named: 'cuda:1',
      auto: 'cuda:0',
      inexact: 'cuda:0',
    })
  })

  test('is not loaded by who uses the CPU', () => {
    const script = `(layer('cpu').forwardSync(new Float32Array(2)), gru.runtime().isa,
      require('fs').readFileSync('/proc/self/maps', 'utf8').includes(${JSON.stringify(PLUGIN)}))`
    expect(tell(script, { GRU_NATIVE_ADDON: addon })).toBe(false)
    const asked = script.replace('.isa', '.cuda')
    expect(tell(asked, { GRU_NATIVE_ADDON: addon })).toBe(true)
  })

  test.each([
    [
      'no driver that is new enough',
      'cudaGetDeviceCount:1:cudaErrorInsufficientDriver',
      /install a newer NVIDIA driver, or use device 'cpu'$/,
    ],
    [
      'no device',
      'cudaGetDeviceCount:1:cudaErrorNoDevice',
      /no GPU that CUDA can use; use device 'cpu'$/,
    ],
  ])('says that there is %s, and what to do', (_, fault, reason) => {
    const told = tell('gru.runtime().cuda', {
      ...{ GRU_NATIVE_ADDON: addon, GRU_CUDA_EMULATED_FAULT: fault },
    }) as { reason: string }
    expect(told).toEqual({ available: false, reason: told.reason, devices: [] })
    expect(told.reason).toMatch(reason)
  })

  test('tells what is wrong with a request, for auto too', () => {
    const environment = { GRU_NATIVE_ADDON: addon, GRU_NATIVE_CUDA_TIER: 'fast' }
    expect(tell("attempt(() => layer('auto').device)", environment)).toEqual({
      code: 'ERR_GRU_VALUE',
      message: expect.stringMatching(/^GRU_NATIVE_CUDA_TIER: .*, got 'fast'$/) as unknown,
    })
  })

  test('does without a device for auto where it does not work', () => {
    const told = tell("layer('auto').device", {
      ...{
        GRU_NATIVE_ADDON: addon,
        GRU_CUDA_EMULATED_FAULT: 'cudaStreamCreateWithFlags:1:cudaErrorUnknown',
      },
    })
    expect(told).toBe('cpu')
  })
})
