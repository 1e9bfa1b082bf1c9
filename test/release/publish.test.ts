import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as path from 'node:path'
import { promisify } from 'node:util'
import { temporaryFolder } from '../support/temporary-folder'

const inFolder = temporaryFolder()
const SCRIPT = path.join(__dirname, '..', '..', 'scripts', 'release', 'publish.mjs')

/** A registry that has version 1.0.0 of `there` with a hash, and keeps the names of what is published. */
function startRegistry(integrity: string): { server: Server; published: string[] } {
  const published: string[] = []
  const server = createServer((request, response) => {
    const name = decodeURIComponent(request.url!.slice(1).split('?')[0]!)
    if (request.method === 'PUT') {
      published.push(name)
      response.writeHead(201).end('{}')
    } else if (name === 'there') {
      const dist = { tarball: '', shasum: '', integrity }
      const versions = { '1.0.0': { name, version: '1.0.0', dist } }
      response.end(JSON.stringify({ name, 'dist-tags': { latest: '1.0.0' }, versions }))
    } else {
      response.writeHead(404).end('{"error":"not found"}')
    }
  })
  return { server, published }
}

function pack(name: string, version: string): string {
  const folder = inFolder(`${name}-${version}`)
  fs.mkdirSync(path.join(folder, 'package'), { recursive: true })
  const manifest = path.join(folder, 'package', 'package.json')
  fs.writeFileSync(manifest, JSON.stringify({ name, version }))
  const tarball = `${folder}.tgz`
  execFileSync('tar', ['-czf', tarball, '-C', folder, 'package'])
  return tarball
}

/** What the script publishes to that registry: what it prints at the end, or the message of its error. */
async function publish(
  { server }: { readonly server: Server },
  tarballs: readonly string[],
): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}/`
  fs.writeFileSync(inFolder('npmrc'), `registry=http://${host}\n//${host}:_authToken=of-a-test\n`)
  const program = `import { publish } from ${JSON.stringify(SCRIPT)}
    try { console.log(publish(${JSON.stringify(tarballs)}).join()) }
    catch (error) { console.log(error.message) }`
  const env = {
    ...process.env,
    ...{ npm_config_userconfig: inFolder('npmrc'), npm_config_cache: inFolder('cache') },
    npm_config_registry: `http://${host}`,
  }
  try {
    const args = ['--input-type=module', '-e', program]
    const { stdout } = await promisify(execFile)(process.execPath, args, { env })
    return stdout.trim()
  } finally {
    server.close()
  }
}

const hashOf = (file: string): string =>
  `sha512-${createHash('sha512').update(fs.readFileSync(file)).digest('base64')}`

test('publishes in the given order what the registry does not have', async () => {
  const tarballs = [pack('part', '1.0.0'), pack('there', '1.0.0'), pack('whole', '1.0.0')]
  const registry = startRegistry(hashOf(tarballs[1]!))
  expect((await publish(registry, tarballs)).split('\n').at(-1)).toBe('part,whole')
  expect(registry.published).toEqual(['part', 'whole'])
})

test('publishes nothing if the registry has another package of the same version', async () => {
  const registry = startRegistry('sha512-of-another')
  const message = await publish(registry, [pack('part', '1.0.0'), pack('there', '1.0.0')])
  expect(message).toMatch(/^there@1\.0\.0: another package of this version is published already/)
  expect(registry.published).toEqual([])
})
