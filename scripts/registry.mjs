// A registry of npm packages on this machine, so that packages are installed as users install them: before they are
// published, and without a network. It is a process of its own, so that its user may wait for another command.
//
//   node scripts/registry.mjs [TARBALL]...
//
// It has the packages of the checkout's node_modules, which it packs on request, and those of the tarballs. It prints its
// address, and ends when its standard input does.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { basename, dirname, join } from 'node:path'
import process from 'node:process'
import { inRoot } from './project.mjs'

const NODE_MODULES = 'node_modules/'

/** Package managers may refuse versions of the last days. */
const PUBLISHED = '2020-01-01T00:00:00.000Z'

const tar = (...args) => execFileSync('tar', args, { maxBuffer: 2 ** 28 })

/** A version of a package: its package.json, and what gives its tarball. */
function fromTarball(file) {
  const manifest = JSON.parse(tar('-xzOf', file, 'package/package.json').toString())
  return { manifest, pack: () => readFileSync(file) }
}

function fromFolder(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const packed = ['--exclude', 'node_modules', '-C', dirname(folder), basename(folder)]
  return { manifest, pack: () => tar('-czf', '-', ...packed) }
}

/** The folders of each package, relative to the checkout: at least one for each version. */
function packageFolders() {
  const lock = readFileSync(inRoot('node_modules', '.package-lock.json'), 'utf8')
  const folders = new Map()
  for (const [folder, { name: aliased }] of Object.entries(JSON.parse(lock).packages)) {
    const name = aliased ?? folder.slice(folder.lastIndexOf(NODE_MODULES) + NODE_MODULES.length)
    folders.set(name, [...(folders.get(name) ?? []), folder])
  }
  return folders
}

const folders = packageFolders()
const released = process.argv.slice(2).map(fromTarball)
const packed = new Map()

/** The versions of a package. The folder at the highest level is the checkout's own, and comes last. */
function versionsOf(name) {
  const own = released.filter(({ manifest }) => manifest.name === name)
  if (own.length > 0) return own
  const found = [...(folders.get(name) ?? [])].sort((a, b) => b.length - a.length)
  return found.map((folder) => fromFolder(inRoot(folder)))
}

/** Packs a version for the requests that follow, and returns what a registry says of it. */
function describeVersion({ manifest, pack }, address) {
  const path = `/-/${manifest.name}-${manifest.version}.tgz`
  if (!packed.has(path)) packed.set(path, pack())
  const digest = createHash('sha512').update(packed.get(path)).digest('base64')
  return { ...manifest, dist: { tarball: `${address}${path}`, integrity: `sha512-${digest}` } }
}

function describePackage(name, versions, address) {
  const described = versions.map((version) => describeVersion(version, address))
  const byVersion = (value) => described.map((entry) => [entry.version, value(entry)])
  return {
    name,
    'dist-tags': { latest: described.at(-1).version },
    versions: Object.fromEntries(byVersion((entry) => entry)),
    time: Object.fromEntries(byVersion(() => PUBLISHED)),
  }
}

const server = createServer(({ url, headers: { host } }, response) => {
  const path = decodeURIComponent(url)
  const versions = versionsOf(path.slice(1))
  if (packed.has(path)) response.end(packed.get(path))
  else if (versions.length === 0) response.writeHead(404).end('{}')
  else {
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify(describePackage(path.slice(1), versions, `http://${host}`)))
  }
})

server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`))
process.stdin.on('end', () => process.exit()).resume()
