import { existsSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { GruError } from '../../lib'
import { flagOf } from '../../lib/cli/option'
import { describeOptions } from '../../lib/cli/option-help'
import { JOB_OPTIONS, RUN_OPTIONS, TRAINING_OPTIONS } from '../../lib/cli/job-options'
import { readTrainCommand } from '../../lib/cli/job'
import { newFolder, removeFolders, smallJob } from './harness'

afterAll(removeFolders)

function writeFile(content: unknown, name = 'small.json'): string {
  const file = path.join(newFolder(), name)
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

async function refusal(...args: string[]): Promise<GruError> {
  const error: unknown = await readTrainCommand(args).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(GruError)
  return error as GruError
}

const ALL_FLAGS = [
  ...['--target', 'a,b', '--series', 's', '--horizon', '48', '--window', '96'],
  ...['--future', 'holiday,price', '--columns', 'x,y', '--unit', 'a=K', '--cell', 'lstm'],
  ...['--hidden-size', '64', '--num-layers', '2', '--dropout', '0.1', '--bidirectional'],
  ...['--epochs', '9', '--patience', '3', '--batch', '16', '--learning-rate', '1e-3'],
  ...['--optimizer', 'adamw', '--schedule', 'cosine', '--weight-decay', '0', '--clip-norm', '2'],
  ...['--quantiles', '0.9,0.1,0.5', '--distribution', 'normal', '--logarithm'],
  ...['--difference', 'seasonal', '--missing', 'carry', '--minimum', '-5', '--maximum=7.5'],
  ...['--training', '0.6', '--validation', '0.2', '--backtest', '20', '--seed', '4'],
  ...['--device', 'cpu', '--time', 't', '--time-zone', 'Europe/Berlin', '--seasons', '7,365'],
  ...['--date-form', 'day/month/year', '--frequency', '15 minutes', '--delimiter', 'tab'],
  ...['--decimal', ',', '--strict', '--resume', '--json', '--live', '--port', '80'],
  ...['--out', 'there', '--name', 'run-1'],
]

const ALL_KEYS = {
  table: 'table.csv',
  name: 'run-1',
  unit: { a: 'K' },
  ...{ target: ['a', 'b'], series: 's', horizon: 48, window: 96, seasons: [7, 365] },
  ...{ future: ['holiday', 'price'], columns: ['x', 'y'], quantiles: [0.9, 0.1, 0.5] },
  model: { cell: 'lstm', hiddenSize: 64, numLayers: 2, dropout: 0.1, bidirectional: true },
  training: {
    ...{ epochs: 9, patience: 3, batch: 16, learningRate: 1e-3, optimizer: 'adamw' },
    ...{ schedule: 'cosine', weightDecay: 0, clipNorm: 2 },
  },
  split: { training: 0.6, validation: 0.2 },
  ...{ distribution: 'normal', logarithm: true, difference: 'seasonal', missing: 'carry' },
  ...{ minimum: -5, maximum: 7.5, backtest: 20, seed: 4, device: 'cpu', time: 't' },
  ...{ timeZone: 'Europe/Berlin', dateForm: 'day/month/year', frequency: '15 minutes' },
  ...{ delimiter: 'tab', decimal: ',', strict: true },
}

it('takes every option of the command line, and the same from a job', async () => {
  const { job, run } = await readTrainCommand(['data/table.csv', ...ALL_FLAGS])
  const flags = [...Object.keys(JOB_OPTIONS), ...Object.keys(RUN_OPTIONS)].map(flagOf).sort()
  const used = ALL_FLAGS.filter((arg) => arg.startsWith('--')).map((arg) => arg.slice(2))
  expect(used.map((flag) => flag.split('=')[0]).sort()).toEqual(flags)
  expect(job).toEqual({
    name: 'run-1',
    table: path.resolve('data/table.csv'),
    source: 'data/table.csv',
    tableOptions: {
      ...{ time: 't', series: 's', columns: ['x', 'y', 'a', 'b', 'holiday', 'price'] },
      ...{ timeZone: 'Europe/Berlin', dateForm: 'day/month/year', frequency: '15 minutes' },
      ...{ delimiter: '\t', decimal: ',', strict: true },
      required: ['a', 'b', 'holiday', 'price', 'x', 'y', 's'],
    },
    forecasterOptions: {
      ...{ target: ['a', 'b'], horizon: 48, window: 96, future: ['holiday', 'price'] },
      ...{ seasons: [7, 365], quantiles: [0.1, 0.5, 0.9], distribution: 'normal', logarithm: true },
      ...{ difference: 'seasonal', missing: 'carry', minimum: -5, maximum: 7.5 },
      ...{ seed: 4, device: 'cpu', model: ALL_KEYS.model, training: ALL_KEYS.training },
      split: ALL_KEYS.split,
    },
    backtest: 20,
    units: { a: 'K', b: '' },
  })
  expect(run).toEqual({ out: 'there', resume: true, json: true, live: true, port: 80 })
  const file = writeFile(ALL_KEYS)
  const other = await readTrainCommand([file])
  const table = path.join(path.dirname(file), 'table.csv')
  expect(other.job).toEqual({ ...job, source: 'table.csv', table })
})

it('leaves open what the table decides', async () => {
  const { job, run } = await readTrainCommand(['my data (1).csv', '--target', 'a'])
  expect(job).toEqual({
    name: 'my-data-1-',
    table: path.resolve('my data (1).csv'),
    source: 'my data (1).csv',
    tableOptions: { required: ['a'] },
    forecasterOptions: { target: ['a'], model: {}, training: {}, split: {} },
    units: { a: '' },
  })
  expect(run).toEqual({ out: path.join('out', 'my-data-1-') })
})

it('reads the jobs of before: csv, and a date among the columns', async () => {
  const file = writeFile(smallJob())
  const { job } = await readTrainCommand([file])
  expect(job).toEqual({
    name: 'small',
    table: path.join(path.dirname(file), 'table.csv'),
    source: 'table.csv',
    tableOptions: {
      time: 'day',
      columns: { warmth: 'number', sky: 'category' },
      required: ['warmth', 'sky'],
    },
    forecasterOptions: {
      target: ['warmth'],
      window: 6,
      model: { hiddenSize: 5 },
      training: { epochs: 4, batch: 16, learningRate: 0.01 },
      split: {},
      seed: 7,
    },
    units: { warmth: 'K' },
  })
})

it('lets the command line change a job', async () => {
  const file = writeFile(smallJob())
  const { job } = await readTrainCommand([file, '--epochs', '9', '--name', 'x', '--no-strict'])
  expect(job.forecasterOptions.training).toEqual({ epochs: 9, batch: 16, learningRate: 0.01 })
  expect(job).toMatchObject({ name: 'x', tableOptions: { strict: false } })
})

it.each([
  [['--no-time'], { tableOptions: { time: null } }],
  [['--logarithm=auto'], { forecasterOptions: { logarithm: 'auto' } }],
  [['--no-logarithm'], { forecasterOptions: { logarithm: false } }],
  [['--unit', 'K'], { units: { a: 'K' } }],
  [['--future', 'b', '--future', 'c,d'], { forecasterOptions: { future: ['b', 'c', 'd'] } }],
  [['--columns', 'b=category,a=number'], { tableOptions: { columns: { b: 'category' } } }],
  [['--seed', '1', '--seed', '2'], { forecasterOptions: { seed: 2 } }],
])('reads %j', async (args, expected) => {
  const { job } = await readTrainCommand(['t.csv', '--target', 'a', ...args])
  expect(job).toMatchObject(expected)
})

it('takes null as an absent key, and as no time', async () => {
  const plain = await readTrainCommand([writeFile({ ...ALL_KEYS, seed: undefined, time: null })])
  const file = writeFile({ ...ALL_KEYS, seed: null, time: null, split: ALL_KEYS.split })
  const { job } = await readTrainCommand([file])
  expect({ ...job, table: '' }).toEqual({ ...plain.job, table: '' })
  expect(job.tableOptions.time).toBeNull()
})

it('finds a file of an installed package, though the package does not export it', async () => {
  const table = 'npm:vega-datasets/data/seattle-weather.csv'
  for (const args of [[writeFile({ ...smallJob(), csv: table })], [table, '--target', 'a']]) {
    const { job } = await readTrainCommand(args)
    expect(job.table.endsWith(path.join('data', 'seattle-weather.csv'))).toBe(true)
    expect(existsSync(job.table)).toBe(true)
    expect(job.source).toBe(table)
  }
})

it.each([
  [['--horizon', '0'], '--horizon: expected an integer from 1 to 2147483647, got 0'],
  [['--horizon', 'x'], '--horizon: expected an integer from 1 to 2147483647, got "x"'],
  [['--horizon'], '--horizon: expected a value, as in --horizon N, got nothing'],
  [['--horizon', '--strict'], 'as in --horizon N, got the option --strict'],
  [['--hidden_size', '3'], 'got "--hidden_size" (did you mean --hidden-size?)'],
  [['--lr', '3'], 'got "--lr" (did you mean --learning-rate?)'],
  [['--no-horizon'], 'options: expected only those that --help lists, got "--no-horizon"'],
  [['-x'], 'got "-x"'],
  [['--strict=maybe'], '--strict: expected true or false, got "maybe"'],
  [['--quantiles', '0.1,0.9'], '--quantiles: expected 0.5 among the quantiles, got 0.1, 0.9'],
  [['--quantiles', '0.5,1'], '--quantiles: expected a finite number above 0 and below 1, got 1'],
  [['--quantiles', '0.5,0.5'], '--quantiles: expected different numbers, got 0.5 twice'],
  [['--seasons', '0'], '--seasons: expected an integer from 1'],
  [['--seasons', '1,2,3,4'], '--seasons: expected at most 3 seasons, got 4'],
  [['--future', 'b,b'], '--future: expected a name, or a list of different names, got "b" twice'],
  [['--future', 'b,'], '--future: expected a name, or a list of different names, got "" in it'],
  [['--training', '0.9'], 'expected a sum below 1, to leave a test part, got 1.05'],
  [['--minimum', '3', '--maximum', '2'], '--minimum: expected less than the maximum 2, got 3'],
  [['--time', 'a'], 'expected a column that is neither the time nor the series, got "a"'],
  [['--series', 'a'], 'expected a column that is neither the time nor the series, got "a"'],
  [['--unit', 'b=K'], '--unit: expected units of targets alone, got "b"'],
  [['--columns', 'b=number', '--future', 'c'], '--future: expected columns whose kinds are given'],
  [['--columns', 'b=number,c'], '--columns.c: expected one of'],
  [['--delimiter', ';;'], '--delimiter: expected one character, or "tab", got ";;"'],
  [['--port', '70000'], '--port: expected an integer from 0 to 65535, got 70000'],
  [['more'], 'arguments: expected JOB.json or TABLE, got t.csv more'],
  [['--name', '../up'], '--name: expected the name of a folder'],
])('refuses %j', async (args, message) => {
  expect((await refusal('t.csv', '--target', 'a', ...args)).message).toContain(message)
})

it('tells what could be the target, where none is said', async () => {
  const table = writeFile('day;price;place;volume\n2021-01-01;1;a;3\n2021-01-02;2;b;4', 't.csv')
  const expected = 'the names of the columns to forecast, among "price", "volume", got nothing'
  expect((await refusal(table)).message).toBe(`--target: expected ${expected}`)
  const job = await refusal(writeFile({ table, columns: ['price'], delimiter: ';' }))
  expect(job.message).toMatch(/target: expected the names of .*, among "price", got nothing$/)
})

it('says what is missing', async () => {
  expect((await refusal('t.csv')).message).toBe(
    '--target: expected the names of the columns to forecast, got nothing',
  )
  expect((await refusal()).message).toBe('arguments: expected JOB.json or TABLE, got none')
  const file = writeFile({ table: 't.csv' })
  expect((await refusal(file)).message).toMatch(/, target: expected the names .* got nothing$/)
})

it.each([
  [{ columns: { a: 'numeric' } }, 'columns.a: expected one of "number", "category", "date"'],
  [{ columns: { a: 'date', b: 'date' } }, 'columns: expected at most one column of kind "date"'],
  [{ columns: { a: 'date' }, time: 'b' }, 'time: expected the column "a"'],
  [{ columns: 5 }, 'columns: expected a plain object, got 5'],
  [{ unit: 5 }, 'unit: expected a text, or one for each target, got 5'],
  [{ model: { hiddenSize: '32' } }, 'model.hiddenSize: expected an integer'],
  [{ model: { dropout: 0.99999999 } }, 'model.dropout: expected a number that is below 1 also as'],
  [{ model: 3 }, 'model: expected a plain object, got 3'],
  [{ csv: 'npm:no-such-package/data.csv' }, 'csv: expected a file of an installed package (npm'],
  [{ csv: 5 }, 'csv: expected a text, got 5'],
])('refuses the key in %j, and names the file', async (change, message) => {
  const file = writeFile({ ...smallJob(), ...change })
  const error = await refusal(file)
  expect(error.message.startsWith(`${file}, ${message}`)).toBe(true)
})

it('tells of all faults together, of the job and of the command line', async () => {
  const file = writeFile({
    ...smallJob(),
    ...{ sead: 1, windows: 3, window: 0 },
    columns: { day: 'date', warmth: 'numeric', sky: 'categories' },
    split: { training: 2, validation: -1 },
    model: { hidden_size: 3, dropout: 1 },
    training: { epochs: 0, lr: 1 },
  })
  const { code, message } = await refusal(file, '--horizon', 'x', '--foo')
  expect(code).toBe('ERR_GRU_VALUE')
  const lines = message.split('\n')
  const places = [
    'options: expected only those that --help lists, got "--foo"',
    `${file}: expected only the keys .* the key "sead"`,
    `${file}: expected only the keys .* the key "windows" \\(did you mean window\\?\\)`,
    `${file}, model: .* the key "hidden_size" \\(did you mean hiddenSize\\?\\)`,
    `${file}, training: .* the key "lr" \\(did you mean learningRate\\?\\)`,
    '--horizon: expected an integer .*, got "x"',
    `${file}, window: expected an integer .*, got 0`,
    `${file}, columns.warmth: expected one of .*, got "numeric"`,
    `${file}, columns.sky: expected one of .*, got "categories"`,
    `${file}, model.dropout: expected .*, got 1`,
    `${file}, training.epochs: expected .*, got 0`,
    `${file}, split.training: expected .*, got 2`,
    `${file}, split.validation: expected .*, got -1`,
  ]
  expect(lines).toEqual(
    places.map((place) => expect.stringMatching(new RegExp(`^${place}`)) as string),
  )
})

it.each([
  ['a list', '[]', 'expected a plain object'],
  ['broken JSON', '{"csv":', 'expected JSON'],
  ['a key twice', '{"csv":"a.csv","csv":"b.csv"}', 'expected each key once, got "csv" twice'],
  ['invisible characters', '{"a":\u200b1}', "Unexpected token '\\u200b'"],
])('refuses a job that is %s', async (_, text, message) => {
  expect((await refusal(writeFile(text))).message).toContain(message)
})

it('refuses a job that is not there', async () => {
  const { code, message } = await refusal('no-such.json')
  expect(code).toBe('ERR_GRU_FORMAT')
  expect(message).toMatch(/^no-such\.json: expected a file that can be read, got ENOENT/)
})

it('reads a job as it reads a table: with a byte-order mark, in UTF-8 or UTF-16', async () => {
  const file = writeFile(smallJob())
  const plain = await readTrainCommand([file])
  for (const encoding of ['utf8', 'utf16le'] as const) {
    writeFileSync(file, `\ufeff${JSON.stringify(smallJob())}`, encoding)
    await expect(readTrainCommand([file])).resolves.toEqual(plain)
  }
})

it('describes every option in at most 100 columns', () => {
  const text = describeOptions([
    { title: 'training', options: TRAINING_OPTIONS },
    { title: 'job', options: JOB_OPTIONS },
  ])
  for (const key of Object.keys(JOB_OPTIONS)) expect(text).toContain(`  --${flagOf(key)}`)
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
  expect(text).toContain(
    '  --seed N                    the seed of initial parameters and orders (default: 1)\n',
  )
})
