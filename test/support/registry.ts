import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as path from 'node:path'

const root = path.join(__dirname, '..', '..')

const NODE_MODULES = 'node_modules/'

type Manifest = Readonly<Record<string, unknown>> & {
  readonly name: string
  readonly version: string
}

/** A registry of npm packages on this machine. */
export interface Registry {
  /** The variables that make npm use it; other programs do not use them. */
  readonly environment: NodeJS.ProcessEnv
  readonly close: () => void
}

/**
 * Starts a registry with the packages of the checkout's node_modules, so that a test runs `npm install` as users do,
 * without a network. It packs a package on request.
 *
 * @param folder - for the packed files and for npm's cache
 */
export async function startRegistry(folder: string): Promise<Registry> {
  fs.mkdirSync(folder)
  const folders = packageFolders()
  const server = createServer((request, response) => {
    const url = decodeURIComponent(request.url!)
    const tarball = /^\/-\/(.*)\.tgz$/.exec(url)
    const name = url.slice(1)
    if (tarball) response.end(pack(path.join(folder, 'package'), tarball[1]!))
    else if (folders.has(name)) response.end(describePackage(server, name, folders.get(name)!))
    else response.writeHead(404).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const environment = {
    npm_config_registry: addressOf(server),
    npm_config_cache: path.join(folder, 'cache'),
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
  }
  return { environment, close: () => server.close() }
}

const addressOf = (server: Server): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}/`

/** The folders of each package, relative to the checkout: at least one for each version. */
function packageFolders(): Map<string, string[]> {
  const lock = fs.readFileSync(path.join(root, 'node_modules', '.package-lock.json'), 'utf8')
  const { packages } = JSON.parse(lock) as { packages: Record<string, { readonly name?: string }> }
  const folders = new Map<string, string[]>()
  for (const [folder, { name: aliased }] of Object.entries(packages)) {
    const name = aliased ?? folder.slice(folder.lastIndexOf(NODE_MODULES) + NODE_MODULES.length)
    folders.set(name, [...(folders.get(name) ?? []), folder])
  }
  return folders
}

function readManifest(folder: string): Manifest {
  return JSON.parse(fs.readFileSync(path.join(root, folder, 'package.json'), 'utf8')) as Manifest
}

function describePackage(server: Server, name: string, folders: readonly string[]): string {
  const versions: Record<string, unknown> = {}
  // The folder at the highest level is the checkout's own, and comes last.
  for (const folder of [...folders].sort((a, b) => b.length - a.length)) {
    const manifest = readManifest(folder)
    const tarball = `${addressOf(server)}-/${encodeURIComponent(folder)}.tgz`
    versions[manifest.version] = { ...manifest, dist: { tarball } }
  }
  const latest = Object.keys(versions).at(-1)
  return JSON.stringify({ name, 'dist-tags': { latest }, versions })
}

function pack(staging: string, folder: string): Buffer {
  fs.rmSync(staging, { recursive: true, force: true })
  const source = path.join(root, folder)
  const filter = (file: string): boolean => !path.relative(source, file).includes('node_modules')
  fs.cpSync(source, staging, { recursive: true, filter })
  const args = ['-czf', '-', '-C', path.dirname(staging), path.basename(staging)]
  return execFileSync('tar', args, { maxBuffer: 2 ** 28 })
}
