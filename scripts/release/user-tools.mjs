// Tries the tarballs of a release with the tools of users: checkers of packages, compilers and bundlers.
import { basename } from 'node:path'
import { checkBundlers } from './bundler-checks.mjs'
import { lintPackages } from './lint-package.mjs'
import { checkTypes } from './type-checks.mjs'

/** The tarball of gru-native itself: its version follows the name. */
const isMain = (tarball) => /^gru-native-\d/.test(basename(tarball))

/** The package with the native part of this machine, on which the release is made. */
const isForThisMachine = (tarball) => basename(tarball).startsWith('gru-native-linux-x64-')

/** Fails at the first thing that a tool finds. Returns lines that say what was tried. */
export async function tryUserTools(tarballs) {
  const [main] = tarballs.filter(isMain)
  const lines = [
    await lintPackages(
      main,
      tarballs.filter((file) => file !== main),
    ),
    await checkTypes(main),
  ]
  if (!tarballs.some(isForThisMachine)) return lines
  return [...lines, await checkBundlers([main, ...tarballs.filter(isForThisMachine)])]
}
