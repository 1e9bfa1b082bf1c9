import { execFile, execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as path from 'node:path'
import { promisify } from 'node:util'
import { temporaryFolder } from '../support/temporary-folder'

const inFolder = temporaryFolder()
const SCRIPT = path.join(__dirname, '..', '..', 'scripts', 'release', 'publish.mjs')

/** A registry that has version 1.0.0 of `there`, and keeps the names of what is published. */
function startRegistry(): { server: Server; published: string[] } {
  const published: string[] = []
  const server = createServer((request, response) => {
    const name = decodeURIComponent(request.url!.slice(1).split('?')[0]!)
    if (request.method === 'PUT') {
      published.push(name)
      response.writeHead(201).end('{}')
    } else if (name === 'there') {
      const dist = { tarball: '', shasum: '', integrity: '' }
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

test('publishes in the given order what the registry does not have', async () => {
  const { server, published } = startRegistry()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}/`
  fs.writeFileSync(inFolder('npmrc'), `registry=http://${host}\n//${host}:_authToken=of-a-test\n`)
  const tarballs = [pack('part', '1.0.0'), pack('there', '1.0.0'), pack('whole', '1.0.0')]
  const program = `import { publish } from ${JSON.stringify(SCRIPT)}
    console.log(JSON.stringify(publish(${JSON.stringify(tarballs)})))`
  const env = {
    ...process.env,
    ...{ npm_config_userconfig: inFolder('npmrc'), npm_config_cache: inFolder('cache') },
    npm_config_registry: `http://${host}`,
  }
  try {
    const args = ['--input-type=module', '-e', program]
    const { stdout } = await promisify(execFile)(process.execPath, args, { env })
    expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toEqual(['part', 'whole'])
    expect(published).toEqual(['part', 'whole'])
  } finally {
    server.close()
  }
})
