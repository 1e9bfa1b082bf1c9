// A project outside the checkout, in which the tarballs of a release are installed as a user installs them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { output } from './commands.mjs'
import { userEnvironment } from './user-project.mjs'

/** The WebAssembly must not take the place of a native part. */
const nativeAlone = () => ({ ...userEnvironment(), GRU_NATIVE_FALLBACK: 'off' })

/** Runs Node in a folder as a user does, and returns what it printed. */
export const runNode = (folder, ...args) =>
  output([process.execPath, ...args], folder, nativeAlone())

/** Writes files, given by their paths in the folder. */
export function writeFiles(folder, files) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

/**
 * Makes the project, returns what `use` returns of its folder, and removes it. The folder around it is for programs that
 * must not find its packages.
 */
export async function inInstalledProject(tarballs, use) {
  const base = mkdtempSync(join(tmpdir(), 'gru-native-project-'))
  const folder = join(base, 'project')
  try {
    writeFiles(folder, { 'package.json': '{ "private": true }' })
    const install = ['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', ...tarballs]
    output(install, folder, nativeAlone())
    return await use(folder)
  } finally {
    rmSync(base, { recursive: true, force: true })
  }
}
