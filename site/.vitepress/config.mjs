import { defineConfig } from 'vitepress'
import { canBuildDemo } from '../../scripts/demo-bundle.mjs'
import { darkWithoutScripts } from './dark-without-scripts.mjs'
import { repositoryLinks } from './repository-links.mjs'
import { sidebar } from './sidebar.mjs'

export const REPOSITORY = 'https://github.com/gru-native/gru-native'
const BASE = '/gru-native/'
/** A curve in a square, in the page itself. */
const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" fill="#3451b2"/>' +
    '<path d="M5 20c5 0 5-10 10-10s6 12 12 8" fill="none" stroke="#fff" stroke-width="3.5" stroke-linecap="round"/></svg>',
)}`

/**
 * Makes the addresses of a page relative, so that it also reads from a folder, without a server.
 * @param page - its path in docs/
 */
function relativeAddresses(html, page) {
  const up = '../'.repeat(page.split('/').length - 1) || './'
  return html
    .replaceAll(/ (href|src)="\/gru-native\//g, ` $1="${up}`)
    .replaceAll(/ href="(\.\/|(?:\.\.\/)+)"/g, ' href="$1index.html"')
}

/** The pages are not beside node_modules/, in which Vue would be looked for. The server's code is, which imports it. */
const vueOnServer = {
  name: 'vue-on-server',
  enforce: 'pre',
  resolveId: (id, _importer, { ssr }) =>
    ssr && /^vue(\/server-renderer)?$/.test(id) ? { id, external: true } : undefined,
}

/** A browser that reads a folder loads no modules, which would start the demonstrations. */
const startDemoInFolder = `<script>
if (location.protocol === 'file:') {
  const script = document.createElement('script')
  Object.assign(script, { src: 'demo.js', onload: () => gruDemo.start() })
  document.head.append(script)
}
</script>`

export default defineConfig({
  title: 'gru-native',
  description: 'GRU and LSTM networks that train, forecast and serve inside Node',
  lang: 'en',
  base: BASE,
  head: [['link', { rel: 'icon', href: ICON }]],
  srcDir: '../docs',
  outDir: './dist',
  cacheDir: './.vitepress/cache',
  lastUpdated: false,
  markdown: { math: true, config: (markdown) => markdown.use(repositoryLinks, REPOSITORY) },
  vite: {
    css: { postcss: { plugins: [darkWithoutScripts] } },
    plugins: [vueOnServer],
    define: { __HAS_DEMO__: String(canBuildDemo()) },
  },
  transformHtml(html, _id, { page }) {
    const relative = relativeAddresses(html, page)
    if (page !== 'try.md' || !canBuildDemo()) return relative
    return relative.replace('</body>', `${startDemoInFolder}</body>`)
  },
  themeConfig: {
    search: { provider: 'local' },
    sidebar,
    outline: [2, 3],
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'API', link: '/api/' },
      { text: 'Performance', link: '/performance' },
      { text: 'Changes', link: `${REPOSITORY}/blob/main/CHANGELOG.md` },
    ],
    socialLinks: [{ icon: 'github', link: REPOSITORY }],
    editLink: { pattern: `${REPOSITORY}/edit/main/docs/:path`, text: 'Edit this page' },
    footer: { message: 'MIT license' },
  },
})
