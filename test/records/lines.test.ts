import { parse } from 'csv-parse/sync'
import * as fc from 'fast-check'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import fs from 'node:fs/promises'
import * as path from 'node:path'
import { type GruErrorCode, openRecords, type RecordEntry, type RecordOptions } from '../../lib'
import { compileLibrary } from '../support/compile-library'
import { expectGruRejection } from '../support/errors'
import { seed } from '../support/random'
import { temporaryFolder } from '../support/temporary-folder'

const inFolder = temporaryFolder()
afterEach(() => {
  jest.restoreAllMocks()
})

const newFile = (): string => path.join(mkdtempSync(inFolder('case-')), 'record')
const read = (file: string): string => readFileSync(file, 'utf8')

type Kind = 'jsonLines' | 'csv'
const KINDS = ['jsonLines', 'csv'] as const

const TIME = Date.UTC(2024, 4, 1, 12)
const TIMESTAMP = '2024-05-01T12:00:00.000Z'

function entry(step: number, values: RecordEntry['values'] = { loss: 0.5 }): RecordEntry {
  return { kind: 'step', time: TIME, step, epoch: 1, values }
}

/** The content of a file of some entries with the default values. */
function expected(kind: Kind, ...steps: readonly number[]): string {
  const header = kind === 'csv' ? 'time,kind,step,epoch,loss\n' : ''
  const lines = steps.map((step) =>
    kind === 'csv'
      ? `${TIMESTAMP},step,${step},1,0.5\n`
      : `{"time":"${TIMESTAMP}","kind":"step","step":${step},"epoch":1,"loss":0.5}\n`,
  )
  return header + lines.join('')
}

async function record(kind: Kind, file: string, entries: readonly RecordEntry[]): Promise<void> {
  const opened = await openRecords([{ kind, path: file }])
  try {
    for (const next of entries) await opened.write(next)
  } finally {
    await opened.close()
  }
}

test('JSON lines hold each entry as an object, numbers beyond JSON as texts', async () => {
  const file = newFile()
  const values = { loss: -1e-7, gradNorm: NaN, a: Infinity, b: -Infinity, none: undefined, 7: 1 }
  const more = JSON.parse('{"__proto__":3,"quoted \\"":4}') as Record<string, number>
  await record('jsonLines', file, [
    entry(1, values),
    { ...entry(2, more), kind: 'epoch', epoch: 3, time: TIME + 5 },
  ])
  const common = `{"time":"${TIMESTAMP}","kind":"step","step":1,"epoch":1`
  expect(read(file)).toBe(
    `${common},"7":1,"loss":-1e-7,"gradNorm":"NaN","a":"Infinity","b":"-Infinity"}\n` +
      '{"time":"2024-05-01T12:00:00.005Z","kind":"epoch","step":2,"epoch":3,"__proto__":3,"quoted \\"":4}\n',
  )
})

test('CSV has the columns of the first entry, and empty cells where an entry lacks a value', async () => {
  const file = newFile()
  await record('csv', file, [
    entry(1, { loss: 0.25, gradNorm: -1e-7, validationLoss: undefined }),
    { ...entry(2, { validationLoss: NaN }), kind: 'epoch' },
  ])
  expect(read(file)).toBe(
    'time,kind,step,epoch,loss,gradNorm,validationLoss\n' +
      `${TIMESTAMP},step,1,1,0.25,-1e-7,\n${TIMESTAMP},epoch,2,1,,,NaN\n`,
  )
})

test('CSV refuses a name that the first entry does not have, and goes on', async () => {
  const file = newFile()
  const opened = await openRecords([{ kind: 'csv', path: file }])
  await opened.write(entry(1))
  const message = 'entry.values: expected only the first entry\'s names "loss", got "other"'
  await expectGruRejection(opened.write(entry(2, { other: 1 })), 'ERR_GRU_VALUE', message)
  await opened.write(entry(3))
  await opened.close()
  expect(read(file)).toBe(expected('csv', 1, 3))
})

