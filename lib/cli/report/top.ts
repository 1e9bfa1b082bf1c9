/**
 * The top of a page: what it is about, the choice of its appearance, and its contents.
 *
 * @module
 */
import { paragraphs, shownName } from './markup'
import { escapeHtml } from '../html'

/** @param headline - HTML */
export function pageHeader(name: string, headline: string, verdict: readonly string[]): string {
  return `<header>
<div class="bar-top"><p class="over">${escapeHtml(shownName(name))}</p><div id="appearance"></div></div>
<h1>${headline}</h1>
${paragraphs(verdict, 'verdict')}
</header>`
}

/** Links to sections, from their own headings. */
export function tableOfContents(sections: readonly string[]): string {
  const links = sections.map((html) => {
    const [, id, heading] = /<h2 id="([\w-]+)-heading">(.*?)<\/h2>/.exec(html)!
    return `<li><a href="#${id!}">${heading!}</a></li>`
  })
  return `<nav aria-label="Contents"><ul>${links.join('')}</ul></nav>`
}
