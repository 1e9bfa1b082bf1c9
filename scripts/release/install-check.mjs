// Installs the tarballs of a release as a user would, into an empty folder, and runs the README's example there.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { inRoot, StepError } from '../project.mjs'
import { output } from './commands.mjs'

/** The README's example: the one block of code of its region. */
function example() {
  const readme = readFileSync(inRoot('README.md'), 'utf8')
  const found =
    /<!-- #region ten-lines -->\n\n```js\n([^]*?)```\n\n<!-- #endregion ten-lines -->/.exec(readme)
  if (found === null)
    throw new StepError('README.md: expected the region ten-lines with one block of js')
  return found[1]
}

/** Nothing of the checkout, such as a path to its addon. */
const environment = () =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GRU_')))

/** Installs the tarballs without running any script, and returns what the example printed. */
export function checkInstallation(tarballs) {
  const folder = mkdtempSync(join(tmpdir(), 'gru-native-installed-'))
  try {
    writeFileSync(join(folder, 'package.json'), '{ "private": true }')
    const install = ['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', ...tarballs]
    output(install, folder, environment())
    writeFileSync(join(folder, 'example.mjs'), example())
    const printed = output([process.execPath, 'example.mjs'], folder, environment())
    if (!printed.includes('epoch 10: loss'))
      throw new StepError(`the README's example printed:\n${printed}`)
    return printed
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
