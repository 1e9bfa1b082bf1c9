import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { gru, newFolder, removeFolders } from './harness'

// The programs on the PATH are scripts of the test, so nothing is compiled.

afterAll(removeFolders)

const PROGRAM = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js')

/** What `gru build` says where the PATH has only the given programs; each is the text of a shell script. */
function buildWith(programs: Readonly<Record<string, string>>): string {
  const folder = path.join(newFolder(), 'bin')
  mkdirSync(folder)
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(path.join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  }
  const environment = { ...process.env, PATH: folder, CXX: '' }
  const { status, stderr } = spawnSync(process.execPath, [PROGRAM, 'build'], {
    env: environment,
    encoding: 'utf8',
  })
  expect(status).toBe(1)
  return stderr
}

const CMAKE = { cmake: 'echo cmake version 3.25.1' }
const COMPILER = { 'clang++': 'echo clang version 14' }

test.each([
  ['without CMake', {}, /^gru: gru build needs CMake 3\.21 or later, and found none: /],
  [
    'with an old CMake',
    { cmake: 'echo cmake version 3.18.4' },
    /^gru: gru build needs CMake 3\.21 or later, and found: cmake version 3\.18\.4\n$/,
  ],
  ['without a compiler', CMAKE, /^gru: gru build needs GCC 12 .*MSVC cannot .*and found none: /],
  ['without make', { ...CMAKE, ...COMPILER }, /^gru: gru build needs make or Ninja, and found/],
  [
    'where CMake fails',
    { cmake: '[ $1 = --version ] && echo cmake version 4.0.2 || exit 7', ...COMPILER, ninja: '' },
    /^gru: cmake -S failed with the status 7: its first error is above\n$/,
  ],
])('it says what is missing: %s', (_, programs, message) => {
  expect(buildWith(programs)).toMatch(message)
})

test('it refuses other uses of a BLAS than it knows', async () => {
  const { status, stderr } = await gru('build', '--blas', 'maybe')
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: 'gru: --blas: expected one of "auto", "on", "off", got "maybe"\n',
  })
})
