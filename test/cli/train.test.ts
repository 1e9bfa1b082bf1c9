import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { parse } from 'csv-parse/sync'
import { Forecaster } from '../../lib/forecasting/forecaster'
import type { RunResults } from '../../lib/forecasting/results'
import { tableOptionsOf } from '../../lib/forecasting/table-fit'
import { Table } from '../../lib/tables/table'
import { endBrowsers, lacksChromium, Page } from '../support/chromium'
import {
  gru,
  gruUntil,
  newFolder,
  Recorder,
  removeFolders,
  rowsOfDays,
  smallJob,
  withRow,
  writeJob,
} from './harness'

afterAll(removeFolders)
afterAll(endBrowsers)

const ROWS = rowsOfDays(120)
const FILES = ['epochs.csv', 'forecasts.csv', 'model.safetensors', 'report.html', 'results.json']
const PROGRAM = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js')

interface Trained {
  readonly out: string
  readonly stdout: string
  readonly stderr: string
  readonly results: RunResults
}

function resultsIn(out: string): RunResults {
  return JSON.parse(readFileSync(path.join(out, 'results.json'), 'utf8')) as RunResults
}

async function trained(rows = ROWS, ...options: string[]): Promise<Trained> {
  const out = path.join(newFolder(), 'new', 'folder')
  const job = writeJob(smallJob(), rows)
  const { status, stdout, stderr } = await gru('train', job, '--out', out, ...options)
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' })
  return { out, stdout, stderr, results: resultsIn(out) }
}

