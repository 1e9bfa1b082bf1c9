import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { Forecaster } from '../../lib/cli/forecaster'
import { readTable } from '../../lib/cli/table'
import { SequenceModel } from '../../lib'
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
  writeTable,
} from './harness'

afterAll(removeFolders)

const ROWS = rowsOfDays(120)

async function trained(): Promise<{ out: string; model: string; stdout: string }> {
  const out = path.join(newFolder(), 'new', 'folder')
  const { status, stdout, stderr } = await gru('train', writeJob(smallJob(), ROWS), '--out', out)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return { out, model: path.join(out, 'model.safetensors'), stdout }
}

describe('gru train', () => {
  it('tells of the data, of each epoch, of the errors and of what it saved', async () => {
    const { out, model, stdout } = await trained()
    // 84 of 120 days are for training, minus the first window; 18 days for each of the other parts.
    expect(stdout).toContain('training    2020-01-05 to 2020-03-22  78 days')
    expect(stdout).toContain('validation  2020-03-23 to 2020-04-09  18 days')
    expect(stdout).toContain('test        2020-04-10 to 2020-04-27  18 days')
    expect(
      stdout.match(/^epoch \d\/4 {2}loss [\d.]{5,6} {2}validation [\d.]{5,6}$/gm),
    ).toHaveLength(4)
    expect(stdout).toMatch(/test error in K +MAE +RMSE/)
    expect(stdout).toContain(`saved ${model} and ${path.join(out, 'report.html')}`)
    expect(stdout).toContain('its 18 test forecasts are bit for bit the same')
    expect(stdout).toMatch(/forecast for 2020-04-28: warmth \d+\.\d{1,2} K\n$/)
    expect(readdirSync(out).sort()).toEqual(['model.safetensors', 'report.html'])
  })

  it('writes the same bytes for the same job', async () => {
    const [one, other] = [await trained(), await trained()]
    for (const name of ['model.safetensors', 'report.html']) {
      const [a, b] = [one, other].map(({ out }) => readFileSync(path.join(out, name)))
      expect(a!.equals(b!)).toBe(true)
    }
  })

  it('keeps the parameters of the epoch that validated best', async () => {
    const { stdout } = await trained()
    const losses = [...stdout.matchAll(/validation ([\d.]+)$/gm)].map(([, loss]) => Number(loss))
    const best = Math.min(...losses)
    const [, epoch, loss] = /epoch (\d+), validation loss ([\d.]+)/.exec(stdout)!
    expect(Number(loss)).toBe(best)
    expect(losses[Number(epoch) - 1]).toBe(best)
  })

  it.each([1e-6, 14.62, 36.6e9])('forecasts a constant again, to the bit: %d', async (value) => {
    const constant = ROWS.map((row) => row.replace(/,[^,]*,/, `,${value},`))
    const [out, csv] = [newFolder(), path.join(newFolder(), 'table.csv')]
    const { stdout } = await gru('train', writeJob(smallJob(), constant), '--out', out)
    expect(stdout).toContain('warmth changes by 0 K on every day of the training part')
    const file = path.join(out, 'model.safetensors')
    const forecast = await gru('forecast', file, writeTable(csv, constant), '--json')
    expect(JSON.parse(forecast.stdout)).toMatchObject({ value })
    expect(readFileSync(path.join(out, 'report.html'), 'utf8')).toContain('nothing to learn')
  })

  it.each([1e-12, 1e-3, 1e12])('prints figures that tell at a scale of %d', async (scale) => {
    const scaled = ROWS.map((row) => {
      const [day, warmth, sky] = row.split(',')
      return `${day},${Number(warmth) * scale},${sky}`
    })
    const out = newFolder()
    const { stdout } = await gru('train', writeJob(smallJob(), scaled), '--out', out)
    const page = readFileSync(path.join(out, 'report.html'), 'utf8')
    const errors = [...stdout.matchAll(/^ {2}(?!test error)\S.*? {2,}(\S+) +(\S+)$/gm)]
      .flatMap(([, mae, rmse]) => [mae!, rmse!])
      .slice(-8)
    for (const error of errors) {
      expect(Number(error) / scale).toBeGreaterThan(0.01)
      expect(Number(error) / scale).toBeLessThan(10)
      expect(error.replace(/^0\.0*|e.*$|\./g, '').length).toBeGreaterThanOrEqual(3)
      expect(page).toContain(`<td>${error}</td>`)
    }
    const [, tomorrow] = /forecast for 2020-04-28: warmth (\S+) K/.exec(stdout)!
    expect(Number(tomorrow) / scale).toBeGreaterThan(5)
    expect(Number(tomorrow) / scale).toBeLessThan(15)
    expect(page).toContain(`<strong>${tomorrow} K</strong>`)
  })

  it('says it where a baseline is not beaten', async () => {
    const constant = ROWS.map((row) => row.replace(/,[^,]*,/, ',4,'))
    const file = writeJob({ ...smallJob(), training: { epochs: 1 } }, constant)
    const { stdout } = await gru('train', file, '--out', newFolder())
    expect(stdout).toContain('the model does not beat, on both measures: tomorrow = today')
  })

  it('takes changes that are equal but for rounding as equal', async () => {
    const rising = ROWS.map((row, i) => row.replace(/,[^,]*,/, `,${(1000 + i / 10).toFixed(1)},`))
    const out = newFolder()
    const job = writeJob(smallJob(), rising)
    const { status, stdout } = await gru('train', job, '--out', out)
    expect(status).toBe(0)
    const forecaster = await Forecaster.load(path.join(out, 'model.safetensors'))
    const { facts } = forecaster
    expect(facts.change.standardDeviation).toBeCloseTo(0.1, 12)
    expect(facts.change.mean).toBeCloseTo(0.1, 12)
    expect(stdout).toContain('warmth changes by 0.100 K on every day of the training part')
    const days = { begin: 100, end: 120 }
    const table = await readTable(path.join(path.dirname(job), 'table.csv'), forecaster.columns)
    const forecast = await forecaster.forecast(table, days)
    forecast.forEach((value, i) => {
      expect(value).toBeCloseTo(1010 + i / 10, 10)
    })
    expect(stdout).toMatch(/forecast for 2020-04-28: warmth 1012\.00 K\n$/)
  })

  it.each([
    [1000.1234567, 1e-4, 7, '1000.13546'],
    [1000.1234567, -1e-4, 7, '1000.11146'],
    [123456.789, 1e-3, 3, '123456.9090'],
    [1e-9, 1e-14, 18, '1.001200e-9'],
  ])(
    'prints a line that goes on with digits that show its change: %d by %d a day',
    async (first, change, decimals, text) => {
      const line = ROWS.map((row, i) => {
        return row.replace(/,[^,]*,/, `,${(first + i * change).toFixed(decimals)},`)
      })
      const [out, csv] = [newFolder(), path.join(newFolder(), 'table.csv')]
      const { stdout } = await gru('train', writeJob(smallJob(), line), '--out', out)
      expect(stdout).toContain('there is nothing to learn')
      expect(stdout).toContain(`forecast for 2020-04-28: warmth ${text} K\n`)
      const file = path.join(out, 'model.safetensors')
      const forecast = await gru('forecast', file, writeTable(csv, line))
      expect(forecast.stdout).toBe(`2020-04-28: warmth ${text} K\n`)
    },
  )

  it.each([
    ['a gap', '2020-01-04,,sun', 'line 7, column "warmth": expected a number, got a gap'],
    ['text', '2020-01-04,mild,sun', 'line 7, column "warmth": expected a number, got "mild"'],
    ['a date', '2020-13-04,1,sun', 'line 7, column "day": expected a date'],
  ])('names line and column of %s in the table', async (_, row, message) => {
    const rows = withRow(ROWS, 5, row)
    const { status, stdout, stderr } = await gru(
      'train',
      writeJob(smallJob(), rows),
      '--out',
      newFolder(),
    )
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toContain(message)
  })

  // With a batch of all 78 training days the validation's loss fails; with smaller batches a step's loss fails.
  it.each([
    [
      16,
      /^gru: step \d+: loss: expected a finite number, got (NaN|Infinity); it began in .*a lower learning rate/,
    ],
    [78, /^gru: epoch 1: expected finite losses \(a lower .*, got (NaN|Infinity)/],
  ])(
    'stops where a loss is not finite, and saves nothing: batches of %d',
    async (size, message) => {
      const out = newFolder()
      const job = { ...smallJob(), training: { learningRate: 1e38, batch: size } }
      const { status, stderr } = await gru('train', writeJob(job), '--out', out)
      expect(status).toBe(1)
      expect(stderr).toMatch(message)
      expect(readdirSync(out)).toEqual([])
    },
  )

  it('tells all faults of a table at once', async () => {
    const rows = withRow(withRow(ROWS, 5, '2020-01-04,,'), 9, '2020-01-08,mild,sun')
    const { status, stderr } = await gru('train', writeJob(smallJob(), rows), '--out', newFolder())
    expect(status).toBe(1)
    const faults = stderr.trimEnd().split('\n')
    expect(faults).toHaveLength(3)
    expect(faults[0]).toMatch(/^gru: .*line 7, column "warmth": expected a number, got a gap$/)
    expect(faults[1]).toMatch(/line 7, column "sky": expected a category, got a gap$/)
    expect(faults[2]).toMatch(/line 11, column "warmth": expected a number, got "mild"$/)
  })

  it('says how many rows would do where there are too few', async () => {
    const file = writeJob(smallJob(), ROWS.slice(0, 9))
    const { status, stdout, stderr } = await gru('train', file, '--out', newFolder())
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toContain(
      'table.csv: expected more rows (10 would do: 10 for the training part after a window of 6, ' +
        '7 for the validation part, 1 for the test part), got 9 rows',
    )
    const enough = writeJob(smallJob(), ROWS.slice(0, 10))
    expect(await gru('train', enough, '--out', newFolder())).toMatchObject({
      status: 0,
      stderr: '',
    })
  })

  it('goes on with categories that training did not see, and reports them', async () => {
    const sky = (row: string, other: string): string => row.replace(/[a-z]+$/, other)
    let rows = withRow(ROWS, 90, sky(ROWS[90]!, 'hail <x>'))
    for (const row of [100, 110, 119]) rows = withRow(rows, row, sky(ROWS[row]!, 'snow'))
    const out = newFolder()
    const file = writeJob(smallJob(), rows)
    const { status, stdout, stderr } = await gru('train', file, '--out', out)
    expect(status).toBe(0)
    const place = `gru: warning: ${path.join(path.dirname(file), 'table.csv')}`
    const expected = 'column "sky": expected a category of the training part ("rain", "sun")'
    expect(stderr.trimEnd().split('\n')).toEqual([
      `${place}, line 92, ${expected}, got "hail <x>"; it counts as other`,
      `${place}, line 102, ${expected}, got "snow" (and 2 more rows); it counts as other`,
    ])
    expect(stdout).toContain('its 18 test forecasts are bit for bit the same')
    const report = readFileSync(path.join(out, 'report.html'), 'utf8')
    expect(report).toContain(
      '<dt>not in the training part</dt><dd>hail &lt;x&gt; of sky (1 day), snow of sky (3 days)</dd>',
    )
    const { model } = await trained()
    const text = readFileSync(path.join(path.dirname(model), 'report.html'), 'utf8')
    expect(text).not.toContain('not in the training part')
  })

  it('passes over what is wrong in columns that the job does not name, and warns', async () => {
    const folder = newFolder()
    const file = path.join(folder, 'small.json')
    writeFileSync(file, JSON.stringify(smallJob()))
    const rows = ROWS.map((row, i) => `${i},${row},5" pipe,a,b`)
    writeFileSync(
      path.join(folder, 'table.csv'),
      `\ufeff,day,warmth,sky,size,note,note\n${rows.join('\n')}\n`,
    )
    const { status, stdout, stderr } = await gru('train', file, '--out', newFolder())
    expect(status).toBe(0)
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^gru: warning: .*, line 1: .* got 2 of the name "note"; they are not/),
      expect.stringMatching(/^gru: warning: .*, line 2, column "size": .*\(and 119 more rows\)/),
    ])
    const { stdout: plain } = await trained()
    expect(stdout.split('\n').filter((line) => !line.startsWith('saved'))).toEqual(
      plain.split('\n').filter((line) => !line.startsWith('saved')),
    )
  })

  it('fails where the folder cannot be made', async () => {
    const file = path.join(newFolder(), 'file')
    writeFileSync(file, '')
    const { status, stderr } = await gru('train', writeJob(smallJob()), '--out', file)
    expect(status).toBe(1)
    expect(stderr).toContain('expected a folder that can be made')
  })
})

