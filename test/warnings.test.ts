import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './support/temporary-folder'

const root = join(__dirname, '..')
const newFolder = temporaryFolder()

/** The commands with which a build with these options compiles the library and its tests. */
function compileCommands(...options: string[]): string[] {
  const folder = newFolder('warnings')
  const further = ['-DCMAKE_EXPORT_COMPILE_COMMANDS=ON', '-DGRU_TESTS=ON', '-DGRU_BLAS=OFF']
  const args = ['-S', root, '-B', folder, ...further, ...options]
  expect(spawnSync('cmake', args).status).toBe(0)
  const text = readFileSync(join(folder, 'compile_commands.json'), 'utf8')
  return (JSON.parse(text) as { command: string }[]).map(({ command }) => command)
}

/** A compiler that this project does not know must not make a user's build fail. */
test('warnings are errors where GRU_WERROR says so, and nowhere else', () => {
  const isError = (command: string): boolean => /\s-Werror\b/.test(command)
  const users = compileCommands()
  expect(users.filter(isError)).toEqual([])
  expect(users.every((command) => command.includes(' -Wall '))).toBe(true)
  expect(compileCommands('-DGRU_WERROR=ON').every(isError)).toBe(true)
})
