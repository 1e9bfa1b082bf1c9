/**
 * Pages of reports in headless Chromium: what they draw, and what their switches do.
 */
import { writeFileSync } from 'node:fs'
import { renderComparison } from '../../../lib/cli/report/comparison'
import { renderReport } from '../../../lib/cli/report/run-report'
import { endBrowsers, lacksChromium, type Look, Page } from '../../support/chromium'
import {
  CHART_FAULTS,
  MISSING_LINES,
  OVERFLOW,
  PALE_TEXTS,
  READY,
  RECORDER,
  TEXT_FAULTS,
} from '../../support/report-page'
import { HOSTILE_NAMES, runResults } from '../../support/run-results'
import { temporaryFolder } from '../../support/temporary-folder'

const inFolder = temporaryFolder()

const DAILY = {
  series: ['north', 'south', 'harbour'],
  targets: [
    { name: 'warmth', unit: '°C' },
    { name: 'rain', unit: 'mm' },
  ],
}
const HOSTILE = {
  name: HOSTILE_NAMES[0]!,
  series: HOSTILE_NAMES,
  targets: [{ name: HOSTILE_NAMES[1]!, unit: HOSTILE_NAMES[0]! }],
  baselines: HOSTILE_NAMES,
  columns: HOSTILE_NAMES,
  verdict: HOSTILE_NAMES,
}

const PAGES: Readonly<Record<string, () => string>> = {
  daily: () => renderReport(runResults(DAILY)),
  hourly: () => renderReport(runResults({ step: 'hour', horizon: 48, rows: 900, epochs: 120 })),
  single: () => renderReport(runResults({ horizon: 1, origins: 20, epochs: 1 })),
  tiny: () => renderReport(runResults({ scale: 1e-6, offset: 0 })),
  huge: () => renderReport(runResults({ scale: 1e12, offset: 5e12, step: 'row' })),
  hostile: () => renderReport(runResults(HOSTILE)),
  comparison: () => renderComparison([runResults({ name: 'one' }), runResults({ horizon: 7 })]),
}

const describePages = lacksChromium ? describe.skip : describe
const reason = lacksChromium
  ? ' (skipped: there is no Chromium; `npm run setup` as root installs it)'
  : ''