describe('gru train', () => {
  it('tells of the table, the epochs, the errors, the forecast, and what it saved', async () => {
    const { out, stdout, results } = await trained(ROWS, '--horizon', '2')
    expect(stdout).toMatch(/^ {2}table +table\.csv\n/)
    expect(stdout).toMatch(/^ {2}time +day, 2019-12-30 to 2020-04-27$/m)
    expect(stdout.match(/^epoch \d\/4 {2}loss \S+ {2}validation \S+ {2}rate \S+$/gm)).toHaveLength(
      4,
    )
    expect(stdout).toMatch(/^ {2}test +2020-04-10 to 2020-04-27, 17 forecasts$/m)
    expect(stdout).toMatch(/^ {2}warmth \(K\) +MAE +RMSE/m)
    for (const sentence of results.verdict) expect(stdout).toContain(`${sentence}\n`)
    expect(stdout).toMatch(/^ {2}warmth, K +10 % +50 % +90 %\n {2}2020-04-28 .*\n {2}2020-04-29 /m)
    expect(stdout).toContain(`saved ${path.join(out, 'model.safetensors')}, `)
    expect(readdirSync(out).sort()).toEqual(FILES)
  })

  it('writes results that say what was done, and files that agree with them', async () => {
    const { out, results } = await trained(ROWS, '--horizon', '2', '--backtest', '3')
    expect(results).toMatchObject({
      ...{ version: 1, name: 'small', step: 'day', horizon: 2, window: 6 },
      targets: [{ name: 'warmth', unit: 'K' }],
      table: { path: 'table.csv', repairs: [], warnings: [] },
      job: {
        ...{ table: 'table.csv', target: ['warmth'], seed: 7, inputs: ['sky'] },
        model: { cell: 'gru', hiddenSize: 5, numLayers: 1 },
        training: { epochs: 4, batch: 16, learningRate: 0.01, patience: 5 },
      },
      parts: { test: { first: '2020-04-10', last: '2020-04-27', windows: 17 } },
    })
    expect(results.epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4])
    expect(new Set(results.backtest.map(({ origin }) => origin)).size).toBe(3)
    const history = results.histories[0]!
    expect(history.times.at(-1)).toBe('2020-04-27')
    expect(history.values.at(-1)).toBe(Number(ROWS.at(-1)!.split(',')[1]))
    const read = (name: string): Record<string, string>[] =>
      parse(readFileSync(path.join(out, name), 'utf8'), { columns: true })
    const { times, quantiles } = results.forecasts[0]!
    expect(read('forecasts.csv').map((row) => [row['time'], Number(row['q0.5'])])).toEqual(
      times.map((time, i) => [time, quantiles[1]![i]]),
    )
    expect(read('epochs.csv').map(({ loss }) => Number(loss))).toEqual(
      results.epochs.map(({ loss }) => loss),
    )
    const report = readFileSync(path.join(out, 'report.html'), 'utf8')
    expect(report).toContain('2020-04-29')
  })

  it('saves a model that forecasts the same, to the bit, once it is loaded', async () => {
    const { out, results } = await trained()
    using forecaster = await Forecaster.load(path.join(out, 'model.safetensors'))
    const file = path.join(newFolder(), 'table.csv')
    writeFileSync(file, ['day,warmth,sky', ...ROWS, ''].join('\n'))
    const table = await Table.read(file, tableOptionsOf(forecaster.facts))
    expect(await forecaster.forecast(table)).toEqual(results.forecasts)
  })

  it('does the same for the same job, and what an option of the command line says', async () => {
    const [one, two, other] = [await trained(), await trained(), await trained(ROWS, '--seed', '8')]
    expect(two.results.forecasts).toEqual(one.results.forecasts)
    expect(other.results.forecasts).not.toEqual(one.results.forecasts)
    const models = [one, two].map(({ out }) => readFileSync(path.join(out, 'model.safetensors')))
    expect(models[0]!.equals(models[1]!)).toBe(true)
  })

  it('trains on a table without a job, with everything found in it', async () => {
    const folder = newFolder()
    const file = path.join(folder, 'my table.csv')
    writeFileSync(file, ['day,warmth,sky', ...ROWS, ''].join('\n'))
    const options = ['--target', 'warmth', '--epochs', '1', '--out', path.join(folder, 'out')]
    const { status, stderr } = await gru('train', file, ...options)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(resultsIn(path.join(folder, 'out'))).toMatchObject({ name: 'my-table', step: 'day' })
  })

  it('writes one JSON object for each event', async () => {
    const { stdout, results } = await trained(ROWS, '--json')
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown> & { event: string })
    const names = events.map(({ event }) => event)
    expect(names.filter((name) => name !== 'best')).toEqual([
      ...['table', 'epoch', 'epoch', 'epoch', 'epoch'],
      ...['trained', 'evaluation', 'forecast', 'saved'],
    ])
    expect(names.filter((name) => name === 'best').length).toBeGreaterThan(0)
    const epochs = events.filter(({ event }) => event === 'epoch')
    expect(epochs.map(({ loss }) => loss)).toEqual(results.epochs.map(({ loss }) => loss))
    expect(events.at(-2)).toMatchObject({ forecasts: results.forecasts })
  })

  it('reports repairs, missing cells and unknown categories', async () => {
    const rows = ROWS.filter((_, row) => row !== 50)
    const repaired = withRow(withRow(rows, 60, '2020-02-29,,sun'), 110, '2020-04-19,7.5,hail')
    const { stdout, results } = await trained(repaired)
    expect(stdout).toMatch(/^ {2}repaired +missing rows: 1, .*2020-02-18/m)
    expect(stdout).toMatch(/^ {2}note +missing values of "warmth": 2, /m)
    expect(stdout).toMatch(/^ {2}note .*"hail"/m)
    expect(results.table.repairs).toHaveLength(4)
  })

  it.each([
    ['text in the target', '2020-01-04,mild,sun', ['line 7, column "warmth": expected']],
    ['no date', '2020-13-04,1,sun', ['line 7, column "day": expected']],
    ['two faults', '2020-13-04,mild,sun', ['column "day"', 'column "warmth"']],
  ])('refuses a table with %s, and saves nothing', async (_, row, messages) => {
    const out = path.join(newFolder(), 'out')
    const job = writeJob(smallJob(), withRow(ROWS, 5, row))
    const { status, stdout, stderr } = await gru('train', job, '--out', out)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    for (const message of messages) expect(stderr).toContain(message)
    expect(existsSync(out)).toBe(false)
  })

  it('says how many rows would do, and that losses are not finite', async () => {
    const few = await gru('train', writeJob(smallJob(), ROWS.slice(0, 12)), '--out', newFolder())
    expect(few.status).toBe(1)
    expect(few.stderr).toMatch(/expected more rows \(\d+ .*, got 12 rows/)
    const job = { ...smallJob(), training: { learningRate: 1e38 } }
    const wild = await gru('train', writeJob(job), '--out', newFolder())
    expect(wild.status).toBe(1)
    expect(wild.stderr).toMatch(/expected (a finite number|finite losses)/)
  })

  it('fails where the folder cannot be made', async () => {
    const file = path.join(newFolder(), 'file')
    writeFileSync(file, '')
    // Linux lets nobody make a folder there, and says so in a way that Node's own recursion does not understand.
    const places = [
      file,
      path.join(file, 'in', 'it'),
      ...(existsSync('/proc/self') ? ['/proc/x/y'] : []),
    ]
    for (const place of places) {
      const { status, stderr } = await gru('train', writeJob(smallJob()), '--out', place)
      expect(status).toBe(1)
      expect(stderr).toMatch(
        /^gru: .*: expected a folder that can be made, got E[A-Z]+: [a-z ]+\n$/,
      )
    }
  })
})

