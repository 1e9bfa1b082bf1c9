// Copies the headers of Node-API, and their licences, into dist/headers: an installed package builds its native part with
// them, without a network and without packages that only a build needs.
import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { inRoot } from './project.mjs'

const target = inRoot('dist', 'headers')

/** The packages, where their headers are, and the names of their licences. */
const PACKAGES = [
  { name: 'node-api-headers', folder: 'include', licence: 'LICENSE' },
  { name: 'node-addon-api', folder: '.', licence: 'LICENSE.md' },
]

rmSync(target, { recursive: true, force: true })
mkdirSync(target, { recursive: true })
for (const { name, folder, licence } of PACKAGES) {
  const source = inRoot('node_modules', name)
  for (const file of readdirSync(join(source, folder)).filter((file) => file.endsWith('.h'))) {
    copyFileSync(join(source, folder, file), join(target, file))
  }
  copyFileSync(join(source, licence), join(target, `LICENSE.${name}`))
}
