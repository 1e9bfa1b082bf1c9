/**
 * The frame of a page: one HTML file that loads nothing and runs only its own script.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { escapeHtml } from '../html'
import { clientScript } from './client-script'
import { STYLE } from './style'
import { readUplot } from './uplot'

/** What a page shows. */
export interface Page {
  readonly title: string
  /** HTML. */
  readonly body: string
  /** What its script draws. */
  readonly data: object
}

/**
 * The page as text. Its Content-Security-Policy permits its own script and style by their hashes and nothing else, so that
 * text in the page cannot become a program even if it were not escaped.
 *
 * @throws GruError ERR_GRU_LOAD if uPlot is not installed
 */
export function renderPage({ title, body, data }: Page): string {
  const uplot = readUplot()
  const script = lines(`${uplot.script}\n${clientScript()}`)
  const style = lines(`${uplot.style}\n${STYLE}`)
  const policy =
    `default-src 'none'; script-src ${sourceOf(script)}; style-src ${sourceOf(style)}; img-src data:; ` +
    "base-uri 'none'; form-action 'none'"
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
${body}
<script type="application/json" id="data">${scriptJson(data)}</script>
<script>${script}</script>
</body>
</html>
`
}

/** JSON that stays inside its script element. */
function scriptJson(data: object): string {
  return JSON.stringify(data).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A page's reader turns every line end into \n, and the hash is that of the text as it reads it. */
function lines(text: string): string {
  return text.replace(/\r\n?/g, '\n')
}

function sourceOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}
