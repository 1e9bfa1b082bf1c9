// Light and dark: as the system says, or as the reader chooses.
import { selection } from './controls.mjs'

const listeners = new Set()

/** Calls `listener` whenever the colours change. */
export function onColors(listener) {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** The value of a colour of the page, such as '--ink'. */
export function colorOf(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}

/** The switch in the page's header. */
export function startTheme(host) {
  const announce = () => listeners.forEach((listener) => listener())
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', announce)
  const names = ['as the system', 'light', 'dark']
  const choose = (choice) => {
    if (choice === 0) delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = names[choice]
    announce()
  }
  host.append(selection('Colours', names, 0, choose))
}
