/**
 * VitePress shows dark pages by a class that a script sets. This gives the same rules to readers whose browser runs no
 * scripts, where the system prefers dark pages.
 */
export const darkWithoutScripts = {
  postcssPlugin: 'dark-without-scripts',
  OnceExit(root, { AtRule }) {
    const dark = []
    root.walkRules(/\.dark(?![\w-])/, (rule) => {
      const selectors = rule.selectors.filter((selector) =>
        /^(html)?\.dark(?![\w-])/.test(selector),
      )
      if (selectors.length > 0) dark.push([rule, selectors])
    })
    for (const [rule, selectors] of dark) {
      const media = new AtRule({
        name: 'media',
        params: '(scripting: none) and (prefers-color-scheme: dark)',
      })
      media.append(
        rule.clone({
          selectors: selectors.map((selector) =>
            selector.replace(/^(html)?\.dark/, 'html:not(.dark)'),
          ),
        }),
      )
      rule.after(media)
    }
  },
}
