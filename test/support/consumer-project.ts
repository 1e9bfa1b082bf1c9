import * as fs from 'node:fs'
import * as path from 'node:path'
import { addonPath } from './addon'
import { shell, type ShellExit } from './shell'

const root = path.join(__dirname, '..', '..')

/** A project of a user, with this package among its packages. */
export interface ConsumerProject {
  readonly folder: string
  /** The installed package. Its native part is a prebuilt file, as in a release. */
  readonly installed: string
  readonly write: (file: string, text: string) => string
  /** Runs a command line in the project, or in a folder of it. */
  readonly run: (command: string, under?: string) => Promise<ShellExit>
}

/** Makes a project in a new folder, with the package as it was built last. */
export function consumerProject(folder: string): ConsumerProject {
  const modules = path.join(folder, 'node_modules')
  const installed = path.join(modules, 'gru-native')
  for (const part of ['dist', 'package.json', 'binding.d.ts']) {
    fs.cpSync(path.join(root, part), path.join(installed, part), { recursive: true })
  }
  const prebuilt = path.join(installed, 'prebuilds', `${process.platform}-${process.arch}`)
  fs.mkdirSync(prebuilt, { recursive: true })
  fs.copyFileSync(addonPath, path.join(prebuilt, 'gru-native.node'))
  const loader = path.join('node_modules', 'node-gyp-build')
  fs.cpSync(path.join(root, loader), path.join(folder, loader), { recursive: true })
  return {
    folder,
    installed,
    write: (file, text) => {
      const written = path.join(folder, file)
      fs.mkdirSync(path.dirname(written), { recursive: true })
      fs.writeFileSync(written, text)
      return written
    },
    run: (command, under = '') =>
      shell(command, path.join(folder, under), { GRU_NATIVE_ADDON: '', NODE_OPTIONS: '' }),
  }
}
