/**
 * The programs that build the native part.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { GruError } from '../errors'

const OLDEST_CMAKE = [3, 21] as const

/** What CMake is told. */
export interface BuildTools {
  readonly compiler: string
  /** Arguments of CMake. */
  readonly generator: readonly string[]
}

/**
 * Finds a compiler and a program that runs it.
 *
 * @throws GruError ERR_GRU_LOAD if one is missing; the message says what it is and how to get it
 */
export function findBuildTools(): BuildTools {
  checkCmake()
  return { compiler: findCompiler(), generator: chooseGenerator() }
}

function checkCmake(): void {
  const needed = `CMake ${OLDEST_CMAKE.join('.')} or later`
  const first = firstLineOf('cmake')
  if (first === undefined) {
    throw missing(needed, {
      linux: 'apt-get install cmake, dnf install cmake or apk add cmake',
      darwin: 'brew install cmake',
      win32: 'winget install Kitware.CMake',
    })
  }
  const [, major, minor] = /(\d+)\.(\d+)/.exec(first)?.map(Number) ?? []
  const isOld = major! < OLDEST_CMAKE[0] || (major === OLDEST_CMAKE[0] && minor! < OLDEST_CMAKE[1])
  if (isOld) throw new GruError('ERR_GRU_LOAD', `gru build needs ${needed}, and found: ${first}`)
}

/** The variable CXX, which CMake reads too, or a compiler with the usual name. */
function findCompiler(): string {
  const named = process.env['CXX']
  const names = process.platform === 'win32' ? ['clang++', 'g++'] : ['c++', 'g++', 'clang++']
  const found = [...(named ? [named] : []), ...names].find(
    (name) => firstLineOf(name) !== undefined,
  )
  if (found !== undefined) return found
  throw missing('GCC 12 or later, or Clang 14 or later (MSVC cannot compile the kernels)', {
    linux: 'apt-get install g++, dnf install gcc-c++ or apk add g++',
    darwin: 'xcode-select --install',
    win32: 'winget install LLVM-MinGW.LLVM-MinGW.UCRT',
  })
}

/** CMake's own choice, where it works; Visual Studio on Windows brings its own compiler. */
function chooseGenerator(): readonly string[] {
  const hasNinja = firstLineOf('ninja') !== undefined
  if (process.platform === 'win32') return ['-G', hasNinja ? 'Ninja' : 'MinGW Makefiles']
  if (firstLineOf('make') !== undefined) return []
  if (hasNinja) return ['-G', 'Ninja']
  throw missing('make or Ninja', {
    linux: 'apt-get install make, dnf install make or apk add make',
    darwin: 'xcode-select --install',
    win32: 'winget install Ninja-build.Ninja',
  })
}

/** The first line that a program tells of its version; undefined if there is no such program. */
function firstLineOf(program: string): string | undefined {
  const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' })
  return status === 0 ? stdout.split('\n', 1)[0] : undefined
}

type Remedies = Readonly<Record<'linux' | 'darwin' | 'win32', string>>

function missing(what: string, remedies: Remedies): GruError {
  const remedy = remedies[process.platform as keyof Remedies] as string | undefined
  const how = remedy === undefined ? '' : `: ${remedy}`
  return new GruError('ERR_GRU_LOAD', `gru build needs ${what}, and found none${how}`)
}
