/**
 * The end of the service, without a request that was accepted and gets no answer.
 */
import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds after the drain in which all answers must be given. */
const LONGEST_END = 10_000

export async function shutDown({ app, served, state, drain }) {
  // The health check fails from now on, and answers close their connections.
  state.isReady = false
  await sleep(drain)
  // What still waits then is refused, so that the app can close.
  const timer = setTimeout(() => void served.batcher.close({ deadline: 0 }), LONGEST_END)
  await app.close()
  clearTimeout(timer)
  await served.close()
}
