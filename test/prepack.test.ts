import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { temporaryFolder } from './support/temporary-folder'

const inFolder = temporaryFolder()
const root = path.join(__dirname, '..')

test('an unbuilt package is not packed, and a built one is', () => {
  const write = (file: string): void => {
    fs.mkdirSync(path.dirname(inFolder(file)), { recursive: true })
    fs.writeFileSync(inFolder(file), '')
  }
  const prepack = (): [number | null, string] => {
    const script = inFolder('scripts/prepack.mjs')
    const { status, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' })
    return [status, stderr]
  }
  fs.mkdirSync(inFolder('scripts'))
  for (const name of ['prepack.mjs', 'project.mjs']) {
    fs.copyFileSync(path.join(root, 'scripts', name), inFolder(`scripts/${name}`))
  }
  write('binding.d.ts')
  const library = ['dist/index.js', 'dist/index.d.ts']
  const web = ['dist/web/index.mjs', 'dist/web/index.d.mts']
  const built = [...library, ...web, 'dist/cli/main.js', 'dist/headers/napi.h']
  const [status, message] = prepack()
  expect(status).toBe(1)
  expect(message).toContain(`got none of ${built.join(', ')}\n`)
  built.forEach(write)
  expect(prepack()).toEqual([0, ''])
})

test('the notice has the licence of each work in the package', () => {
  const notice = fs.readFileSync(path.join(root, 'NOTICE'), 'utf8')
  const headers = path.join(root, 'dist', 'headers')
  const licences = fs.readdirSync(headers).filter((name) => name.startsWith('LICENSE.'))
  expect(licences).toHaveLength(2)
  for (const name of licences) {
    expect(notice).toContain(`\n${name.slice('LICENSE.'.length)}\n`)
    expect(notice).toContain(fs.readFileSync(path.join(headers, name), 'utf8').trim())
  }
  for (const name of ['buffer', 'base64-js', 'ieee754']) {
    const licence = path.join(root, 'node_modules', name, 'LICENSE')
    expect(notice).toContain(`\n${name}\n`)
    expect(notice).toContain(fs.readFileSync(licence, 'utf8').trim())
  }
})
