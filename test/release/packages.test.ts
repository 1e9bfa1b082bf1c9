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
  })
})