const ENDLESS = { ...smallJob(), training: { epochs: 1_000_000, patience: 1_000_000 } }

/** Trains until the output has a text, and interrupts then. */
async function interrupted(
  output: Recorder,
  text: string,
  ...args: string[]
): Promise<{ status: number; stdout: string; stderr: string }> {
  const controller = new AbortController()
  const timer = setInterval(() => {
    if (output.text.includes(text)) controller.abort()
  }, 5)
  try {
    return await gruUntil(controller.signal, output, 'train', writeJob(ENDLESS), ...args)
  } finally {
    clearInterval(timer)
  }
}

const nameOf = (epoch: number): string =>
  epoch === 0 ? 'before the first epoch' : `of epoch ${epoch}`

describe('an interruption', () => {
  it('saves the best model so far, evaluates it, and gives the terminal back', async () => {
    const out = newFolder()
    const terminal = new Recorder(true)
    const { status, stdout, stderr } = await interrupted(terminal, '2/1000000 |', '--out', out)
    const { bestEpoch, epochs } = resultsIn(out)
    expect({ status, stderr }).toEqual({
      status: 130,
      stderr: `gru: interrupted; the model ${nameOf(bestEpoch)} is saved, and --resume goes on from here\n`,
    })
    expect(epochs.length).toBeGreaterThanOrEqual(1)
    expect(stdout.lastIndexOf('\u001b[?25h')).toBeGreaterThan(stdout.lastIndexOf('\u001b[?25l'))
    expect(readdirSync(out).sort()).toEqual(['checkpoints', ...FILES])
  })

  it('lets --resume go on with the next epoch, with the epochs before in the results', async () => {
    const out = newFolder()
    await interrupted(new Recorder(), '/1000000 ', '--out', out)
    const before = resultsIn(out).epochs
    await interrupted(new Recorder(), '/1000000 ', '--out', out, '--resume')
    const { epochs } = resultsIn(out)
    expect(epochs.length).toBeGreaterThan(before.length)
    expect(epochs.map(({ epoch }) => epoch)).toEqual(epochs.map((_, i) => i + 1))
    expect(epochs.slice(0, before.length)).toEqual(before)
  })

  it('saves nothing before the first epoch has ended, and leaves no folder', async () => {
    const out = path.join(newFolder(), 'out')
    const controller = new AbortController()
    const output = new Recorder()
    const timer = setInterval(() => {
      if (output.text.includes('table.csv')) controller.abort()
    }, 0)
    const job = { ...ENDLESS, training: { epochs: 1, batch: 1 }, model: { hiddenSize: 512 } }
    const args = ['train', writeJob(job), '--out', out]
    const { status, stderr } = await gruUntil(controller.signal, output, ...args)
    clearInterval(timer)
    expect({ status, stderr }).toEqual({
      status: 130,
      stderr: 'gru: interrupted; nothing was saved\n',
    })
    expect(existsSync(out)).toBe(false)
  })

  it('ends the preparation, too', async () => {
    const out = path.join(newFolder(), 'out')
    const controller = new AbortController()
    const training = jest
      .spyOn(Forecaster, 'train')
      .mockImplementation(async (_table, { signal }) => {
        controller.abort()
        await Promise.resolve()
        signal!.throwIfAborted()
        throw new Error('not aborted')
      })
    const args = ['train', writeJob(smallJob()), '--out', out]
    const { status, stderr } = await gruUntil(controller.signal, new Recorder(), ...args)
    training.mockRestore()
    expect({ status, stderr }).toEqual({
      status: 130,
      stderr: 'gru: interrupted; nothing was saved\n',
    })
    expect(existsSync(out)).toBe(false)
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends the program after saving on %s with status %d', async (signal, expected) => {
    const out = path.join(newFolder(), 'out')
    const args = [PROGRAM, 'train', writeJob(ENDLESS), '--out', out]
    const child = spawn(process.execPath, args)
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    let stdout = ''
    child.stdout.on('data', (chunk: Buffer) => {
      const isKilled = stdout.includes('/1000000 ')
      stdout += chunk.toString()
      // A second signal would end it before it has saved.
      if (!isKilled && stdout.includes('/1000000 ')) child.kill(signal)
    })
    const status = await new Promise((resolve) => child.on('close', resolve))
    expect(status).toBe(expected)
    expect(stderr).toMatch(
      /^gru: interrupted; the model (of epoch \d+|before the first epoch) is saved/,
    )
    expect(readdirSync(out).sort()).toEqual(['checkpoints', ...FILES])
  })

  it('ends quietly after saving if nobody reads its output any more', async () => {
    const out = path.join(newFolder(), 'out')
    const child = spawn(process.execPath, [PROGRAM, 'train', writeJob(ENDLESS), '--out', out])
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.stdout.once('data', () => child.stdout.destroy())
    const status = await new Promise((resolve) => child.on('close', resolve))
    expect(status).toBe(141)
    expect(stderr).toMatch(/^gru: interrupted; .*saved.*\n$/)
  })
})

async function expectLiveReport(): Promise<void> {
  const output = new Recorder()
  const controller = new AbortController()
  const args = ['train', writeJob(ENDLESS), '--out', newFolder(), '--live']
  const ended = gruUntil(controller.signal, output, ...args)
  while (!output.text.includes('http')) await new Promise((resolve) => setTimeout(resolve, 5))
  const url = /http:\S+/.exec(output.text)![0]
  const page = await Page.open(url, newFolder())
  // The page puts another frame in its place whenever the report changes.
  const frame = "document.querySelector('iframe')?.contentDocument"
  try {
    await page.until(`${frame}?.documentElement?.dataset.ready === 'true'`)
    await page.until(
      `${frame}?.querySelector('.verdict')?.textContent === 'The model is still in training.'`,
    )
    controller.abort()
    expect(await ended).toMatchObject({ status: 130 })
    await page.until(`Boolean(${frame}?.querySelector('#errors'))`)
    const errors = page.errors.filter((error) => !error.includes('ERR_CONNECTION'))
    expect(errors).toEqual([])
  } finally {
    await page.close()
  }
}

const pageTest = lacksChromium ? it.skip : it
pageTest('gru train --live shows the report while it trains, and the last one', expectLiveReport)