describePages(`pages of reports in Chromium${reason}`, () => {
  let page: Page

  beforeAll(async () => {
    for (const [name, render] of Object.entries(PAGES))
      writeFileSync(inFolder(`${name}.html`), render())
    page = await Page.open('about:blank', inFolder('browser'), { script: RECORDER })
  })

  afterAll(async () => {
    await page.close()
    endBrowsers()
  })

  async function show(name: string, look: Look = {}): Promise<void> {
    await page.look(look)
    await page.visit(`file://${inFolder(`${name}.html`)}`)
    await page.until(READY)
  }

  const click = (text: string): Promise<unknown> =>
    page.evaluate(
      `[...document.querySelectorAll('button')].find((one) => one.textContent === '${text}').click()`,
    )
  const choose = (chart: string, label: string, option: string): Promise<unknown> =>
    page.evaluate(`(() => {
      const labels = [...document.querySelectorAll('[data-chart=${chart}] label')]
      const select = labels.find((one) => one.textContent.startsWith('${label}')).querySelector('select')
      select.selectedIndex = [...select.options].findIndex((one) => one.text === '${option}')
      select.dispatchEvent(new Event('change'))
    })()`)
  const first = "document.querySelector('[data-chart=forecast] .drawing')"
  const labels = `drawnTexts.get(${first}.querySelector('canvas')).map(({ text }) => text)`

  test.each(
    Object.keys(PAGES).flatMap((name) => [
      [name, 'wide and light', {}],
      [name, 'at 400 pixels and dark', { width: 400, dark: true }],
    ]) as [string, string, Look][],
  )('%s %s has whole labels, all lines, and no fault', async (name, _, look) => {
    await show(name, look)
    expect(await page.evaluate(OVERFLOW)).toBe(0)
    expect(await page.evaluate(CHART_FAULTS)).toEqual([])
    expect(await page.evaluate(TEXT_FAULTS)).toEqual([])
    expect(await page.evaluate(MISSING_LINES)).toEqual([])
    expect(await page.evaluate(PALE_TEXTS)).toEqual([])
    expect(await page.evaluate("document.querySelectorAll('.fallback').length")).toBe(0)
    expect(page.errors).toEqual([])
  })

  test('hostile names are text, and cells that look like formulas are not formulas', async () => {
    await show('hostile')
    expect(await page.evaluate("document.querySelectorAll('img, b i, script').length")).toBe(2)
    const options = `[...document.querySelectorAll('[data-chart=forecast] option')].map(({ value, text }) => text)`
    expect(await page.evaluate(options)).toContain(HOSTILE_NAMES[0])
    const csv = (await page.evaluate('blobs[0].text()')) as string
    expect(csv).toContain(`"'=HYPERLINK(""http://x"",1)"`)
    expect(csv).toMatch(/\r\n'-1\+2,/)
    // Numbers below 0 stay numbers.
    await show('tiny')
    const [head, ...lines] = ((await page.evaluate('blobs[0].text()')) as string).split('\r\n')
    expect(head).toBe('series,target,time,step,quantile 0.1,quantile 0.5,quantile 0.9')
    const truth = runResults({ scale: 1e-6, offset: 0 }).forecasts[0]!
    const cells = lines[0]!.split(',')
    expect(cells.slice(0, 4)).toEqual(['', 'warmth', truth.times[0], '1'])
    expect(Number(cells[4])).toBeLessThan(0)
    truth.quantiles.forEach((values, q) => {
      expect(Number(cells[4 + q])).toBeCloseTo(values[0]!, 10)
    })
    expect(page.errors).toEqual([])
  })

  test('a drag zooms, and a button leads back', async () => {
    await show('daily')
    await click('whole range')
    expect(await page.evaluate(`${first}.dataset.zoomed`)).toBe('false')
    const whole = await page.evaluate(labels)
    const [left, top] = (await page.evaluate(`(() => {
      const { left, top } = ${first}.querySelector('.u-over').getBoundingClientRect()
      return [left, top]
    })()`)) as [number, number]
    await page.pointer('mouseMoved', left + 100, top + 50)
    await page.pointer('mousePressed', left + 100, top + 50)
    await page.pointer('mouseMoved', left + 300, top + 50)
    await page.pointer('mouseReleased', left + 300, top + 50)
    await page.until(`${first}.dataset.zoomed === 'true'`)
    expect(await page.evaluate(labels)).not.toEqual(whole)
    await click('whole range')
    await page.until(`${first}.dataset.zoomed === 'false'`)
    await page.until(`${labels}.join() === ${JSON.stringify((whole as string[]).join())}`)
    expect(page.errors).toEqual([])
  })

  test('the values under the pointer and under the keys are those of the run', async () => {
    await show('daily')
    const path = runResults(DAILY).forecasts[0]!
    const readout = `${first}.querySelector('.readout').innerText`
    const [right, top] = (await page.evaluate(`(() => {
      const { right, top } = ${first}.querySelector('.u-over').getBoundingClientRect()
      return [right, top]
    })()`)) as [number, number]
    await page.pointer('mouseMoved', right - 2, top + 50)
    await page.until(`${readout}.includes(${JSON.stringify(path.times.at(-1))})`)
    const numbers = /median\): (\S+)\s+80 % interval: (\S+) to (\S+)/.exec(
      (await page.evaluate(readout)) as string,
    )!
    const [low, median, high] = path.quantiles.map((values) => values.at(-1)!)
    expect(numbers[1]).toBe(median!.toFixed(2))
    expect(numbers.slice(2)).toEqual([low!.toFixed(2), high!.toFixed(2)])
    await page.evaluate(`${first}.querySelector('.stage').dispatchEvent(
      new KeyboardEvent('keydown', { key: 'ArrowLeft' }))`)
    await page.until(`${readout}.includes(${JSON.stringify(path.times.at(-2))})`)
    expect(page.errors).toEqual([])
  })

  test('the scale can be logarithmic, and all series can be shown', async () => {
    await show('daily')
    const before = await page.evaluate(labels)
    await page.evaluate(`${first}.querySelector('input').click()`)
    await page.until(`${labels}.join() !== ${JSON.stringify((before as string[]).join())}`)
    expect(await page.evaluate(CHART_FAULTS)).toEqual([])
    await choose('forecast', 'Series', 'all series')
    const titles = `[...document.querySelectorAll('[data-chart=forecast] .drawing')].map((one) => one.getAttribute('aria-label'))`
    expect(await page.evaluate(titles)).toEqual(
      DAILY.series.map((series) => `Forecast of warmth, ${series}`),
    )
    await choose('forecast', 'Target', 'rain')
    expect(await page.evaluate(titles)).toContain('Forecast of rain, harbour')
    expect(await page.evaluate(MISSING_LINES)).toEqual([])
    const origin = runResults(DAILY).backtest[2]!.origin
    await choose('backtest', 'Origin', origin)
    expect(
      await page.evaluate("document.querySelector('[data-chart=backtest] .drawing').ariaLabel"),
    ).toBe(`Backtest of warmth from ${origin}`)
    await choose('horizons', 'Error', 'coverage of the interval')
    expect(await page.evaluate(CHART_FAULTS)).toEqual([])
    expect(page.errors).toEqual([])
  })

  test('the colours can be chosen against the system', async () => {
    await show('single')
    const background = 'getComputedStyle(document.body).backgroundColor'
    const light = await page.evaluate(background)
    await page.evaluate(`(() => {
      const select = document.querySelector('#appearance select')
      select.selectedIndex = 2
      select.dispatchEvent(new Event('change'))
    })()`)
    expect(await page.evaluate(background)).not.toBe(light)
    expect(await page.evaluate(PALE_TEXTS)).toEqual([])
    expect(await page.evaluate(MISSING_LINES)).toEqual([])
  })

  test('without scripts the tables are there, and each chart says what it would show', async () => {
    await page.look({ scripts: false })
    await page.visit(`file://${inFolder('daily.html')}`)
    await page.until("document.querySelectorAll('.chart').length === 8")
    expect(
      await page.evaluate(
        "[...document.querySelectorAll('.chart')].every((one) => one.innerText !== '')",
      ),
    ).toBe(true)
    expect(await page.evaluate("document.querySelectorAll('table').length")).toBeGreaterThan(8)
  })
})
