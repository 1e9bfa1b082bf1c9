import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import fs from 'node:fs/promises'
import * as path from 'node:path'
import { replaceFile } from '../lib/replace-file'
import { expectGruRejection } from './support/errors'
import { temporaryFolder } from './support/temporary-folder'

const inFolder = temporaryFolder()
afterEach(() => {
  jest.restoreAllMocks()
})

/** A new folder as a function from names in it to paths. */
function newFolder(): (name: string) => string {
  const folder = mkdtempSync(inFolder('case-'))
  return (name) => path.join(folder, name)
}

/** Everything in a folder and below: the targets of links, the contents of files, and `folder`. */
function everythingIn(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  return Object.fromEntries(
    names.map((name) => {
      const place = path.join(folder, name)
      const status = lstatSync(place)
      if (status.isSymbolicLink()) return [name, `-> ${readlinkSync(place)}`]
      return [name, status.isDirectory() ? 'folder' : readFileSync(place, 'utf8')]
    }),
  )
}

describe('writing goes through', () => {
  test.each(['old', undefined])('a link to a place with the content %p', async (old) => {
    const at = newFolder()
    mkdirSync(at('elsewhere'))
    if (old !== undefined) writeFileSync(at('elsewhere/a'), old)
    symlinkSync(at('elsewhere/a'), at('link'))
    await replaceFile(at('link'), 'new')
    expect(everythingIn(at(''))).toEqual({
      elsewhere: 'folder',
      'elsewhere/a': 'new',
      link: `-> ${at('elsewhere/a')}`,
    })
  })

  test.each(['old', undefined])('links to links, to a place with %p', async (old) => {
    const at = newFolder()
    mkdirSync(at('b/c'), { recursive: true })
    if (old !== undefined) writeFileSync(at('a'), old)
    symlinkSync('b/second', at('first'))
    symlinkSync('c/third', at('b/second'))
    symlinkSync('../../a', at('b/c/third'))
    await replaceFile(at('first'), 'new')
    expect(everythingIn(at(''))).toEqual({
      a: 'new',
      b: 'folder',
      'b/c': 'folder',
      'b/c/third': '-> ../../a',
      'b/second': '-> c/third',
      first: '-> b/second',
    })
  })

  // The system goes up from the target of the folder's link, so the package must do the same.
  test.each(['old', undefined])('links of folders and up again, to %p', async (old) => {
    const at = newFolder()
    mkdirSync(at('real/deep'), { recursive: true })
    if (old !== undefined) writeFileSync(at('real/a'), old)
    symlinkSync('real/deep', at('folder'))
    symlinkSync('folder/../a', at('link'))
    await replaceFile(at('link'), 'new')
    await replaceFile(`${at('folder')}/../b`, 'new b')
    expect(everythingIn(at(''))).toEqual({
      folder: '-> real/deep',
      link: '-> folder/../a',
      real: 'folder',
      'real/a': 'new',
      'real/b': 'new b',
      'real/deep': 'folder',
    })
  })

  test('as many links as the system follows', async () => {
    const at = newFolder()
    for (let i = 0; i < 40; i++) symlinkSync(String(i + 1), at(String(i)))
    await replaceFile(at('0'), 'new')
    expect(readFileSync(at('0'), 'utf8')).toBe('new')
    expect(lstatSync(at('40')).isFile()).toBe(true)
  })

  test('a path from the working folder', async () => {
    const at = newFolder()
    symlinkSync('a', at('link'))
    await replaceFile(path.relative(process.cwd(), at('link')), 'new')
    expect(everythingIn(at(''))).toEqual({ a: 'new', link: '-> a' })
  })
})

// A rename cannot go from one file system to another.
test('the file is first written in the folder of the place, not of the link', async () => {
  const at = newFolder()
  mkdirSync(at('elsewhere'))
  symlinkSync('elsewhere/a', at('link'))
  const rename = jest.spyOn(fs, 'rename')
  await replaceFile(at('link'), 'new')
  const places = rename.mock.calls[0]?.map((place) => path.dirname(place as string))
  expect(places).toEqual([at('elsewhere'), at('elsewhere')])
})

