import { existsSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { GruError } from '../../lib'
import { readJob } from '../../lib/cli/job'
import { removeFolders, smallJob, writeJob } from './harness'

afterAll(removeFolders)

async function refusal(file: string): Promise<GruError> {
  const error: unknown = await readJob(file).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(GruError)
  return error as GruError
}

const escaped = (text: string): string => text.replaceAll(/[.\\]/g, '\\$&')

it('fills in the defaults', async () => {
  const { columns, csv, target } = smallJob()
  const file = writeJob({ columns, csv, target })
  await expect(readJob(file)).resolves.toEqual({
    name: 'small',
    csv: path.join(path.dirname(file), 'table.csv'),
    source: 'table.csv',
    columns: { day: 'date', warmth: 'number', sky: 'category' },
    target: 'warmth',
    unit: '',
    window: 30,
    split: { training: 0.7, validation: 0.15 },
    model: { hiddenSize: 32, numLayers: 1, dropout: 0 },
    training: { epochs: 30, batch: 32, learningRate: 1e-3, weightDecay: 0.01, clipNorm: 1 },
    seed: 1,
  })
})

it('finds a file of an installed package, though the package does not export it', async () => {
  const csv = 'npm:vega-datasets/data/seattle-weather.csv'
  const job = await readJob(writeJob({ ...smallJob(), csv }))
  expect(path.isAbsolute(job.csv)).toBe(true)
  expect(job.csv.endsWith(path.join('data', 'seattle-weather.csv'))).toBe(true)
  expect(existsSync(job.csv)).toBe(true)
  expect(job.source).toBe(csv)
})

it.each([
  [
    'columns',
    { columns: { warmth: 'number' } },
    'columns: expected one column of kind "date", got 0',
  ],
  [
    'a kind',
    { columns: { day: 'date', warmth: 'numeric' } },
    'columns.warmth: expected one of "number", "category", "date", got "numeric"',
  ],
  ['no columns', { columns: 5 }, 'columns: expected a plain object, got 5'],
  ['target', { target: 'sky' }, 'target: expected one of "warmth", got "sky"'],
  ['unit', { unit: 5 }, 'unit: expected a string, got 5'],
  ['name', { name: '../up' }, 'name: expected the name of a folder'],
  ['window', { window: 0 }, 'window: expected an integer from 1 to 2147483647, got 0'],
  ['a fraction', { window: 2.5 }, 'window: expected an integer from 1 to 2147483647, got 2.5'],
  [
    'split',
    { split: { training: 0.8, validation: 0.2 } },
    'split: expected a sum below 1, to leave a test part, got 1',
  ],
  ['a share', { split: { training: 1.5 } }, 'split.training: expected a finite number above 0 and'],
  ['hiddenSize', { model: { hiddenSize: '32' } }, 'model.hiddenSize: expected an integer'],
  [
    'a dropout that is 1 as float32',
    { model: { dropout: 0.99999999 } },
    'model.dropout: expected a number that is below 1 also as float32, got 0.99999999',
  ],
  [
    'numLayers',
    { model: { numLayers: 1025 } },
    'model.numLayers: expected an integer from 1 to 1024, got 1025',
  ],
  [
    'learningRate',
    { training: { learningRate: 1e39 } },
    'training.learningRate: expected a finite number above 0 and at most 3.4028234663852886e+38',
  ],
  ['dropout', { model: { dropout: 1 } }, 'model.dropout: expected a finite number at least 0 and'],
  [
    'a misspelt key',
    { training: { learning_rate: 1 } },
    'the key "learning_rate" (did you mean learningRate?)',
  ],
  [
    'clipNorm',
    { training: { clipNorm: 0 } },
    'training.clipNorm: expected a finite number above 0',
  ],
  ['epochs', { training: { epochs: -1 } }, 'training.epochs: expected an integer from 1'],
  ['seed', { seed: -1 }, 'seed: expected an integer from 0'],
  ['an unknown key', { sead: 1 }, 'got the key "sead"'],
  ['no csv', { csv: null }, 'csv: expected a string, got null'],
  [
    'a package that is not there',
    { csv: 'npm:no-such-package/data.csv' },
    'csv: expected a file of an installed package (npm install no-such-package)',
  ],
])('refuses %s, naming the file and the key', async (_, change, message) => {
  const file = writeJob({ ...smallJob(), ...change })
  const error = await refusal(file)
  expect(error.message).toContain(message)
  expect(error.message.startsWith(file)).toBe(true)
})

it('tells of all faults together', async () => {
  const file = writeJob({
    ...smallJob(),
    ...{ sead: 1, windows: 3, window: 0 },
    columns: { day: 'date', warmth: 'numeric', sky: 'categories' },
    split: { training: 2, validation: -1 },
    model: { hidden_size: 3, dropout: 1 },
    training: { epochs: 0, lr: 1 },
  })
  const { code, message } = await refusal(file)
  expect(code).toBe('ERR_GRU_VALUE')
  const places = [
    ': expected only the keys .* the key "sead"',
    ': expected only the keys .* the key "windows" \\(did you mean window\\?\\)',
    ', columns.warmth: expected one of .*, got "numeric"',
    ', columns.sky: expected one of .*, got "categories"',
    ', window: expected an integer .*, got 0',
    ', split.training: expected .*, got 2',
    ', split.validation: expected .*, got -1',
    ', model: .* the key "hidden_size" \\(did you mean hiddenSize\\?\\)',
    ', model.dropout: expected .*, got 1',
    ', training: .* the key "lr" \\(did you mean learningRate\\?\\)',
    ', training.epochs: expected .*, got 0',
  ]
  const lines = message.split('\n')
  expect(lines).toEqual(
    places.map((place) => expect.stringMatching(new RegExp(`^${escaped(file)}${place}`)) as string),
  )
})

it('takes null as an absent key', async () => {
  const plain = await readJob(writeJob({ ...smallJob(), seed: undefined, split: undefined }))
  const nulls = await readJob(writeJob({ ...smallJob(), seed: null, split: { training: null } }))
  expect({ ...nulls, csv: '' }).toEqual({ ...plain, csv: '' })
})

it.each([
  ['a list', '[]', 'expected a plain object'],
  ['broken JSON', '{"csv":', 'expected JSON'],
  ['a key twice', '{"csv":"a.csv","csv":"b.csv"}', 'expected each key once, got "csv" twice'],
  ['invisible characters', '{"a":\u200b1}', "Unexpected token '\\u200b'"],
])('refuses %s', async (_, text, message) => {
  await expect(readJob(writeJob(text))).rejects.toThrow(message)
})

it('refuses a file that is not there', async () => {
  const { code, message } = await refusal('no-such.json')
  expect(code).toBe('ERR_GRU_FORMAT')
  expect(message).toMatch(/^no-such\.json: expected a file that can be read, got ENOENT/)
})

it('reads a job file as it reads a table: with a byte-order mark, in UTF-8 or UTF-16', async () => {
  const job = JSON.stringify(smallJob())
  const file = writeJob(job)
  const plain = await readJob(file)
  writeFileSync(file, `\ufeff${job}`)
  await expect(readJob(file)).resolves.toEqual(plain)
  writeFileSync(file, `\ufeff${job}`, 'utf16le')
  await expect(readJob(file)).resolves.toEqual(plain)
})
