/**
 * Loads packages from the folder that the second argument of a peer's process names: those of bench/package.json, which
 * the project itself does not need, or a build of the project.
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

function peersFolder(): string {
  return process.argv[3]!
}
