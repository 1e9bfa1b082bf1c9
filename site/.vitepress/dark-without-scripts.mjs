/**
 * VitePress shows dark pages by a class that a script sets. This gives the same rules to readers whose browser runs no
 * scripts, where the system prefers dark pages. They come last, since some rules for light pages are as specific.
 */
export const darkWithoutScripts = {
  postcssPlugin: 'dark-without-scripts',
  OnceExit(root, { AtRule }) {
    const params = '(scripting: none) and (prefers-color-scheme: dark)'
    const media = new AtRule({ name: 'media', params })
    root.walkRules(/\.dark(?![\w-])/, (rule) => {
      const dark = rule.selectors.filter((selector) => /^(html)?\.dark(?![\w-])/.test(selector))
      const selectors = dark.map((selector) =>
        selector.replace(/^(html)?\.dark/, 'html:not(.dark)'),
      )
      if (selectors.length > 0) media.append(rule.clone({ selectors }))
    })
    if (media.nodes !== undefined) root.append(media)
  },
}
