// Finding a Clang of one version, and installing Debian's where the user may.
import { aptCommand, aptInstall, mayInstall } from './apt.mjs'
import { StepError, succeeds } from './project.mjs'

/** The C++ compiler of that version, by Debian's name. */
export const clangCompiler = (version) => `clang++-${version}`

const packages = (version) => [`clang-${version}`]
const isThere = (version) => succeeds([clangCompiler(version), '--version'])

/** True if that Clang is there, or could be installed now. */
export function hasClang(version) {
  if (isThere(version)) return true
  if (!mayInstall()) return false
  console.log(`installing clang-${version} (${aptCommand(packages(version))})`)
  aptInstall(packages(version))
  return isThere(version)
}

/** As hasClang, or fails with what to do. */
export function provideClang(version) {
  if (hasClang(version)) return
  throw new StepError(
    `no ${clangCompiler(version)}\n` +
      `  remedy:  ${aptCommand(packages(version))}   (Debian or Ubuntu, as root)`,
  )
}
