// How things move on the page.

/** Whether the reader has asked for pages that do not move. */
export const prefersStillness = () => matchMedia('(prefers-reduced-motion: reduce)').matches

/** Waits until the browser shows the page. A page in the background is not shown, and does not wait. */
export const shown = () =>
  new Promise((resolve) => {
    if (document.hidden) setTimeout(resolve, 20)
    else requestAnimationFrame(resolve)
  })