describe('is refused, and leaves everything as it was:', () => {
  const CIRCLE = / expected a file that can be written, got symbolic links in a circle$/

  /** Tries to replace `name` and expects an error. */
  async function expectRefusal(
    at: (name: string) => string,
    name: string,
    message: RegExp,
  ): Promise<void> {
    const before = everythingIn(at(''))
    const place = path.dirname(at('x')) + path.sep + name
    const error = await expectGruRejection(replaceFile(place, 'new'), 'ERR_GRU_FORMAT', message)
    expect(error.message.startsWith(`${place}: expected `)).toBe(true)
    expect(everythingIn(at(''))).toEqual(before)
  }

  test('a link to itself', async () => {
    const at = newFolder()
    symlinkSync('link', at('link'))
    await expectRefusal(at, 'link', CIRCLE)
  })

  test('links in a circle', async () => {
    const at = newFolder()
    symlinkSync('b', at('a'))
    symlinkSync('c', at('b'))
    symlinkSync(at('b'), at('c'))
    await expectRefusal(at, 'a', CIRCLE)
  })

  test("folders' links in a circle", async () => {
    const at = newFolder()
    symlinkSync('b', at('a'))
    symlinkSync('a', at('b'))
    await expectRefusal(at, 'a/file', /ELOOP/)
  })

  test('more links than the system follows', async () => {
    const at = newFolder()
    for (let i = 0; i < 41; i++) symlinkSync(String(i + 1), at(String(i)))
    await expectRefusal(at, '0', CIRCLE)
  })

  test('a link to a folder', async () => {
    const at = newFolder()
    mkdirSync(at('folder'))
    symlinkSync('folder', at('link'))
    await expectRefusal(at, 'link', / expected a regular file or none, got something else$/)
  })

  test('a link to a device', async () => {
    const at = newFolder()
    symlinkSync('/dev/null', at('link'))
    await expectRefusal(at, 'link', / expected a regular file or none, got something else$/)
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
  })

  test('a link into a folder that is not there', async () => {
    const at = newFolder()
    symlinkSync('missing/a', at('link'))
    await expectRefusal(at, 'link', /ENOENT/)
  })

  test("a link through a file, as if it were a folder's", async () => {
    const at = newFolder()
    writeFileSync(at('file'), 'old')
    symlinkSync('file/a', at('link'))
    await expectRefusal(at, 'link', /ENOTDIR/)
  })

  test.each(['new/', 'file/', 'link'])('the name of a folder, %s', async (name) => {
    const at = newFolder()
    writeFileSync(at('file'), 'old')
    symlinkSync('other/', at('link'))
    await expectRefusal(at, name, / got the path of a folder, "/)
  })

  test.each(['open', 'lstat', 'readlink', 'realpath'] as const)(
    'a place to which %s is not permitted',
    async (operation) => {
      const at = newFolder()
      writeFileSync(at('a'), 'old')
      symlinkSync('a', at('link'))
      const failure = Object.assign(new Error('permission denied'), { code: 'EACCES' })
      jest.spyOn(fs, operation).mockRejectedValueOnce(failure)
      await expectRefusal(at, 'link', /^.*link: .*permission denied$/)
    },
  )
})

describe('meanwhile', () => {
  /** Runs `act` between the writing of the new file and its rename. */
  function beforeRename(act: () => void): void {
    const { rename } = fs
    jest.spyOn(fs, 'rename').mockImplementation((from, to) => {
      act()
      return rename(from, to)
    })
  }

  test('a file that is removed is made anew', async () => {
    const at = newFolder()
    writeFileSync(at('a'), 'old')
    symlinkSync('a', at('link'))
    beforeRename(() => {
      rmSync(at('a'))
    })
    await replaceFile(at('link'), 'new')
    expect(everythingIn(at(''))).toEqual({ a: 'new', link: '-> a' })
  })

  test('a link that is changed does not count', async () => {
    const at = newFolder()
    writeFileSync(at('a'), 'old')
    writeFileSync(at('b'), 'other')
    symlinkSync('a', at('link'))
    beforeRename(() => {
      rmSync(at('link'))
      symlinkSync('b', at('link'))
    })
    await replaceFile(at('link'), 'new')
    expect(everythingIn(at(''))).toEqual({ a: 'new', b: 'other', link: '-> b' })
  })

  test('a folder that is removed is an error', async () => {
    const at = newFolder()
    mkdirSync(at('folder'))
    writeFileSync(at('folder/a'), 'old')
    symlinkSync('folder/a', at('link'))
    beforeRename(() => {
      rmSync(at('folder'), { recursive: true })
    })
    await expectGruRejection(replaceFile(at('link'), 'new'), 'ERR_GRU_FORMAT', /ENOENT/)
    expect(everythingIn(at(''))).toEqual({ link: '-> folder/a' })
  })

  test('a place that becomes a folder is an error, and the temporary file goes', async () => {
    const at = newFolder()
    symlinkSync('a', at('link'))
    beforeRename(() => {
      mkdirSync(at('a'))
    })
    await expectGruRejection(replaceFile(at('link'), 'new'), 'ERR_GRU_FORMAT', /EISDIR/)
    expect(everythingIn(at(''))).toEqual({ a: 'folder', link: '-> a' })
    expect(existsSync(at('a'))).toBe(true)
  })
})
