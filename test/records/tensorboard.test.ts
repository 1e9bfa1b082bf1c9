import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { openRecords, type RecordEntry } from '../../lib'
import { expectGruRejection } from '../support/errors'
import { temporaryFolder } from '../support/temporary-folder'

const inFolder = temporaryFolder()
afterEach(() => {
  jest.restoreAllMocks()
})

const newFolder = (): string => mkdtempSync(inFolder('case-'))
const GOLDEN = path.join(__dirname, '..', 'golden-records', 'scalars.tfevents')
const BEGIN = 1_714_564_800_250

function entry(changes: Partial<RecordEntry> = {}): RecordEntry {
  return { kind: 'step', time: BEGIN, step: 1, epoch: 1, values: { loss: 0.5 }, ...changes }
}

async function record(folder: string, entries: readonly RecordEntry[]): Promise<string> {
  const opened = await openRecords([{ kind: 'tensorBoard', path: folder }])
  for (const next of entries) await opened.write(next)
  await opened.close()
  return path.join(folder, readdirSync(folder).sort().at(-1)!)
}

/** CRC-32C bit by bit as a polynomial division, from the highest power down, without a table and without reflection. */
function crc32c(bytes: Uint8Array): bigint {
  let remainder = 0xffffffffn
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const next = BigInt((byte >> bit) & 1) ^ (remainder >> 31n)
      remainder = (remainder << 1n) & 0xffffffffn
      if (next === 1n) remainder ^= 0x1edc6f41n
    }
  }
  let reflected = 0n
  for (let bit = 0n; bit < 32n; bit++) reflected |= ((remainder >> bit) & 1n) << (31n - bit)
  return reflected ^ 0xffffffffn
}

function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes)
  return Number((((crc >> 15n) | (crc << 17n)) + 0xa282ead8n) & 0xffffffffn)
}

/** The data of each record of an event file, whose CRCs must be right. */
function recordsOf(file: Buffer): Buffer[] {
  const records: Buffer[] = []
  let place = 0
  while (place < file.length) {
    const length = Number(file.readBigUInt64LE(place))
    const data = file.subarray(place + 12, place + 12 + length)
    expect(file.readUInt32LE(place + 8)).toBe(maskedCrc(file.subarray(place, place + 8)))
    expect(file.readUInt32LE(place + 12 + length)).toBe(maskedCrc(data))
    records.push(data)
    place += length + 16
  }
  return records
}

type Field = readonly [number: number, value: bigint | Buffer]

/** The fields of a message of protocol buffers. */
function fieldsOf(message: Buffer): Field[] {
  const fields: Field[] = []
  let place = 0
  const take = (length: number): Buffer => message.subarray(place, (place += length))
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = BigInt(take(1)[0]!)
      value |= (byte & 127n) << shift
      if (byte < 128n) return value
    }
  }
  const readers = new Map<number, () => bigint | Buffer>([
    [0, varint],
    [1, () => take(8)],
    [2, () => take(Number(varint()))],
    [5, () => take(4)],
  ])
  while (place < message.length) {
    const key = Number(varint())
    const read = readers.get(key & 7)!
    fields.push([key >> 3, read()])
  }
  return fields
}

interface Scalar {
  readonly tag: string
  readonly wallTime: number
  readonly step: number
  readonly value: number
}

/** The scalars of an event, in their order. */
function scalarsOf(event: Buffer): Scalar[] {
  const fields = new Map(fieldsOf(event))
  const wallTime = (fields.get(1) as Buffer).readDoubleLE()
  const step = Number(fields.get(2))
  return fieldsOf(fields.get(5) as Buffer).map(([, message]) => {
    const value = new Map(fieldsOf(message as Buffer))
    const tag = (value.get(1) as Buffer).toString()
    return { tag, wallTime, step, value: (value.get(2) as Buffer).readFloatLE() }
  })
}

test("the test's own CRC is that of the RFC", () => {
  // RFC 3720, B.4: 32 bytes of zeros, of ones, and ascending.
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aan)
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43n)
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794en)
})

test("the file is that of TensorBoard's own writer, byte by byte", async () => {
  jest.spyOn(Date, 'now').mockReturnValue(BEGIN)
  const file = await record(newFolder(), [
    entry({ time: BEGIN + 1500, values: { loss: 0.6931471805599453, gradNorm: 1e-30 } }),
    entry({ time: BEGIN + 2000, step: 127, values: { loss: -0.1, gradNorm: NaN } }),
    entry({ time: BEGIN + 3000, step: 128, values: { loss: Infinity, gradNorm: 1e39 } }),
    entry({ time: BEGIN + 4000, step: 200, values: { loss: undefined } }),
    entry({ kind: 'epoch', time: BEGIN + 5000, step: 2 ** 31, values: { validationLoss: 0.25 } }),
    entry({
      ...{ kind: 'epoch', time: BEGIN + 6000, step: Number.MAX_SAFE_INTEGER },
      values: { ['é中😀 '.repeat(16)]: 1 },
    }),
  ])
  expect(readFileSync(file).toString('hex')).toBe(readFileSync(GOLDEN).toString('hex'))
})

test('an independent reader finds every value', async () => {
  const file = await record(newFolder(), [
    entry({ step: 1, values: { loss: 0.1, 'rate/head': 0 } }),
    entry({ kind: 'epoch', time: BEGIN + 123, step: 300, values: { loss: -1e30, other: 2 } }),
  ])
  const [version, ...events] = recordsOf(readFileSync(file))
  expect(fieldsOf(version!)[1]).toEqual([3, Buffer.from('brain.Event:2')])
  const [first, second] = [BEGIN / 1000, (BEGIN + 123) / 1000]
  expect(events.flatMap(scalarsOf)).toEqual([
    { tag: 'step/loss', wallTime: first, step: 1, value: Math.fround(0.1) },
    { tag: 'step/rate/head', wallTime: first, step: 1, value: 0 },
    { tag: 'epoch/loss', wallTime: second, step: 300, value: Math.fround(-1e30) },
    { tag: 'epoch/other', wallTime: second, step: 300, value: 2 },
  ])
})

describe('a folder', () => {
  test('is made, and gets a file with the name that TensorBoard looks for', async () => {
    const folder = path.join(newFolder(), 'runs', 'first')
    await record(folder, [])
    const names = readdirSync(folder)
    expect(names).toHaveLength(1)
    expect(names[0]).toMatch(/^events\.out\.tfevents\.\d{10}\.[\w.-]+\.\d+\.\d+$/)
  })

  test('gets a new file each time, which comes last by its name and leaves the others alone', async () => {
    const folder = newFolder()
    const future = `events.out.tfevents.${Math.floor(Date.now() / 1000) + 1000}.zz.99999.9`
    writeFileSync(path.join(folder, future), 'torn')
    for (let step = 1; step <= 12; step++) {
      const file = await record(folder, [entry({ step })])
      const events = recordsOf(readFileSync(file)).slice(1)
      expect(events.flatMap(scalarsOf).map((scalar) => scalar.step)).toEqual([step])
    }
    expect(readdirSync(folder)).toHaveLength(13)
    expect(readFileSync(path.join(folder, future), 'utf8')).toBe('torn')
  })

  test('that is a file is refused', async () => {
    const file = path.join(newFolder(), 'a')
    writeFileSync(file, 'text')
    const message = /a: expected a folder that can be made, got EEXIST/
    await expectGruRejection(record(file, []), 'ERR_GRU_FORMAT', message)
    expect(readFileSync(file, 'utf8')).toBe('text')
  })
})
