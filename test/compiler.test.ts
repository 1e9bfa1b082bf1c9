import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const script = join(__dirname, '../cmake/compiler.cmake')

/** What CMake says about a compiler, given what it found out about it. The lines are joined. */
function refusal(...facts: string[]): string {
  const args = [...facts.map((fact) => `-D${fact}`), '-P', script]
  const { status, stderr } = spawnSync('cmake', args, { encoding: 'utf8' })
  expect(status).not.toBe(0)
  return stderr.replaceAll(/\s+/g, ' ')
}

test.each([
  ['MSVC', ['CMAKE_CXX_COMPILER_ID=MSVC']],
  ['Clang', ['CMAKE_CXX_COMPILER_ID=Clang', 'CMAKE_CXX_COMPILER_FRONTEND_VARIANT=MSVC']],
  ['Intel', ['CMAKE_CXX_COMPILER_ID=Intel']],
])('CMake refuses a compiler without vector extensions in a sentence: %s', (name, facts) => {
  expect(refusal(...facts)).toContain(
    'gru-native needs GCC or Clang, whose vector extensions its kernels use, but the compiler is ' +
      `${name}; for Windows, use the Clang of MinGW-w64 or of Zig instead of MSVC and clang-cl`,
  )
})

test('CMake refuses GCC for Windows', () => {
  expect(refusal('WIN32=1', 'CMAKE_CXX_COMPILER_ID=GNU')).toContain(
    'gru-native for Windows needs Clang (of MinGW-w64 or of Zig): GCC for Windows does not align AVX',
  )
})
