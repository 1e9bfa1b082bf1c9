// Drives the page "In your browser" of the built site in headless Chromium: it types, and sees a text go on; it draws, and
// sees a forecast. From a server and from a folder, light, dark and narrow, and without scripts.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { StepError } from '../project.mjs'
import { serveFolder, withChromium } from './chromium.mjs'

/** The site's path on a server. */
const BASE = 'gru-native'
const LOOKS = {
  light: {},
  dark: { dark: true },
  narrow: { width: 390, height: 800 },
  'narrow-dark': { width: 390, height: 800, dark: true },
}

const IS_READY = `[...document.querySelectorAll('[data-demo]')].length === 2 &&
  [...document.querySelectorAll('[data-demo]')].every((demo) => demo.dataset.started === 'ready')`
const WRITTEN = "document.querySelector('.try-written').textContent"
const HAS_WRITTEN = `document.querySelector('.try output').ariaBusy === 'false' && ${WRITTEN}.length > 30`
const FORECAST = "document.querySelector('.try-forecast').getAttribute('d')"
const STATUS = `document.querySelector('[data-demo=curve] [role=status]').textContent`
const IS_TRAINED = `/was trained/.test(${STATUS})`

/** The text goes on with what is typed. */
async function type(page) {
  await page.until(HAS_WRITTEN)
  const before = await page.evaluate(WRITTEN)
  await page.evaluate(`(() => {
    const field = document.querySelector('#try-typed')
    field.value = 'The gradient of '
    field.dispatchEvent(new Event('input'))
  })()`)
  await page.until(`${HAS_WRITTEN} && ${WRITTEN} !== ${JSON.stringify(before)}`)
}

/** Draws a wave with the pointer. */
async function draw(page) {
  const [left, top, width, height] = await page.evaluate(`(() => {
    const field = document.querySelector('[data-demo=curve] svg')
    field.scrollIntoView({ block: 'center' })
    const { left, top, width, height } = field.getBoundingClientRect()
    return [left, top, width, height]
  })()`)
  const at = (i) => [left + (width * i) / 100, top + height * (0.5 - 0.35 * Math.sin(i / 5))]
  await page.pointer('mouseMoved', ...at(0))
  await page.pointer('mousePressed', ...at(0))
  for (let i = 1; i <= 66; i++) await page.pointer('mouseMoved', ...at(i))
  await page.pointer('mouseReleased', ...at(66))
  await page.until(IS_TRAINED)
}

/** Draws by keys. */
async function drawByKeys(page) {
  await page.evaluate(`(() => {
    document.querySelector('[data-demo=curve] button[name=clear]').click()
    const field = document.querySelector('[data-demo=curve] svg')
    const press = (key) => field.dispatchEvent(new KeyboardEvent('keydown', { key }))
    for (let i = 0; i < 40; i++) press(i % 8 < 4 ? 'ArrowUp' : 'ArrowDown')
    press('Enter')
  })()`)
  await page.until(IS_TRAINED)
}

/** The forecast reaches from the drawn part to the right edge. */
async function checkForecast(page) {
  const path = await page.evaluate(FORECAST)
  const last = path?.split('L').at(-1).split(',').map(Number)
  if (last?.[0] !== 600 || !Number.isFinite(last[1])) {
    throw new StepError(`the forecast: expected a line to the right edge, got ${path}`)
  }
}

async function useDemos(page, isReported) {
  await page.until(IS_READY)
  await type(page)
  await drawByKeys(page)
  await checkForecast(page)
  await draw(page)
  await checkForecast(page)
  const errors = page.errors.filter(isReported)
  if (errors.length > 0) throw new StepError(`the page "In your browser": ${errors.join('\n')}`)
}

async function takePictures(page, folder) {
  for (const [name, look] of Object.entries(LOOKS)) {
    await page.look(look)
    await page.evaluate('scrollTo(0, 0)')
    await new Promise((resolve) => setTimeout(resolve, 500))
    writeFileSync(join(folder, `${name}.png`), await page.screenshot())
  }
}

/** Without scripts the page says that it needs them. */
async function checkWithoutScripts(open, address) {
  const page = await open(address, { scripts: false })
  await page.until("document.readyState === 'complete'")
  const shown = await page.evaluate(
    "[...document.querySelectorAll('.try-scripts, .try')].map((one) => getComputedStyle(one).display)",
  )
  if (shown.join() !== 'block,none,none') {
    throw new StepError(`without scripts: expected a sentence alone, got ${shown.join()}`)
  }
}

/**
 * Checks the built site. Returns in words what was seen.
 *
 * @param site - its folder
 * @param pictures - the folder that receives pictures of the page
 */
export async function checkSite(site, pictures) {
  const root = mkdtempSync(join(tmpdir(), 'gru-native-site-'))
  symlinkSync(site, join(root, BASE))
  mkdirSync(pictures, { recursive: true })
  const { address, close } = await serveFolder(root)
  try {
    await withChromium(async (open) => {
      const page = await open(`${address}/${BASE}/try.html`)
      await useDemos(page, () => true)
      await takePictures(page, pictures)
      // A browser loads no modules of a folder, and says so.
      const isOwn = (error) => !/CORS|net::ERR_FAILED/.test(error)
      const file = pathToFileURL(join(site, 'try.html')).href
      await useDemos(await open(file), isOwn)
      await checkWithoutScripts(open, file)
    })
    return `the page "In your browser" types and forecasts in Chromium, from a server and from a folder; pictures: ${pictures}`
  } finally {
    close()
    rmSync(root, { recursive: true })
  }
}
