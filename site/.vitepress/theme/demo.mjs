// The demonstrations of the page "In your browser": a script of their own, which site/demo/ has.
import { withBase } from 'vitepress'
import { onMounted } from 'vue'

/** Whether the site was built with them. */
export const hasDemo = __HAS_DEMO__

let loading

function loadScript() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement('script')
    Object.assign(script, { src: withBase('/demo.js'), onload: resolve, onerror: reject })
    document.head.append(script)
  })
  return loading
}

function sayThatItIsMissing() {
  for (const status of document.querySelectorAll('[data-demo] [role=status]')) {
    status.textContent = 'The script of the demonstrations, demo.js, could not be loaded.'
  }
}

/** Starts the demonstrations when a page that has them is shown. */
export function useDemo() {
  onMounted(async () => {
    if (!hasDemo) return
    try {
      await loadScript()
    } catch {
      sayThatItIsMissing()
      return
    }
    await globalThis.gruDemo.start()
  })
}
