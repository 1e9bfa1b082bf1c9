/**
 * Links from pages to files outside docs/ lead to the repository, and those to README.md's neighbours too.
 * @param markdown - the parser
 * @param repository - its address
 */
export function repositoryLinks(markdown, repository) {
  markdown.core.ruler.push('repository-links', ({ tokens, env }) => {
    for (const { children } of tokens) {
      for (const token of children ?? []) {
        const href = token.type === 'link_open' ? token.attrGet('href') : null
        if (href === null || !href.startsWith('../')) continue
        const target = new URL(href, `https://site/docs/${env.relativePath}`)
        if (target.pathname.startsWith('/docs/')) continue
        token.attrSet('href', `${repository}/blob/main${target.pathname}${target.hash}`)
      }
    }
  })
}