describe('an interruption', () => {
  const endless = { ...smallJob(), training: { epochs: 1_000_000 } }

  it('leaves an old result as it was, and the terminal too', async () => {
    const out = newFolder()
    writeFileSync(path.join(out, 'model.safetensors'), 'old')
    const controller = new AbortController()
    const terminal = new Recorder(true)
    const timer = setInterval(() => {
      if (terminal.text.includes('| loss 0.')) controller.abort()
    }, 10)
    const args = ['train', writeJob(endless), '--out', out]
    const { status, stdout, stderr } = await gruUntil(controller.signal, terminal, ...args)
    clearInterval(timer)
    expect({ status, stderr }).toEqual({
      status: 130,
      stderr: 'gru: interrupted; nothing was saved\n',
    })
    expect(stdout.lastIndexOf('\u001b[?25h')).toBeGreaterThan(stdout.lastIndexOf('\u001b[?25l'))
    expect(readdirSync(out)).toEqual(['model.safetensors'])
    expect(readFileSync(path.join(out, 'model.safetensors'), 'utf8')).toBe('old')
  })

  it('ends the program with status 130 on SIGINT', async () => {
    const out = path.join(newFolder(), 'out')
    const program = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js')
    const child = spawn(process.execPath, [program, 'train', writeJob(endless), '--out', out])
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.stdout.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('epoch ')) child.kill('SIGINT')
    })
    const end = await new Promise<unknown[]>((resolve) => {
      child.on('close', (...result) => {
        resolve(result)
      })
    })
    expect(end).toEqual([130, null])
    expect(stderr).toBe('gru: interrupted; nothing was saved\n')
    expect(existsSync(out)).toBe(false)
  })
})

