/**
 * The page around a report that updates itself.
 *
 * @module
 */

/**
 * The report stands in a frame. A new one is loaded into a second, hidden frame, scrolled to the same place, and then
 * shown instead: nothing flickers, and readers stay where they are. While a reader holds a mouse button or selects text,
 * the report stays as it is.
 */
export const LIVE_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>gru train</title>
<link rel="icon" href="data:,">
<style>
html, body { margin: 0; height: 100% }
iframe { position: fixed; inset: 0; width: 100%; height: 100%; border: 0 }
iframe[hidden] { display: block; visibility: hidden }
p { position: fixed; right: 8px; bottom: 8px; margin: 0; padding: 2px 8px; border-radius: 8px;
  font: 12px system-ui, sans-serif; color: #fff; background: #333c; pointer-events: none }
</style>
</head>
<body>
<iframe title="the report"></iframe>
<p role="status">training</p>
<script>
const note = document.querySelector('p')
let shown = document.querySelector('iframe')
let isLoading = false
let waiting

// get: gives the text of a report
async function load(get) {
  if (isLoading || isBusy()) {
    waiting = get
    return
  }
  isLoading = true
  try {
    await show(await get())
  } catch {
    // The training has ended: its last report is on the way.
  }
  isLoading = false
  next()
}

async function show(text) {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/html' }))
  const frame = shown.cloneNode()
  frame.hidden = true
  frame.src = address
  const loaded = new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }))
  document.body.insertBefore(frame, note)
  await loaded
  URL.revokeObjectURL(address)
  const { scrollX, scrollY } = shown.contentWindow
  frame.contentWindow.scrollTo({ left: scrollX, top: scrollY, behavior: 'instant' })
  document.title = frame.contentDocument.title || 'gru train'
  frame.hidden = false
  shown.remove()
  shown = frame
}

function next() {
  if (waiting === undefined || isLoading || isBusy()) return
  const get = waiting
  waiting = undefined
  load(get)
}

function isBusy() {
  const view = shown.contentWindow
  const pressed = view.document.querySelector(':active:not(html, body)') !== null
  return pressed || view.getSelection()?.isCollapsed === false
}

setInterval(next, 500)
const events = new EventSource('/events')
events.addEventListener('update', () => load(async () => (await fetch('/report')).text()))
events.addEventListener('end', ({ data }) => {
  events.close()
  note.textContent = 'ended'
  load(() => JSON.parse(data))
})
events.addEventListener('open', () => { note.textContent = 'training' })
events.addEventListener('error', () => { note.textContent = 'not connected' })
</script>
</body>
</html>
`
