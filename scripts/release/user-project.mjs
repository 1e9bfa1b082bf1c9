// A project as a user has it, in which the released package is installed, and the README's example.
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { inRoot, StepError } from '../project.mjs'

/** The file of the README's example in the project. */
export const EXAMPLE = 'example.mjs'

/** The README's example: the one block of code of its region. */
function example() {
  const readme = readFileSync(inRoot('README.md'), 'utf8')
  const found =
    /<!-- #region ten-lines -->\n\n```js\n([^]*?)```\n\n<!-- #endregion ten-lines -->/.exec(readme)
  if (found === null)
    throw new StepError('README.md: expected the region ten-lines with one block of js')
  return found[1]
}

/** The last lines: a network that has learned, and the arrays of its forecast and of the truth. */
const PRINTED =
  /^epoch 10: loss 0\.0\d*\nFloat32Array.*\[ *-?0\.\d+,? *\].*Float32Array.*\[ *-?0\.\d+,? *\]$/m

/** Fails unless this is what the example prints. */
export function checkPrinted(printed) {
  if (PRINTED.test(printed)) return
  throw new StepError(`the README's example printed:\n${printed}`)
}

/** The environment of this process without what concerns its checkout or comes from the npm that has started it. */
export const userEnvironment = () =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:GRU_|npm_)/i.test(name)))

/**
 * Makes a project, calls `use` with its folder, and removes it. Beside the folder are others, for the user's home and
 * programs.
 *
 * @param registry - the address of the registry that package managers use there
 */
export function inUserProject(registry, use) {
  const base = mkdtempSync(join(tmpdir(), 'gru-native-user-'))
  const folder = join(base, 'project')
  // Yarn's Plug'n'Play finds packages from ES modules only in a project of this type.
  const manifest = { private: true, type: 'module' }
  try {
    for (const name of ['bin', 'home', 'project']) mkdirSync(join(base, name))
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
    writeFileSync(join(folder, '.npmrc'), `registry=${registry}\naudit=false\nfund=false\n`)
    writeFileSync(join(folder, EXAMPLE), example())
    return use(folder)
  } finally {
    rmSync(base, { recursive: true, force: true })
  }
}

/**
 * Puts a Node into the user's folders. Returns an environment with it alone on the PATH: no compiler, no CMake, no Python.
 * The native part must load there, since the WebAssembly in its place is an error.
 */
export function nodeAlone(project, node = process.execPath) {
  const base = dirname(project)
  const bin = join(base, 'bin')
  copyFileSync(node, join(bin, 'node'))
  return { PATH: bin, HOME: join(base, 'home'), GRU_NATIVE_FALLBACK: 'off' }
}