describe('names in CSV', () => {
  test.each([
    ['=1+1', `"'=1+1"`],
    ['+x', `"'+x"`],
    ['-x', `"'-x"`],
    ['@x', `"'@x"`],
    [' =x', `" '=x"`],
    ['＝x', `"'＝x"`],
    ['a;=x', `"a;'=x"`],
    ['a,@x', `"a,'@x"`],
    ['say "x"', `"say ""x"""`],
    ['loss - rate', 'loss - rate'],
    ['validation/loss_1.5', 'validation/loss_1.5'],
    ['Verlust é中', 'Verlust é中'],
  ])('%s', async (name, cell) => {
    const file = newFile()
    await record('csv', file, [entry(1, { [name]: 1 })])
    const header = read(file).split('\n')[0]
    expect(header).toBe(`time,kind,step,epoch,${cell}`)
    // A file with this name is recognised again.
    await record('csv', file, [entry(2, { [name]: 2 })])
    expect(read(file).split('\n')).toHaveLength(4)
  })

  test('of any text make cells that begin no formula, and numbers stay numbers', async () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1 }).map((text) => `${text}x`)
    const property = fc.asyncProperty(
      fc.dictionary(name, fc.double({ noNaN: true, noDefaultInfinity: true }), { minKeys: 1 }),
      async (values) => {
        fc.pre(!Object.keys(values).some((text) => /\p{Cc}/u.test(text)))
        const file = newFile()
        await record('csv', file, [entry(1, values)])
        const rows = parse(read(file), { cast: false })
        const [header, row] = rows.map((cells) => cells.slice(4))
        expect(rows).toHaveLength(2)
        expect(header!.filter((cell) => /^\s*[=+\-@]/.test(cell))).toEqual([])
        expect(row!.map(Number)).toEqual(Object.values(values).map((value) => value + 0))
      },
    )
    await fc.assert(property, { seed, numRuns: 50 })
  })
})

describe.each(KINDS)('%s', (kind) => {
  test('is with the system when a write resolves', async () => {
    const file = newFile()
    const opened = await openRecords([{ kind, path: file }])
    await opened.write(entry(1))
    expect(read(file)).toBe(expected(kind, 1))
    await opened.write(entry(2))
    expect(read(file)).toBe(expected(kind, 1, 2))
    await opened.close()
  })

  test('keeps the order of calls that do not wait', async () => {
    const file = newFile()
    const opened = await openRecords([{ kind, path: file }])
    const steps = Array.from({ length: 50 }, (_, step) => step)
    const writes = steps.map((step) => opened.write(entry(step)))
    await opened.close()
    await Promise.all(writes)
    expect(read(file)).toBe(expected(kind, ...steps))
  })

  test('goes on with its file', async () => {
    const file = newFile()
    await record(kind, file, [entry(1)])
    await record(kind, file, [])
    await record(kind, file, [entry(2), entry(3)])
    expect(read(file)).toBe(expected(kind, 1, 2, 3))
  })

  test('cuts off a last line at whatever byte it broke off', async () => {
    const whole = expected(kind, 1, 2)
    const file = newFile()
    for (let length = 0; length <= whole.length; length++) {
      writeFileSync(file, whole.slice(0, length))
      await record(kind, file, [entry(9)])
      const lines = whole.slice(0, length).split('\n').length - 1
      const entries = kind === 'csv' ? Math.max(lines - 1, 0) : lines
      expect(read(file)).toBe(expected(kind, ...[1, 2].slice(0, entries), 9))
    }
  })

  test('cuts off a long last line behind a long file', async () => {
    const file = newFile()
    const steps = Array.from({ length: 3000 }, (_, step) => step)
    writeFileSync(file, expected(kind, ...steps) + 'x'.repeat(200_000))
    await record(kind, file, [entry(1)])
    expect(read(file)).toBe(expected(kind, ...steps, 1))
  })

  test.each(['text', '\n', '{}\n', 'time,step\n', '{"time":1}\n', '\0\0\0\0\0'])(
    'leaves another file alone: %j',
    async (text) => {
      const file = newFile()
      writeFileSync(file, text)
      const message =
        /record: expected a training record, which begins with .*, got something else$/
      await expectGruRejection(record(kind, file, [entry(1)]), 'ERR_GRU_FORMAT', message)
      expect(read(file)).toBe(text)
    },
  )

  test('refuses a folder, a device and a pipe', async () => {
    const folder = path.dirname(newFile())
    const pipe = path.join(folder, 'pipe')
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0)
    for (const place of [folder, '/dev/null', pipe]) {
      const message = `${place}: expected a regular file or none, got something else`
      await expectGruRejection(record(kind, place, []), 'ERR_GRU_FORMAT', message)
    }
  })

  test('says why a file cannot be written', async () => {
    const file = path.join(newFile(), 'missing')
    const error = await expectGruRejection(record(kind, file, []), 'ERR_GRU_FORMAT', /ENOENT/)
    expect(error.message.startsWith(`${file}: expected a file that can be written, got `)).toBe(
      true,
    )
    expect(error.cause).toMatchObject({ code: 'ENOENT' })
  })

  test.each([1, 2])('a write that fails half-way leaves nothing: entry %d', async (failing) => {
    const file = newFile()
    const opened = await openRecords([{ kind, path: file }])
    const failure = Object.assign(new Error('no space'), { code: 'ENOSPC' })
    const { appendFile } = fs
    if (failing === 2) await opened.write(entry(1))
    jest.spyOn(fs, 'appendFile').mockImplementationOnce(async (to, bytes) => {
      await appendFile(to, (bytes as Buffer).subarray(0, 20))
      throw failure
    })
    const message = `${file}: expected a file that can be written, got no space`
    const error = await expectGruRejection(opened.write(entry(7)), 'ERR_GRU_FORMAT', message)
    expect(error.cause).toBe(failure)
    await opened.write(entry(8))
    await opened.close()
    expect(read(file)).toBe(expected(kind, ...[1].slice(0, failing - 1), 8))
  })

  test('that is closed takes no more', async () => {
    const file = newFile()
    const opened = await openRecords([{ kind, path: file }])
    await opened.write(entry(1))
    await opened.close()
    await opened.close()
    const message = `${file}: expected an open record, got one that was closed`
    await expectGruRejection(opened.write(entry(2)), 'ERR_GRU_DISPOSED', message)
    expect(read(file)).toBe(expected(kind, 1))
  })
})

