/**
 * Measures how long the event loop pauses during a call.
 *
 * @module
 */
import { performance } from 'node:perf_hooks'
import type { PauseFigures } from '../pauses'

/** Runs an asynchronous call while timers watch the event loop. */
export async function watch<T>(
  name: string,
  call: () => Promise<T>,
): Promise<{ result: T; figures: PauseFigures }> {
  await settle()
  const growthBefore = process.resourceUsage().maxRSS
  let last = performance.now()
  let pause = 0
  const turn = (): void => {
    const now = performance.now()
    pause = Math.max(pause, now - last)
    last = now
  }
  const timer = setInterval(turn, 1)
  const start = performance.now()
  const result = await call()
  const seconds = (performance.now() - start) / 1000
  // The promise may have resolved at the end of a long turn.
  turn()
  clearInterval(timer)
  const growth = (process.resourceUsage().maxRSS - growthBefore) * 1024
  return { result, figures: { call: name, seconds, pause: pause / 1000, growth } }
}

/** Lets what the process began at its start finish. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 200))
}
