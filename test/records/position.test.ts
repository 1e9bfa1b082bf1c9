import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { openAt } from '../../lib/records/open'
import type { RecordPosition } from '../../lib/records/position'
import { temporaryFolder } from '../support/temporary-folder'

const inFolder = temporaryFolder()
const newFile = (): string => path.join(mkdtempSync(inFolder('case-')), 'record')

/** More than three of the blocks in which a file is read from its end. */
const MANY = 4000

const positionOf = (step: number): RecordPosition => {
  return { kind: 'step', step, epoch: 1, values: { batch: step, meanLoss: 1 / step } }
}

type Kind = 'jsonLines' | 'csv'

async function write(
  kind: Kind,
  file: string,
  steps: readonly number[],
  position?: RecordPosition,
): Promise<string[]> {
  const record = await openAt([{ kind, path: file }], position)
  for (const step of steps) await record.write({ ...positionOf(step), time: 0 })
  await record.close()
  return readFileSync(file, 'utf8').split('\n')
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)

describe.each(['jsonLines', 'csv'] as const)('a record of the kind %s', (kind) => {
  test.each([1, 2, 1234, MANY - 1, MANY])('is cut after entry %p of many', async (last) => {
    const file = newFile()
    const lines = await write(kind, file, upTo(MANY))
    expect(readFileSync(file).length).toBeGreaterThan(3 * 65_536)
    const left = await write(kind, file, [], positionOf(last))
    const header = kind === 'csv' ? 1 : 0
    expect(left).toEqual([...lines.slice(0, header + last), ''])
    expect(await write(kind, file, [MANY], positionOf(last))).toEqual([
      ...lines.slice(0, header + last),
      ...lines.slice(-2),
    ])
  })

  test.each<[string, Partial<RecordPosition>]>([
    ['another kind', { kind: 'epoch' }],
    ['another step', { step: 4 }],
    ['another epoch', { epoch: 2 }],
    ['another value', { values: { batch: 3, meanLoss: 0.3 } }],
    ['a value that it has not', { values: { other: 1 } }],
  ])('keeps all entries where that of the position has %s', async (_, change) => {
    const file = newFile()
    const lines = await write(kind, file, upTo(6))
    const position = { ...positionOf(3), ...change }
    expect(await write(kind, file, [], position)).toEqual(lines)
  })

  test('keeps all entries where other text follows', async () => {
    const file = newFile()
    await write(kind, file, upTo(6))
    writeFileSync(file, 'a note\n', { flag: 'a' })
    const lines = readFileSync(file, 'utf8').split('\n')
    expect(await write(kind, file, [], positionOf(3))).toEqual(lines)
  })

  test('that is new or empty is begun', async () => {
    const file = newFile()
    const lines = await write(kind, file, [1, 2], positionOf(3))
    expect(lines).toEqual(await write(kind, newFile(), [1, 2]))
  })
})
