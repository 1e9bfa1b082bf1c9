/**
 * Loads packages of bench/package.json, which the project itself does not need.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import * as path from 'node:path'

/** Loads a peer's package. The caller declares the parts that it uses. */
export function loadPeer(name: string): unknown {
  return createRequire(path.join(peersFolder(), 'package.json'))(name)
}

export function peerVersion(name: string): string {
  const file = path.join(peersFolder(), 'node_modules', name, 'package.json')
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

/** The folder of bench/package.json: the second argument of every peer's process. */
function peersFolder(): string {
  return process.argv[3]!
}
