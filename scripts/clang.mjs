// Finds a Clang of one version, and installs Debian's if the user is allowed to.
import { aptCommand, aptInstall, mayInstall } from './apt.mjs'
import { StepError, succeeds } from './project.mjs'

/** The C++ compiler of that version, with its name in Debian. */
export const clangCompiler = (version) => `clang++-${version}`

const packages = (version) => [`clang-${version}`]
const isThere = (version) => succeeds([clangCompiler(version), '--version'])

/** Whether that Clang exists, or could be installed now. */
export function hasClang(version) {
  if (isThere(version)) return true
  if (!mayInstall()) return false
  console.log(`installing clang-${version} (${aptCommand(packages(version))})`)
  aptInstall(packages(version))
  return isThere(version)
}

/** As hasClang, but fails with advice if there is none. */
export function provideClang(version) {
  if (hasClang(version)) return
  throw new StepError(
    `no ${clangCompiler(version)}\n` +
      `  remedy:  ${aptCommand(packages(version))}   (Debian or Ubuntu, as root)`,
  )
}
