// Builds the native unit tests and runs them under CTest, without Node, optionally under sanitizers.
//
//   node scripts/native-tests.mjs [sanitizer...] [--junit FILE]
//
// Without a sanitizer the build is build/native, with `address undefined` it is build/sanitize, with
// others build/sanitize-NAME. --junit writes the results as JUnit XML.
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { inRoot, root, run } from './project.mjs'

const { values, positionals: sanitizers } = parseArgs({
  allowPositionals: true,
  options: { junit: { type: 'string' } },
})

function buildFolder() {
  if (sanitizers.length === 0) return 'native'
  return sanitizers.includes('address') ? 'sanitize' : `sanitize-${sanitizers.join('-')}`
}

const folder = inRoot('build', buildFolder())
const jobs = String(availableParallelism())
const commands = [
  [
    'cmake',
    ...['-S', root, '-B', folder, '--log-level=WARNING'],
    '-DGRU_TESTS=ON',
    `-DCMAKE_BUILD_TYPE=${sanitizers.length > 0 ? 'RelWithDebInfo' : 'Release'}`,
    `-DGRU_SANITIZE=${sanitizers.join(';')}`,
  ],
  ['cmake', '--build', folder, '--parallel', jobs],
  [
    'ctest',
    ...['--test-dir', folder, '--output-on-failure', '--no-tests=error', '--parallel', jobs],
    ...(values.junit ? ['--output-junit', values.junit] : []),
  ],
]

process.exitCode = commands.reduce((status, command) => status || run(command), 0)