test('a long first line is known again', async () => {
  const file = newFile()
  const values = Object.fromEntries(
    Array.from({ length: 9000 }, (_, i) => [`metric number ${i}`, i]),
  )
  await record('csv', file, [entry(1, values)])
  await record('csv', file, [entry(2, values)])
  const lines = read(file).split('\n')
  expect(lines[0]!.length).toBeGreaterThan(2 ** 17)
  expect(lines.slice(1).map((line) => line.split(',')[2])).toEqual(['1', '2', undefined])
})

test('CSV is not gone on with other columns', async () => {
  const file = newFile()
  await record('csv', file, [entry(1)])
  const message =
    /record: expected a file with the columns of the entry, got no "other" and also "loss"$/
  const other = record('csv', file, [entry(2, { other: 1 })])
  await expectGruRejection(other, 'ERR_GRU_FORMAT', message)
  expect(read(file)).toBe(expected('csv', 1))
})

test.each<[Record<string, number>, Record<string, number>, string]>([
  [{ loss: 1, rate: 1 }, { loss: 1 }, 'also "rate"'],
  [{ loss: 1 }, { loss: 1, 'a,b': 1 }, 'no "\\"a,b\\""'],
  [{ 'x"y,z': 1, loss: 1 }, { loss: 1, 'x"y,z': 1 }, 'the same columns in another order'],
  [
    Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`metric${i}`, i])),
    { loss: 1 },
    'no "loss" and also "metric0", "metric1", "metric2", "metric3", "metric4", "metric5", "metric6", "metric7" and 2 more',
  ],
])('CSV names the columns that are others: %j then %j', async (first, second, got) => {
  const file = newFile()
  await record('csv', file, [entry(1, first)])
  const other = record('csv', file, [entry(2, second)])
  const message = `${file}: expected a file with the columns of the entry, got ${got}`
  await expectGruRejection(other, 'ERR_GRU_FORMAT', message)
})

describe('several records', () => {
  test('each get every entry', async () => {
    const folder = path.dirname(newFile())
    const files = { jsonLines: path.join(folder, 'a.jsonl'), csv: path.join(folder, 'a.csv') }
    const opened = await openRecords(KINDS.map((kind) => ({ kind, path: files[kind] })))
    await opened.write(entry(1))
    await opened.close()
    for (const kind of KINDS) expect(read(files[kind])).toBe(expected(kind, 1))
  })

  test('are none where one cannot be opened', async () => {
    const file = newFile()
    const open = jest.spyOn(fs, 'open')
    const records: RecordOptions[] = [
      { kind: 'csv', path: file },
      { kind: 'csv', path: path.dirname(file) },
    ]
    await expectGruRejection(openRecords(records), 'ERR_GRU_FORMAT', /regular file/)
    expect(open).toHaveBeenCalledTimes(1)
    // A closed handle has no descriptor.
    const handle = await (open.mock.results[0]!.value as Promise<fs.FileHandle>)
    expect(handle.fd).toBe(-1)
  })

  test('write where another cannot', async () => {
    const folder = path.dirname(newFile())
    const [csv, lines] = [path.join(folder, 'a'), path.join(folder, 'b')]
    await record('csv', csv, [entry(1, { other: 1 })])
    const before = read(csv)
    const opened = await openRecords([
      { kind: 'csv', path: csv },
      { kind: 'jsonLines', path: lines },
    ])
    await expectGruRejection(
      opened.write(entry(1)),
      'ERR_GRU_FORMAT',
      /expected a file with the columns/,
    )
    await opened.close()
    expect(read(csv)).toBe(before)
    expect(read(lines)).toBe(expected('jsonLines', 1))
  })
})

