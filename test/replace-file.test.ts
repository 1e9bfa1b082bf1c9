import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import fs from 'node:fs/promises'
import * as path from 'node:path'
import { replaceFile } from '../lib/replace-file'
import { compileLibrary } from './support/compile-library'
import { expectGruRejection } from './support/errors'
import { temporaryFolder } from './support/temporary-folder'

const inFolder = temporaryFolder()
afterEach(() => {
  jest.restoreAllMocks()
})

const newFolder = (): string => mkdtempSync(inFolder('case-'))

test('writes text, bytes, and bytes in pieces', async () => {
  const folder = newFolder()
  const file = path.join(folder, 'a')
  await replaceFile(file, 'é')
  expect(readFileSync(file, 'utf8')).toBe('é')
  await replaceFile(file, Uint8Array.of(1, 2, 3))
  expect([...readFileSync(file)]).toEqual([1, 2, 3])
  await replaceFile(file, [Uint8Array.of(4, 5), new Uint8Array(), Uint8Array.of(6)])
  expect([...readFileSync(file)]).toEqual([4, 5, 6])
  await replaceFile(file, [])
  expect([...readFileSync(file)]).toEqual([])
  expect(readdirSync(folder)).toEqual(['a'])
})

test('hands down the permissions of the file that it replaces', async () => {
  const file = path.join(newFolder(), 'a')
  for (const mode of [0o600, 0o640, 0o755, 0o666]) {
    writeFileSync(file, 'old')
    chmodSync(file, mode)
    await replaceFile(file, 'new')
    expect(statSync(file).mode & 0o7777).toBe(mode)
    expect(readFileSync(file, 'utf8')).toBe('new')
  }
})

test('gives a first file the permissions that the process gives its files', async () => {
  const folder = newFolder()
  writeFileSync(path.join(folder, 'plain'), '')
  await replaceFile(path.join(folder, 'a'), '')
  const mode = (name: string): number => statSync(path.join(folder, name)).mode
  expect(mode('a')).toBe(mode('plain'))
})

test('refuses the place of a folder or of a device', async () => {
  const folder = newFolder()
  const message = / expected a regular file or none, got something else$/
  await expectGruRejection(replaceFile(folder, ''), 'ERR_GRU_FORMAT', message)
  await expectGruRejection(replaceFile('/dev/null', ''), 'ERR_GRU_FORMAT', message)
  expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
})

test('says why a file cannot be written', async () => {
  const file = path.join(newFolder(), 'missing', 'a')
  const error = await expectGruRejection(replaceFile(file, ''), 'ERR_GRU_FORMAT', /ENOENT/)
  expect(error.message.startsWith(`${file}: expected a file that can be written, got `)).toBe(true)
  expect(error.cause).toMatchObject({ code: 'ENOENT' })
})

test('the content is on the disk before the file has its name, and the name after', async () => {
  const file = path.join(newFolder(), 'a')
  const operations: string[] = []
  const { rename } = fs
  const handle = await fs.open(__filename)
  const handles = Object.getPrototypeOf(handle) as fs.FileHandle
  await handle.close()
  jest.spyOn(handles, 'sync').mockImplementation(() => {
    operations.push('sync')
    return Promise.resolve()
  })
  jest.spyOn(fs, 'rename').mockImplementation((from, to) => {
    operations.push('rename')
    return rename(from, to)
  })
  await replaceFile(file, 'new')
  expect(operations).toEqual(['sync', 'rename', 'sync'])
})

describe('a failure leaves the old file and nothing else', () => {
  test.each(['writeFile', 'rename'] as const)('of %s', async (operation) => {
    const folder = newFolder()
    const file = path.join(folder, 'a')
    writeFileSync(file, 'old')
    const failure = Object.assign(new Error('no space'), { code: 'ENOSPC' })
    jest.spyOn(fs, operation).mockRejectedValueOnce(failure)
    const error = await expectGruRejection(replaceFile(file, 'new'), 'ERR_GRU_FORMAT', /no space$/)
    expect(error.cause).toBe(failure)
    expect(readFileSync(file, 'utf8')).toBe('old')
    expect(readdirSync(folder)).toEqual(['a'])
  })

  test('of content that breaks off', async () => {
    const folder = newFolder()
    const file = path.join(folder, 'a')
    writeFileSync(file, 'old')
    const pieces = [new Uint8Array(1000), 7 as unknown as Uint8Array]
    await expectGruRejection(replaceFile(file, pieces), 'ERR_GRU_FORMAT', /can be written/)
    expect(readFileSync(file, 'utf8')).toBe('old')
    expect(readdirSync(folder)).toEqual(['a'])
  })
})

describe('a process that is killed', () => {
  const library = compileLibrary(inFolder('library'))
  const SIZE = 2_000_000

  /** Replaces a file by SIZE bytes of 2 in a process that kills itself where `patch` says. */
  function killedWhileReplacing(file: string, patch: string): string | null {
    const program = `
      const fs = require('node:fs/promises')
      const die = () => process.kill(process.pid, 'SIGKILL')
      const { rename, writeFile } = fs
      ${patch}
      const { replaceFile } = require(${JSON.stringify(path.join(library, 'replace-file'))})
      void replaceFile(${JSON.stringify(file)}, Buffer.alloc(${SIZE}, 2))`
    return spawnSync(process.execPath, ['-e', program]).signal
  }

  test.each([
    ['before it writes', 'fs.writeFile = die', 1],
    [
      'when half is written',
      'fs.writeFile = async (to, bytes) => { await writeFile(to, bytes.subarray(1000)); die() }',
      1,
    ],
    ['before the file has its name', 'fs.rename = die', 1],
    [
      'when the file has its name',
      'fs.rename = async (from, to) => { await rename(from, to); die() }',
      2,
    ],
  ])('%s leaves one whole file', (_, patch, expected) => {
    const folder = newFolder()
    const file = path.join(folder, 'a')
    writeFileSync(file, Buffer.alloc(SIZE, 1))
    expect(killedWhileReplacing(file, patch)).toBe('SIGKILL')
    expect(readFileSync(file).equals(Buffer.alloc(SIZE, expected))).toBe(true)
  })
})
