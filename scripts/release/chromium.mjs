// The tests' driver of Chromium, for checks of the release.
import { build } from 'esbuild'
import { createServer } from 'node:http'
import { existsSync, mkdtempSync, readFileSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { extname, join, normalize } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inRoot, StepError, succeeds } from '../project.mjs'
import { must } from './commands.mjs'

const TYPES = {
  ...{ '.html': 'text/html', '.css': 'text/css', '.svg': 'image/svg+xml' },
  ...{ '.js': 'text/javascript', '.mjs': 'text/javascript', '.json': 'application/json' },
  ...{ '.wasm': 'application/wasm', '.webp': 'image/webp' },
}

/** Answers with the files of a folder. `types` replaces the types of some. Returns the server's address, and what ends it. */
export async function serveFolder(folder, types = {}) {
  const server = createServer(({ url }, response) => {
    const file = join(folder, normalize(decodeURI(new URL(url, 'http://localhost').pathname)))
    try {
      const page = statSync(file).isDirectory() ? join(file, 'index.html') : file
      const type = { ...TYPES, ...types }[extname(page)] ?? 'application/octet-stream'
      response.writeHead(200, { 'content-type': type }).end(readFileSync(page))
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { address: `http://127.0.0.1:${server.address().port}`, close }
}

/** Calls `use` with a function that opens a page, `open(url, look)`, and closes the pages afterwards. */
export async function withChromium(use) {
  if (!succeeds(['chromium', '--version'])) {
    throw new StepError('Chromium is not installed\n  remedy:  apt-get install chromium')
  }
  // Their client of WebSockets.
  const service = inRoot('examples', 'service')
  if (!existsSync(join(service, 'node_modules'))) {
    must('installing what drives Chromium', ['npm', 'ci', '--silent', '--prefix', service])
  }
  const folder = mkdtempSync(join(tmpdir(), 'gru-native-chromium-'))
  const outfile = join(folder, 'chromium.mjs')
  await build({
    ...{ entryPoints: [inRoot('test', 'support', 'chromium.ts')], outfile },
    ...{ bundle: true, platform: 'node', format: 'esm', logLevel: 'warning' },
    define: { __dirname: JSON.stringify(inRoot('test', 'support')) },
  })
  const { Page, endBrowsers } = await import(pathToFileURL(outfile).href)
  const pages = []
  try {
    return await use(async (url, look) => {
      const page = await Page.open(url, join(folder, `profile-${pages.length}`), look)
      pages.push(page)
      return page
    })
  } finally {
    // A browser writes until it has ended.
    await Promise.allSettled(pages.map((page) => page.close()))
    endBrowsers()
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}