describe('what is wrong is refused', () => {
  const csv = { kind: 'csv', path: 'a' }
  test.each<[unknown, GruErrorCode, string | RegExp]>([
    [undefined, 'ERR_GRU_TYPE', 'records: expected an Array of records, got undefined'],
    [
      [{}],
      'ERR_GRU_TYPE',
      /^records\[0\]\.kind: expected one of "jsonLines", "csv", "tensorBoard"/,
    ],
    [
      [{ kind: 'csv' }],
      'ERR_GRU_TYPE',
      'records[0].path: expected the path of a file, got undefined',
    ],
    [[{ kind: 'tsv', path: 'a' }], 'ERR_GRU_VALUE', /^records\[0\]\.kind: .*got "tsv"$/],
    [[csv, { ...csv, file: 'b' }], 'ERR_GRU_VALUE', /^records\[1\]: .*the key "file"$/],
    [
      [csv, { ...csv, path: './a' }],
      'ERR_GRU_VALUE',
      'records[1].path: expected a place of its own, got "./a" again',
    ],
  ])('records %#', async (bad, code, message) => {
    await expectGruRejection(openRecords(bad as RecordOptions[]), code, message)
  })

  test.each<[unknown, GruErrorCode, string | RegExp]>([
    [undefined, 'ERR_GRU_TYPE', 'entry: expected a plain object, got undefined'],
    [{ ...entry(1), kind: 'batch' }, 'ERR_GRU_VALUE', /^entry\.kind: /],
    [{ ...entry(1), time: NaN }, 'ERR_GRU_VALUE', /^entry\.time: /],
    [{ ...entry(1), time: 1e16 }, 'ERR_GRU_VALUE', /^entry\.time: /],
    [{ ...entry(1), step: -1 }, 'ERR_GRU_VALUE', /^entry\.step: /],
    [{ ...entry(1), epoch: 0.5 }, 'ERR_GRU_VALUE', /^entry\.epoch: /],
    [{ ...entry(1), values: [1] }, 'ERR_GRU_TYPE', /^entry\.values: expected a plain object/],
    [
      entry(1, { loss: '=1' as unknown as number }),
      'ERR_GRU_TYPE',
      'entry.values["loss"]: expected a number or undefined, got "=1"',
    ],
    [
      entry(1, { step: 1 }),
      'ERR_GRU_VALUE',
      'entry.values: expected names other than time, kind, step, epoch, got "step"',
    ],
    [entry(1, { '': 1 }), 'ERR_GRU_VALUE', /^entry\.values: expected names that are /],
    [entry(1, { 'a\nb': 1 }), 'ERR_GRU_VALUE', /^entry\.values: .*got "a\\nb"$/],
    [entry(1, { '\t=x': 1 }), 'ERR_GRU_VALUE', /^entry\.values: /],
    [entry(1, { '\ud800': 1 }), 'ERR_GRU_VALUE', /^entry\.values: /],
  ])('entry %#', async (bad, code, message) => {
    const file = newFile()
    const opened = await openRecords([{ kind: 'jsonLines', path: file }])
    await expectGruRejection(opened.write(bad as RecordEntry), code, message)
    await opened.close()
    expect(read(file)).toBe('')
  })
})

describe('a process that is killed', () => {
  const library = inFolder('library')
  beforeAll(() => {
    mkdirSync(library)
    compileLibrary(library)
  })

  /** Writes entries 1, 2, 3 in a process that kills itself in the third write. */
  function killedWhileWriting(kind: Kind, file: string, third: string): string | null {
    const program = `
      const fs = require('node:fs/promises')
      const die = () => process.kill(process.pid, 'SIGKILL')
      const { appendFile } = fs
      let count = 0
      fs.appendFile = async (to, bytes) => {
        if (++count < 3) return appendFile(to, bytes)
        ${third}
      }
      const { openRecords } = require(${JSON.stringify(path.join(library, 'records', 'open'))})
      void openRecords(${JSON.stringify([{ kind, path: file }])}).then(async (record) => {
        const entry = ${JSON.stringify(entry(0))}
        for (let step = 1; ; step++) await record.write({ ...entry, step })
      })`
    return spawnSync(process.execPath, ['-e', program]).signal
  }

  test.each(
    KINDS.flatMap((kind) => [
      [kind, 'before it', 'die()'] as const,
      [kind, 'within it', 'await appendFile(to, bytes.subarray(0, 20)); die()'] as const,
    ]),
  )('loses at most one line: %s, %s', async (kind, _, third) => {
    const file = newFile()
    expect(killedWhileWriting(kind, file, third)).toBe('SIGKILL')
    expect(read(file).startsWith(expected(kind, 1, 2))).toBe(true)
    await record(kind, file, [entry(3), entry(4)])
    expect(read(file)).toBe(expected(kind, 1, 2, 3, 4))
    expect(readdirSync(path.dirname(file))).toEqual(['record'])
  })
})
