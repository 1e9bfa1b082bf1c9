// Runs the packages of a release in headless Chromium, without a bundler, and compares every bit with the same
// WebAssembly in Node.
import { copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { isDeepStrictEqual } from 'node:util'
import { inRoot, StepError } from '../project.mjs'
import { serveFolder, withChromium } from './chromium.mjs'
import { output } from './commands.mjs'

const PROGRAM = 'web-program.mjs'
const PAGE = 'web-check.html'

const page = `<!doctype html>
<link rel="icon" href="data:,">
<script type="importmap">
{ "imports": {
  "gru-native": "./gru-native/dist/web/index.mjs",
  "@gru-native/wasm32": "./@gru-native/wasm32/web.mjs"
} }
</script>
<script type="module">
  import * as library from 'gru-native'
  import { compute } from './${PROGRAM}'
  result = JSON.stringify(await compute(library))
</script>
<script>var result</script>
`

/** The results in Node. */
function inNode(out) {
  const program = `import library from './gru-native/dist/index.js'
    import { compute } from './${PROGRAM}'
    console.log(JSON.stringify(await compute(library)))`
  const env = {
    ...process.env,
    GRU_NATIVE_ADDON: join(out, '@gru-native', 'wasm32', 'index.js'),
    // The dependencies of the package.
    NODE_PATH: inRoot('node_modules'),
  }
  return JSON.parse(output([process.execPath, '--input-type=module', '-e', program], out, env))
}

/** The results in a page that a server gives, which knows the type of WebAssembly or not. */
async function inChromium(out, open, types) {
  const { address, close } = await serveFolder(out, types)
  try {
    const opened = await open(`${address}/${PAGE}`)
    await opened.until("typeof result === 'string'")
    if (opened.errors.length > 0) throw new StepError(`in Chromium: ${opened.errors.join('\n')}`)
    return JSON.parse(await opened.evaluate('result'))
  } finally {
    close()
  }
}

/**
 * Checks the packages gru-native and @gru-native/wasm32 in a folder of packages. Returns in words what was seen.
 *
 * @param out - where the release has written its packages
 */
export async function checkInBrowser(out) {
  const files = [join(out, PAGE), join(out, PROGRAM)]
  try {
    writeFileSync(files[0], page)
    copyFileSync(inRoot('scripts', 'release', PROGRAM), files[1])
    const expected = inNode(out)
    const results = await withChromium(async (open) => [
      await inChromium(out, open),
      await inChromium(out, open, { '.wasm': 'application/octet-stream' }),
    ])
    if (expected.isa !== 'wasm' || !results.every((found) => isDeepStrictEqual(found, expected))) {
      throw new StepError('Chromium: expected the same bits as in Node, got others')
    }
    return `in Chromium: ${expected.values.length} values of layers, ${expected.losses.length} updates and a file of ${expected.bytes.length} bytes, the same bits as in Node`
  } finally {
    for (const file of files) rmSync(file, { force: true })
  }
}
