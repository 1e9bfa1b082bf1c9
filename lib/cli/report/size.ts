/**
 * The size of a page.
 *
 * @module
 */

const MOST_BYTES = 950_000
const LEAST_SHARE = 1 / 64

/** The page that draws as much as fits. `render` gets the share of its full size that a page may use, from 1 down. */
export function fitted(render: (share: number) => string): string {
  let share = 1
  let page = render(share)
  while (Buffer.byteLength(page) > MOST_BYTES && share > LEAST_SHARE) {
    share *= 0.7
    page = render(share)
  }
  return page
}
