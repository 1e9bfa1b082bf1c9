/**
 * `gru build`: builds the native part of an installed package from its sources.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import * as path from 'node:path'
import { GruError, type GruErrorCode } from '../errors'
import { writeError } from '../files'
import { ADDON_FILE, findNamed } from '../load-addon'
import { checkInteger, checkOneOf } from '../validate'
import { findBuildTools } from './build-tools'
import type { Command, Context } from './command'
import { checkGiven, checkPositionals, readCommandLine } from './command-line'
import { FaultList } from './fault-list'
import { number, type Options, text } from './option'
import { describeOptions } from './option-help'

const MAX_JOBS = 1024

const BUILD_OPTIONS = {
  blas: {
    form: text('USE'),
    check: (argument, value) => checkOneOf(argument, value, ['auto', 'on', 'off']),
    help: 'a BLAS for large products of training: auto (if one is found), on (an error if none is) or off',
    fallback: 'auto',
  },
  jobs: {
    form: number,
    check: (argument, value) => checkInteger(argument, value, 1, MAX_JOBS),
    help: 'files that are compiled at the same time',
    fallback: 'the number of cores',
  },
} satisfies Options

export const BUILD_HELP = `gru build

Builds the native part of this package from the sources in it, for the processor and the libraries
of this machine. Needs CMake 3.21 or later, GCC or Clang with C++20, and make or Ninja; no network.
The result is used from then on, in place of a prebuilt file. It is gone when the package is
installed again.

${describeOptions([{ title: 'the build', options: BUILD_OPTIONS }])}`

/** This file is in a folder of lib or dist, which is directly in the package. */
const PACKAGE = path.join(__dirname, '..', '..')

/** The headers of Node-API: scripts/headers.mjs puts them there. */
const HEADERS = path.join(PACKAGE, 'dist', 'headers')

const BUILD = path.join(PACKAGE, 'build')
const WORK = path.join(BUILD, 'from-source')
const RESULT = path.join(BUILD, 'Release', ADDON_FILE)

/** Builds the native part and loads it. */
export const build: Command = async (args, context) => {
  const faults = new FaultList()
  const { positionals, given } = readCommandLine(args, BUILD_OPTIONS, faults)
  checkPositionals(positionals, [], faults)
  const { blas = 'auto', jobs = availableParallelism() } = checkGiven(BUILD_OPTIONS, given, faults)
  faults.throwIfAny()
  const { compiler, generator } = findBuildTools()
  makeFolder(WORK)
  const definitions = {
    CMAKE_BUILD_TYPE: 'Release',
    CMAKE_CXX_COMPILER: compiler,
    CMAKE_JS_INC: HEADERS,
    GRU_BLAS: blas.toUpperCase(),
  }
  const defined = Object.entries(definitions).map(([name, value]) => `-D${name}=${value}`)
  await cmake(['-S', PACKAGE, '-B', WORK, ...generator, ...defined], context)
  await cmake(['--build', WORK, '--target', 'gru_native', '--parallel', String(jobs)], context)
  useResult()
  context.stdout.write(`built ${RESULT}\n${describeBuild()}\n`)
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (cause) {
    throw writeError(folder, cause)
  }
}

/** A process that has loaded an older build keeps the old file. */
function useResult(): void {
  makeFolder(path.dirname(RESULT))
  renameSync(path.join(WORK, ADDON_FILE), RESULT)
  rmSync(WORK, { recursive: true })
}

function describeBuild(): string {
  const { addon, failures } = findNamed(RESULT)
  if (addon === undefined) {
    const [{ cause }] = failures as [(typeof failures)[number]]
    throw new GruError('ERR_GRU_LOAD', `it does not load: ${cause.message}`, { cause })
  }
  const surface = addon.initialize((code, message) => new GruError(code as GruErrorCode, message))
  const { isa, blas } = surface.runtime()
  return `instruction set: ${isa}; BLAS: ${blas}`
}

async function cmake(args: readonly string[], { stdout, stderr, signal }: Context): Promise<void> {
  const child = spawn('cmake', args, { stdio: ['ignore', 'pipe', 'pipe'], signal })
  child.stdout.on('data', (chunk: Buffer) => stdout.write(chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => stderr.write(chunk.toString()))
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  }).catch((cause: unknown) => {
    signal.throwIfAborted()
    throw cause
  })
  if (status === 0) return
  const message = `cmake ${args[0]!} failed with the status ${String(status)}: its first error is above`
  throw new GruError('ERR_GRU_LOAD', message)
}
