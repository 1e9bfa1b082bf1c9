/**
 * The page of the example service in headless Chromium, and the model that the service trains for it.
 */
import { existsSync } from 'node:fs'
import { SequenceModel } from '../../lib'
import { endBrowsers, lacksChromium, Page } from '../support/chromium'
import { endServices, type Service, startService } from '../support/service'
import { temporaryFolder } from '../support/temporary-folder'

const inFolder = temporaryFolder()
const file = inFolder('trained/model.safetensors')
let service: Service

beforeAll(async () => {
  service = await startService(file)
})

afterAll(() => {
  endBrowsers()
  endServices()
})

test('the service trains a model if it has none', async () => {
  expect(existsSync(file)).toBe(true)
  const losses = [...service.log().matchAll(/^epoch \d+ of \d+: loss ([\d.]+)$/gm)]
  expect(Number(losses.at(-1)![1])).toBeLessThan(Number(losses[0]![1]) / 2)
  using model = await SequenceModel.load(file)
  expect(model.options).toMatchObject({ input: { features: 1 }, output: { size: 36 } })
})

const number = (id: string): string => `parseFloat(document.getElementById('${id}')?.textContent)`
const steps = number('steps')

/** The page streams forecasts that come true, pauses, and says when the service ends. */
async function expectLivePage(): Promise<void> {
  const page = await Page.open(service.url, inFolder('browser'))
  try {
    await page.until(`${steps} > 0`)
    await page.evaluate("document.getElementById('speed').value = 60")
    await page.until(`${steps} > 120`)
    // The truth lies between the quantiles 0.1 and 0.9 in about 80 % of the hours.
    expect(await page.evaluate(number('hits'))).toBeGreaterThan(55)
    const points =
      "(name) => document.querySelector(`#chart .${name}`).getAttribute('d').split('L').length"
    expect(await page.evaluate(`['truth', 'median', 'band'].map(${points})`)).toEqual([72, 13, 25])
    await page.evaluate("document.getElementById('pause').click()")
    const paused = (await page.evaluate(steps)) as number
    await page.until(`new Promise((resolve) => setTimeout(() => resolve(true), 300))`)
    // A step may have been on its way.
    expect(await page.evaluate(steps)).toBeLessThanOrEqual(paused + 1)
    await page.evaluate("document.getElementById('pause').click()")
    await page.until(`${steps} > ${paused + 5}`)
    service.kill('SIGTERM')
    await page.until("document.getElementById('status').textContent === 'the service ends'")
    expect(page.errors).toEqual([])
  } finally {
    await page.close()
  }
}

const pageTest = lacksChromium ? test.skip : test
const reason = lacksChromium
  ? ' (skipped: there is no Chromium; `npm run setup` as root installs it)'
  : ''
pageTest(`the page streams forecasts that come true, and pauses${reason}`, expectLivePage)
