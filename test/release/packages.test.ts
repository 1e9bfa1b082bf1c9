import * as fs from 'node:fs'
import * as path from 'node:path'
import { FALLBACK, packageOf, PREBUILT_PLATFORMS } from '../../lib/load-addon'
import { OLDEST_GLIBC } from '../../lib/platform'
import { evaluate } from '../support/release-script'
import { temporaryFolder } from '../support/temporary-folder'

const inFolder = temporaryFolder()

test('the release builds what the library looks for', () => {
  const names = evaluate('targets.mjs', 'it.TARGETS.map(it.packageName)')
  expect(names).toEqual(expect.arrayContaining(PREBUILT_PLATFORMS.map(packageOf)))
  expect(names).toHaveLength(PREBUILT_PLATFORMS.length)
  expect(evaluate('targets.mjs', 'it.GLIBC')).toBe(OLDEST_GLIBC)
  expect(evaluate('wasm.mjs', 'it.WASM')).toBe(FALLBACK.slice('@gru-native/'.length))
  const search = fs.readFileSync(path.join(__dirname, '..', '..', 'lib', 'cuda-plugin.ts'), 'utf8')
  const [name, plugin] = [evaluate('cuda.mjs', 'it.CUDA'), evaluate('../nvcc.mjs', 'it.PLUGIN')]
  expect(search).toContain(`load.resolve('@gru-native/${String(name)}/${String(plugin)}')`)
})

describe("NVIDIA's licence", () => {
  const LISTS_RUNTIME = 'Attachment A: libcudart_static.a'

  /** The commands that ask for the licence in a toolkit that has one file. */
  function licenceIn(toolkit: string, file: string, text: string): () => unknown {
    const place = path.join(inFolder(toolkit), file)
    fs.mkdirSync(path.dirname(place), { recursive: true })
    fs.writeFileSync(place, text)
    const nvcc = inFolder(`nvcc-of-${toolkit}`)
    fs.writeFileSync(nvcc, `#!/bin/sh\necho '#$ TOP=${inFolder(toolkit)}/bin/..' >&2\n`)
    fs.chmodSync(nvcc, 0o755)
    fs.mkdirSync(path.join(inFolder(toolkit), 'bin'))
    return () => evaluate('cuda-licence.mjs', `it.findCudaLicence(${JSON.stringify(nvcc)})`)
  }

  test.each([
    ['an-installer', 'EULA.txt'],
    ['packages-for-python', 'dist-info/nvidia_cuda_runtime-13.0.96.dist-info/licenses/License.txt'],
  ])('is found where %s puts it', (toolkit, file) => {
    expect(licenceIn(toolkit, file, LISTS_RUNTIME)()).toBe(path.join(inFolder(toolkit), file))
  })

  test('is not one that does not name the runtime library', () => {
    expect(licenceIn('another-licence', 'EULA.txt', 'All rights reserved.')).toThrow(
      /expected NVIDIA's licence, which names libcudart_static\.a, in one of: /,
    )
  })
})

test('a package may have its own licence, limit of size and words on its installation', () => {
  fs.writeFileSync(inFolder('plugin.so'), 'machine code')
  const described = {
    ...{ name: '@gru-native/own-terms', what: 'A part', files: [inFolder('plugin.so')] },
    ...{ parts: [], limits: {}, license: 'SEE LICENSE IN NOTICE', maxBytes: 12 },
    installation: 'Install it by hand.',
  }
  const written = (changes: object): unknown => {
    const call = `it.writePackage(${JSON.stringify({ ...described, ...changes })}, ${JSON.stringify(inFolder('own-terms'))})`
    return evaluate('packages.mjs', call)
  }
  const { folder } = written({}) as { folder: string }
  const read = (name: string): string => fs.readFileSync(path.join(folder, name), 'utf8')
  expect(JSON.parse(read('package.json'))).toMatchObject({ license: described.license })
  expect(read('README.md')).toContain(described.installation)
  expect(read('README.md')).not.toContain('do not install it by itself')
  expect(() => written({ maxBytes: 11 })).toThrow(/expected at most 11 bytes, got 12/)
})

test('a package has its files, the licences of its parts and its limits', () => {
  const write = (name: string, text: string): string => {
    fs.writeFileSync(inFolder(name), text)
    return inFolder(name)
  }
  const described = {
    name: '@gru-native/of-a-test',
    what: 'A part',
    files: [write('part.node', 'machine code'), write('more.bin', 'more')],
    parts: [['a library', write('licence-of-a-library', 'You may use it.')]],
    limits: { os: ['linux'], cpu: ['x64'] },
  }
  const out = JSON.stringify(inFolder('out'))
  const call = `it.writePackage(${JSON.stringify(described)}, ${out})`
  const { folder, bytes } = evaluate('packages.mjs', call) as { folder: string; bytes: number }
  expect(bytes).toBe('machine codemore'.length)
  const read = (name: string): string => fs.readFileSync(path.join(folder, name), 'utf8')
  expect([read('part.node'), read('more.bin')]).toEqual(['machine code', 'more'])
  expect(read('NOTICE')).toContain('a library\n')
  expect(read('NOTICE')).toContain('You may use it.')
  const root = path.join(__dirname, '..', '..')
  expect(read('LICENSE')).toBe(fs.readFileSync(path.join(root, 'LICENSE'), 'utf8'))
  const { version, license } = JSON.parse(
    fs.readFileSync(path.join(root, 'package.json'), 'utf8'),
  ) as Record<string, string>
  expect(JSON.parse(read('package.json'))).toMatchObject({
    ...{ name: '@gru-native/of-a-test', version, license, main: 'part.node', type: 'commonjs' },
    files: ['part.node', 'more.bin', 'NOTICE'],
    ...described.limits,
  })
})

test('the package for users has the native parts as optional dependencies, and nothing of the checkout', () => {
  const base = { name: 'gru-native', version: '1.2.3', scripts: {}, devDependencies: { a: '1' } }
  const call = `it.manifest(${JSON.stringify(base)}, ['@gru-native/wasm32'])`
  expect(evaluate('main-package.mjs', call)).toEqual({
    name: 'gru-native',
    version: '1.2.3',
    optionalDependencies: { '@gru-native/wasm32': '1.2.3' },
    peerDependencies: { '@gru-native/cuda-linux-x64': '1.2.3' },
    peerDependenciesMeta: { '@gru-native/cuda-linux-x64': { optional: true } },
  })
})
