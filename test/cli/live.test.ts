import { once } from 'node:events'
import * as http from 'node:http'
import { type Live, openLive } from '../../lib/cli/live'
import { endBrowsers, lacksChromium, Page } from '../support/chromium'
import { temporaryFolder } from '../support/temporary-folder'

const inFolder = temporaryFolder()
let live: Live

beforeEach(async () => {
  live = await openLive(0, 1)
})

afterEach(async () => {
  // Closed by the test itself in some cases.
  await live.close().catch(() => undefined)
})

afterAll(endBrowsers)

interface Answer {
  readonly status: number | undefined
  readonly headers: http.IncomingHttpHeaders
  readonly text: string
}

async function ask(path: string, options: http.RequestOptions = {}): Promise<Answer> {
  const request = http.request(new URL(path, live.url), options).end()
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return { status: response.statusCode, headers: response.headers, text }
}

/** Reads the events until the server ends them. */
async function events(): Promise<{ readonly all: Promise<string> }> {
  const [response] = (await once(http.get(new URL('/events', live.url)), 'response')) as [
    http.IncomingMessage,
  ]
  let text = ''
  response.on('data', (chunk: Buffer) => (text += chunk.toString()))
  // The first event says that the server knows this listener.
  await once(response, 'data')
  return { all: once(response, 'end').then(() => text) }
}

it('serves the newest report, rendered only where it is asked for, and never from a cache', async () => {
  let rendered = 0
  for (const text of ['one', 'two']) {
    live.publish(() => {
      rendered++
      return `<p>${text}`
    })
  }
  expect(live.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/)
  expect(await ask('/report')).toMatchObject({
    status: 200,
    headers: { 'cache-control': 'no-store', 'content-type': 'text/html; charset=utf-8' },
    text: '<p>two',
  })
  expect(rendered).toBe(1)
  const { headers, text } = await ask('/')
  expect(text).toContain("new EventSource('/events')")
  expect(headers['cache-control']).toBe('no-store')
  expect(headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'self'/)
})

it('answers its own names alone, only GET, and no other path', async () => {
  const { port } = new URL(live.url)
  const status = async (path: string, options: http.RequestOptions): Promise<unknown> => {
    const answer = await ask(path, options)
    expect(answer.text).not.toContain('training')
    return answer.status
  }
  for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1', `127.0.0.1:1${port}`]) {
    expect(await status('/report', { headers: { host } })).toBe(421)
  }
  expect(await ask('/report', { headers: { host: `localhost:${port}` } })).toMatchObject({
    status: 200,
  })
  for (const method of ['POST', 'PUT', 'OPTIONS']) {
    expect(await ask('/report', { method })).toMatchObject({
      status: 405,
      headers: { allow: 'GET' },
    })
  }
  expect(await status('/etc/passwd', {})).toBe(404)
  expect(await status('/report/../x', {})).toBe(404)
})

it('tells pages of new reports, and gives them the last one at the end', async () => {
  const listener = await events()
  live.publish(() => 'first')
  await new Promise((resolve) => setTimeout(resolve, 20))
  live.publish(() => 'a\nb')
  await live.close()
  const text = await listener.all
  expect(text.match(/event: update\ndata: \d\n\n/g)!.length).toBeGreaterThanOrEqual(2)
  expect(text).toMatch(/event: end\ndata: "a\\nb"\n\n$/)
  await expect(ask('/')).rejects.toThrow(/ECONNREFUSED|hang up|ECONNRESET/)
})

it('leaves pages in peace for a while', async () => {
  await live.close()
  live = await openLive(0, 60_000)
  const listener = await events()
  for (let i = 0; i < 100; i++) live.publish(() => '')
  await live.close()
  expect((await listener.all).match(/event: update/g)).toHaveLength(2)
})

it('refuses a port that is taken', async () => {
  const { port } = new URL(live.url)
  await expect(openLive(Number(port))).rejects.toMatchObject({
    code: 'ERR_GRU_VALUE',
    message: expect.stringMatching(
      /^--port: expected a port that is free, got .*EADDRINUSE/,
    ) as string,
  })
})

it('ends while a page is open that reads nothing more', async () => {
  const request = http.get(new URL('/events', live.url))
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  response.pause()
  request.on('error', () => undefined)
  response.on('error', () => undefined)
  live.publish(() => 'x'.repeat(30e6))
  await expect(live.close()).resolves.toBeUndefined()
})

const FRAME = "document.querySelector('iframe').contentWindow"

async function expectUpdates(): Promise<void> {
  const report = (text: string) => (): string =>
    `<title>${text}</title><div style="height: 9000px">${text}</div><script>window.ran = true</script>`
  live.publish(report('one'))
  const page = await Page.open(live.url, inFolder('browser'))
  try {
    await page.until("document.title === 'one'")
    await page.evaluate(`${FRAME}.scrollTo(0, 4321)`)
    live.publish(report('two'))
    await page.until("document.title === 'two'")
    live.publish(report('three'))
    await live.close()
    await page.until("document.title === 'three'")
    expect(await page.evaluate(`${FRAME}.scrollY`)).toBe(4321)
    expect(await page.evaluate(`${FRAME}.ran`)).toBe(true)
    expect(await page.evaluate("document.querySelectorAll('iframe').length")).toBe(1)
    expect(await page.evaluate("document.querySelector('p').textContent")).toBe('ended')
    // It may have asked for a report while the server ended.
    const errors = page.errors.filter((error) => !error.includes('ERR_CONNECTION'))
    expect(errors).toEqual([])
  } finally {
    await page.close()
  }
}

const pageTest = lacksChromium ? it.skip : it
pageTest('updates a page and keeps its place', expectUpdates)
