/**
 * A page in headless Chromium, driven by the DevTools protocol.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { SocketClient } from './web-socket'

/** Whether Debian's Chromium is installed. */
const hasChromium = spawnSync('chromium', ['--version']).status === 0

/** Whether tests of pages are to be passed over. CI installs Chromium, and fails without it. */
export const lacksChromium = !hasChromium && process.env['CI'] === undefined

/** After so many milliseconds a condition does not come true any more. */
const LONGEST_WAIT = 30_000

interface Reply {
  readonly id?: number
  readonly method?: string
  readonly params?: unknown
  readonly result?: Record<string, unknown>
  readonly error?: { readonly message: string }
}

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--remote-debugging-port=0',
  '--window-size=1000,900',
]

/** How a page is shown. */
export interface Look {
  readonly width?: number
  readonly height?: number
  /** Whether the system prefers dark pages. */
  readonly dark?: boolean
  /** Whether the page's own scripts run. */
  readonly scripts?: boolean
  /** Runs before the page's own scripts. */
  readonly script?: string
}

const browsers = new Set<ChildProcess>()

/** Ends what a failed test has left. */
export function endBrowsers(): void {
  for (const child of browsers) child.kill('SIGKILL')
}

export class Page {
  readonly #child: ChildProcess
  readonly #client: SocketClient
  /** Calls before there is one are for the browser. */
  #session: { readonly sessionId?: string } = {}
  #calls = 0
  /** Errors of the page, and what it wrote to the console as such. */
  readonly errors: string[] = []

  /** @param folder - for the browser's own files */
  static async open(url: string, folder: string, look: Look = {}): Promise<Page> {
    const child = spawn('chromium', [...ARGUMENTS, `--user-data-dir=${folder}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    browsers.add(child)
    const client = await SocketClient.open(await addressOf(child))
    const page = new Page(child, client)
    const { targetInfos } = await page.#call('Target.getTargets')
    const { targetId } = (targetInfos as { type: string; targetId: string }[]).find(
      ({ type }) => type === 'page',
    )!
    const attached = await page.#call('Target.attachToTarget', { targetId, flatten: true })
    page.#session = { sessionId: attached['sessionId'] as string }
    await page.#call('Runtime.enable')
    await page.#call('Log.enable')
    await page.#call('Page.enable')
    await page.look(look)
    if (look.script !== undefined)
      await page.#call('Page.addScriptToEvaluateOnNewDocument', { source: look.script })
    await page.visit(url)
    return page
  }

  /** Goes to another page. */
  async visit(url: string): Promise<void> {
    const { errorText } = await this.#call('Page.navigate', { url })
    if (errorText !== undefined) throw new Error(`${url}: ${errorText as string}`)
  }

  /** Changes the window's size, and whether the system is dark. */
  async look({ width = 1000, height = 900, dark = false, scripts = true }: Look): Promise<void> {
    const metrics = { width, height, deviceScaleFactor: 1, mobile: false }
    await this.#call('Emulation.setDeviceMetricsOverride', metrics)
    const features = [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }]
    await this.#call('Emulation.setEmulatedMedia', { features })
    await this.#call('Emulation.setScriptExecutionDisabled', { value: !scripts })
  }

  /** A picture of the whole page, as PNG. */
  async screenshot(): Promise<Buffer> {
    const { data } = await this.#call('Page.captureScreenshot', { captureBeyondViewport: true })
    return Buffer.from(data as string, 'base64')
  }

  /** Moves the pointer, or presses, drags and releases it. */
  async pointer(
    type: 'mouseMoved' | 'mousePressed' | 'mouseReleased',
    x: number,
    y: number,
  ): Promise<void> {
    const button = type === 'mouseMoved' ? {} : { button: 'left', clickCount: 1 }
    await this.#call('Input.dispatchMouseEvent', { type, x, y, ...button })
  }

  private constructor(child: ChildProcess, client: SocketClient) {
    this.#child = child
    this.#client = client
  }

  /** The value of an expression in the page. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.#call('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails))
    return (result as { value?: unknown }).value
  }

  /** Waits until an expression is true in the page. */
  async until(expression: string): Promise<void> {
    const end = performance.now() + LONGEST_WAIT
    while ((await this.evaluate(expression)) !== true) {
      if (performance.now() > end)
        throw new Error(`never true: ${expression}\n${this.errors.join('\n')}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  async close(): Promise<void> {
    // Its other processes have the same streams, and write into its folder until they end too.
    const end = once(this.#child, 'close')
    this.#child.kill()
    await end
    browsers.delete(this.#child)
  }

  async #call(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const id = ++this.#calls
    this.#client.send({ id, method, params, ...this.#session })
    for (;;) {
      const reply = (await this.#client.next()) as Reply | undefined
      if (reply === undefined) throw new Error(`${method}: Chromium has ended`)
      if (reply.method === 'Runtime.exceptionThrown' || isErrorEntry(reply))
        this.errors.push(JSON.stringify(reply.params))
      if (reply.id !== id) continue
      if (reply.error !== undefined) throw new Error(`${method}: ${reply.error.message}`)
      return reply.result!
    }
  }
}

function isErrorEntry({ method, params }: Reply): boolean {
  return (
    method === 'Log.entryAdded' && (params as { entry: { level: string } }).entry.level === 'error'
  )
}

/** The address that Chromium prints when it is ready. */
function addressOf(child: ChildProcess): Promise<string> {
  let text = ''
  return new Promise((resolve, reject) => {
    child.stderr!.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      const found = /^DevTools listening on (\S+)$/m.exec(text)
      if (found) resolve(found[1]!)
    })
    child.once('exit', () => {
      reject(new Error(`Chromium ended\n${text}`))
    })
  })
}
