/**
 * Turns of the event loop, as Node's setImmediate gives them.
 *
 * @module
 */
const waiting = new Map<number, () => void>()
let last = 0
let requestTurn: (() => void) | undefined

/** Runs the oldest one that waits. */
function runNext(): void {
  const [next] = waiting
  if (next === undefined) return
  const [number, callback] = next
  waiting.delete(number)
  callback()
}

/** Messages have their turn at once. Browsers delay timers by milliseconds. */
function turnsByMessages(): () => void {
  const { port1, port2 } = new MessageChannel()
  ;(port1 as { onmessage?: () => void }).onmessage = runNext
  return () => {
    port2.postMessage(undefined)
  }
}

const turnsByTimers = () => () => {
  setTimeout(runNext)
}

/** Calls a function after the events that wait. */
export function setImmediate(callback: () => void): number {
  requestTurn ??= typeof MessageChannel === 'undefined' ? turnsByTimers() : turnsByMessages()
  waiting.set(++last, callback)
  requestTurn()
  return last
}

export function clearImmediate(number: number): void {
  waiting.delete(number)
}
