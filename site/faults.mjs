// What is wrong with the pages of a built site, as a browser without scripts and without a network sees them.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const namesIn = (html) => new Set([...html.matchAll(/ (?:id|name)="([^"]+)"/g)].map(([, id]) => id))

/** The addresses in a page: of links, and of what it loads. */
function addressesIn(html) {
  const tags = html.matchAll(/<(a|link|script|img)\b[^>]*? (?:href|src)="([^"]*)"/g)
  return [...tags].map(([, tag, address]) => ({ isLink: tag === 'a', address }))
}

function faultOf({ isLink, address }, page, pages, folder) {
  if (/^(https?:)?\/\//.test(address)) return isLink ? undefined : `loads ${address}`
  if (/^(data|mailto):/.test(address)) return undefined
  if (address.startsWith('/')) return `${address} is not relative`
  const [file, anchor] = address.split('#')
  const target = path.join(file === '' ? page : path.join(path.dirname(page), decodeURI(file)))
  if (!existsSync(path.join(folder, target))) return `${address} is not there`
  const names = pages.get(target)?.names
  if (anchor === undefined || anchor === '' || names === undefined) return undefined
  return names.has(decodeURIComponent(anchor)) ? undefined : `${address} has no such heading`
}

/**
 * The faults of a site: links that lead nowhere, addresses that need a server, what is loaded from elsewhere, and pages
 * without a heading.
 * @param folder - of the built site
 */
export function faultsOf(folder) {
  const files = readdirSync(folder, { recursive: true })
  // A server may show the page for what is not there at any address, so that its addresses are absolute.
  const names = files.filter((file) => file.endsWith('.html') && file !== '404.html')
  const pages = new Map(
    names.map((name) => {
      const html = readFileSync(path.join(folder, name), 'utf8')
      return [name, { html, names: namesIn(html) }]
    }),
  )
  return [...pages].flatMap(([page, { html }]) => {
    const faults = addressesIn(html).map((address) => faultOf(address, page, pages, folder))
    const heading = /<h1\b/.test(html) ? undefined : 'has no heading'
    const found = [heading, ...faults].filter((fault) => fault !== undefined)
    return [...new Set(found)].map((fault) => `${page}: ${fault}`)
  })
}
