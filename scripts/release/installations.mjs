// Tries the packages of a release as users get them: from a registry, on this machine and in a Debian 11.
import { basename } from 'node:path'
import { CUDA } from './cuda.mjs'
import { checkCuda } from './cuda-check.mjs'
import { checkDebian11 } from './debian11.mjs'
import { startRegistry } from './local-registry.mjs'
import { checkManagers } from './managers.mjs'
import { checkBuildFromSource, checkFallback } from './no-prebuilt.mjs'
import { checkNodes } from './node-versions.mjs'
import { WASM } from './wasm.mjs'

const CHECKS = [checkManagers, checkNodes, checkDebian11, checkBuildFromSource]

/** Tries the tarballs, which may lack those of some platforms. Returns what was seen, as lines. */
export async function checkInstallations(tarballs) {
  const has = (name) => tarballs.some((file) => basename(file).startsWith(`gru-native-${name}-`))
  if (!has('linux-x64')) return ['nothing was installed: this release has no package for linux-x64']
  const further = [...(has(WASM) ? [checkFallback] : []), ...(has(CUDA) ? [checkCuda] : [])]
  const { address, close } = await startRegistry(tarballs)
  try {
    return [...CHECKS, ...further].flatMap((check) => check(address))
  } finally {
    close()
  }
}
