/**
 * The parts that pages are made of, as HTML.
 *
 * @module
 */
import { escapeHtml } from '../html'

const LONGEST_NAME = 120
const LONGEST_TEXT = 2000
/** Cells with more characters are broken into lines. */
const LONGEST_LINE = 16

/** A cell of a table. */
export interface Cell {
  readonly text: string
  /** The best of its column. */
  readonly best?: boolean
  /** A bar behind the number: its length from 0 to 1. */
  readonly bar?: number
}

/** A table whose first column names the rows. On narrow screens each row becomes a list. */
export interface TableParts {
  readonly caption: string
  readonly heads: readonly string[]
  readonly rows: readonly (readonly (string | Cell)[])[]
  /** The place of a row that stands out. */
  readonly marked?: number
}

/** A name of the table or the job, shortened if it is very long. */
export function shownName(name: string): string {
  return shortened(name, LONGEST_NAME)
}

/** Text as HTML, shortened if it is very long. */
export function shownText(text: string): string {
  return escapeHtml(shortened(text, LONGEST_TEXT))
}

/** A section with a heading; `parts` are HTML. */
export function section(id: string, heading: string, ...parts: readonly string[]): string {
  return `<section id="${id}" aria-labelledby="${id}-heading">
<h2 id="${id}-heading">${escapeHtml(heading)}</h2>
${parts.filter((part) => part !== '').join('\n')}
</section>`
}

/** Text that stays on one line, such as a date. */
export function whole(text: string): string {
  return `<span class="whole">${shownText(text)}</span>`
}

/** Sentences, each as a paragraph. */
export function paragraphs(sentences: readonly string[], className = 'note'): string {
  return sentences.map((text) => `<p class="${className}">${shownText(text)}</p>`).join('\n')
}

/**
 * The place of a chart, which the script fills.
 *
 * @param name - which chart
 * @param shows - what it shows, for a reader without the script: 'the history, ...'
 */
export function chartPlace(name: string, shows: string): string {
  return `<div class="chart" data-chart="${name}"><p class="fallback">Here a chart shows ${escapeHtml(
    shows,
  )}. It needs JavaScript.</p></div>`
}

/** A table as HTML. */
export function table({ caption, heads, rows, marked }: TableParts): string {
  const head = heads
    .map((text) => `<th scope="col"${wordsClass(text)}>${shownText(text)}</th>`)
    .join('')
  const body = rows.map((cells, i) => row(heads, cells, i === marked))
  return `<table class="stack">
<caption>${shownText(caption)}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body.join('\n')}
</tbody>
</table>`
}

function row(
  heads: readonly string[],
  [first, ...cells]: readonly (string | Cell)[],
  marked: boolean,
): string {
  const name = typeof first === 'object' ? first.text : (first ?? '')
  const rest = cells.map((cell, i) => dataCell(heads[i + 1]!, cell)).join('')
  const mark = marked ? ' class="marked"' : ''
  return `<tr${mark}><th scope="row">${escapeHtml(shownName(name))}</th>${rest}</tr>`
}

function dataCell(head: string, cell: string | Cell): string {
  const { text, best, bar }: Cell = typeof cell === 'string' ? { text: cell } : cell
  const mark = best === true ? ' class="best"' : wordsClass(text)
  const note = best === true ? ' <span class="hidden">(best)</span>' : ''
  const drawing = bar === undefined ? '' : barOf(bar)
  return `<td${mark} data-head="${shownText(head)}"><span>${drawing}${shownText(text)}${note}</span></td>`
}

function wordsClass(text: string): string {
  return text.length > LONGEST_LINE ? ' class="words"' : ''
}

/** A bar as a drawing, since the page's policy permits no style of a single element. */
function barOf(length: number): string {
  const width = Math.round(100 * Math.min(Math.max(length, 0), 1))
  return (
    '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">' +
    `<rect width="${width}" height="10"></rect></svg>`
  )
}

/** Terms and what they say. */
export function definitions(facts: readonly (readonly [term: string, text: string])[]): string {
  const items = facts.map(
    ([term, text]) => `<dt>${shownText(term)}</dt><dd>${shownText(text)}</dd>`,
  )
  return `<dl>\n${items.join('\n')}\n</dl>`
}

/** A part that opens on request. */
export function details(summary: string, content: string): string {
  return `<details>\n<summary>${shownText(summary)}</summary>\n${content}\n</details>`
}

function shortened(text: string, most: number): string {
  const characters = Array.from(text)
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`
}