describe('gru forecast', () => {
  it('gives what the model predicts from the last rows, read by the public API', async () => {
    const { model: file } = await trained()
    const table = writeTable(path.join(newFolder(), 'table.csv'), ROWS.slice(-30))
    const { stdout } = await gru('forecast', file, table, '--json')
    const printed = JSON.parse(stdout) as { date: string; value: number }

    const model = await SequenceModel.load(file)
    const facts = JSON.parse(model.metadata['forecast']!) as {
      columns: { name: string; mean: number; standardDeviation: number }[]
      change: { mean: number; standardDeviation: number }
    }
    const scale = facts.columns.find(({ name }) => name === 'warmth')!
    const input = ROWS.slice(-6).flatMap((row) => {
      const [day, warmth, sky] = row.split(',') as [string, string, string]
      const number = 1 + (Date.parse(day) - Date.parse('2020-01-01')) / 86_400_000
      const angle = (2 * Math.PI * number) / 365.25
      const scaled = (Number(warmth) - scale.mean) / scale.standardDeviation
      return [
        Math.sin(angle),
        Math.cos(angle),
        scaled,
        Number(sky === 'rain'),
        Number(sky === 'sun'),
      ]
    })
    const [output] = model.predictSync(Float32Array.from(input))
    const today = Number(ROWS.at(-1)!.split(',')[1])
    const value = today + facts.change.mean + facts.change.standardDeviation * output!
    expect(printed).toMatchObject({ date: '2020-04-28', target: 'warmth', unit: 'K' })
    expect(printed.value).toBeCloseTo(value, 10)
    const text = await gru('forecast', file, table)
    expect(text.stdout).toBe(`2020-04-28: warmth ${Number(value.toPrecision(3))} K\n`)
  })

  it('sees the days before, and never the day itself', async () => {
    const { model } = await trained()
    const forecaster = await Forecaster.load(model)
    const forecastOf = async (row: number, text: string): Promise<number> => {
      const rows = row < 0 ? ROWS : withRow(ROWS, row, text)
      const file = writeTable(path.join(newFolder(), 'table.csv'), rows)
      const table = await readTable(file, forecaster.columns)
      return (await forecaster.forecast(table, { begin: 50, end: 51 }))[0]!
    }
    const day = (row: number): string => ROWS[row]!.slice(0, 10)
    const plain = await forecastOf(-1, '')
    expect(await forecastOf(50, `${day(50)},77,rain`)).toBe(plain)
    expect(await forecastOf(43, `${day(43)},77,rain`)).toBe(plain)
    expect(await forecastOf(44, `${day(44)},77,rain`)).not.toBe(plain)
    expect(await forecastOf(49, `${day(49)},77,rain`)).not.toBe(plain)
  })

  it.each([
    [
      'too few rows',
      ROWS.slice(-5),
      'expected at least 6 rows, which the model looks back, got 5 rows',
    ],
    ['a gap', withRow(ROWS.slice(-9), 3, '2020-04-22,4,'), 'line 5, column "sky"'],
  ])('refuses %s', async (_, rows, message) => {
    const { model } = await trained()
    const table = writeTable(path.join(newFolder(), 'table.csv'), rows)
    const { status, stdout, stderr } = await gru('forecast', model, table)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toContain(message)
  })

  it('goes on with a category that training did not see, and warns', async () => {
    const { model } = await trained()
    const table = writeTable(path.join(newFolder(), 'table.csv'), [
      ...ROWS.slice(-6, -1),
      '2020-04-27,3,hail',
    ])
    const { status, stdout, stderr } = await gru('forecast', model, table, '--json')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ date: '2020-04-28' })
    expect(stderr).toBe(
      `gru: warning: ${table}, line 7, column "sky": expected a category of the training part ("rain", "sun"), got "hail"; it counts as other\n`,
    )
  })

  it('does not mind what is wrong before its window, and warns', async () => {
    const { model } = await trained()
    const folder = newFolder()
    const good = writeTable(path.join(folder, 'good.csv'), ROWS)
    const rows = withRow(withRow(ROWS, 3, '2020-01-02,mild,'), 113, '2020-04-21,5,')
    rows.splice(50, 10)
    const bad = writeTable(path.join(folder, 'bad.csv'), rows)
    const { status, stdout, stderr } = await gru('forecast', model, bad, '--json')
    expect(status).toBe(0)
    expect(stdout).toBe((await gru('forecast', model, good, '--json')).stdout)
    const outcome = 'the rows before line 106 are not used'
    expect(stderr.trimEnd().split('\n')).toEqual([
      `gru: warning: ${bad}, line 5, column "warmth": expected a number, got "mild"; ${outcome}`,
      `gru: warning: ${bad}, line 5, column "sky": expected a category, got a gap (and 1 more row); ${outcome}`,
      `gru: warning: ${bad}, line 52, column "day": expected the day after the row before, 2020-02-18, got 2020-02-28; ${outcome}`,
    ])
  })

  it.each([
    ['without facts', {}, 'expected the facts of a model of gru train, got nothing'],
    ['with broken facts', { forecast: '{' }, 'metadata "forecast": '],
    [
      'with facts of another model',
      {
        forecast: JSON.stringify({
          ...{
            job: 'j',
            target: 'a',
            unit: '',
            window: 2,
            change: { mean: 0, standardDeviation: 1 },
          },
          columns: [{ name: 'a', kind: 'number', mean: 0, standardDeviation: 1 }],
        }),
      },
      'expected a model of 1 features, batch first',
    ],
  ])('refuses a model %s', async (_, metadata, message) => {
    const model = new SequenceModel({
      input: { features: 2 },
      gru: { hiddenSize: 2 },
      output: { size: 1, loss: 'meanSquaredError' },
    })
    const file = path.join(newFolder(), 'model.safetensors')
    await model.save(file, { metadata })
    const { status, stderr } = await gru('forecast', file, 'table.csv')
    expect(status).toBe(1)
    expect(stderr.startsWith(`gru: ${file}, metadata "forecast"`)).toBe(true)
    expect(stderr).toContain(message)
  })
})
