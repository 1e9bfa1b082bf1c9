/**
 * The platform of this process, by which the prebuilt native part is chosen.
 *
 * @module
 */
import type * as DetectLibc from 'detect-libc'

/** The oldest glibc with which the prebuilt files for Linux load. */
export const OLDEST_GLIBC = '2.28'

/** A platform, and what its prebuilt files depend on. */
export interface Platform {
  /** As in the name of a package: `linux-x64`, `linuxmusl-arm64`, `win32-x64`. */
  readonly name: string
  /** As in messages: `linux x64`. */
  readonly system: string
  /** The C library on Linux. */
  readonly libc?: { readonly family: string; readonly version?: string }
}

/** The platform of this process. */
export function currentPlatform(): Platform {
  const { platform, arch } = process
  const system = `${platform} ${arch}`
  if (platform !== 'linux') return { name: `${platform}-${arch}`, system }
  // Not an import: only a process that looks for a prebuilt file needs it.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { familySync, versionSync, MUSL } = require('detect-libc') as typeof DetectLibc
  const family = familySync() ?? 'glibc'
  const version = versionSync()
  const name = family === MUSL ? `linuxmusl-${arch}` : `linux-${arch}`
  return { name, system, libc: version === null ? { family } : { family, version } }
}

/** Whether the platform has a glibc that is too old for the prebuilt files. */
export function hasOldGlibc({ libc }: Platform): boolean {
  if (libc?.family !== 'glibc' || libc.version === undefined) return false
  const [found, oldest] = [libc.version, OLDEST_GLIBC].map((text) => text.split('.').map(Number))
  const [[major, minor], [oldestMajor, oldestMinor]] = [found!, oldest!] as [number[], number[]]
  return major! < oldestMajor! || (major === oldestMajor && minor! < oldestMinor!)
}
