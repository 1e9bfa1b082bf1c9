// The script of the page "In your browser". It starts the demonstrations that are in the document.
import { prepare } from '@gru-native/wasm32'
import { startCurve } from './curve.mjs'
import { startText } from './text.mjs'

const STARTERS = { text: startText, curve: startCurve }

async function start(element) {
  if (element.dataset.started !== undefined) return
  element.dataset.started = ''
  const status = element.querySelector('[role=status]')
  try {
    await prepare()
    await STARTERS[element.dataset.demo](element)
    element.dataset.started = 'ready'
  } catch (error) {
    status.textContent = `This browser cannot run the network: ${error.message}`
    console.error(error)
  }
}

globalThis.gruDemo = {
  start: () => Promise.all([...document.querySelectorAll('[data-demo]')].map(start)),
}
