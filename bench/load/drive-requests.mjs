/**
 * Sends POST /predict with autocannon, in a process of its own:
 *
 *     node drive-requests.mjs '{"url": ..., "input": [...], "connections": 16, "seconds": 3, "rate": 100}'
 *
 * Without `rate` each connection sends its next request after the answer. Prints the figures as JSON.
 */
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import autocannon from 'autocannon'
import { figuresOf } from './figures.mjs'

/** autocannon sends the requests of a second at its begin. Runs that begin one after another share out the second. */
const RUNS_OF_RATE = 50

const { url, input, connections, seconds, rate } = JSON.parse(process.argv[2])
const body = JSON.stringify({ input })
const answers = []

function run(load) {
  const headers = { 'content-type': 'application/json' }
  const request = { url: `${url}/predict`, method: 'POST', headers, body }
  const running = autocannon({ ...request, duration: seconds, ...load })
  running.on('response', (client, status, bytes, milliseconds) => {
    answers.push({ isAccepted: status === 200, milliseconds })
  })
  return running
}

/** Figures of the time in which every connection sends its next request after the answer. */
async function closedLoop() {
  const begin = performance.now()
  await run({ connections })
  return figuresOf(answers, begin)
}

/** Figures of the time in which all runs send. */
async function openLoop() {
  const load = { connections: connections / RUNS_OF_RATE, overallRate: rate / RUNS_OF_RATE }
  const runs = []
  while (runs.length < RUNS_OF_RATE) {
    runs.push(run(load))
    await sleep(1000 / RUNS_OF_RATE)
  }
  answers.length = 0
  const begin = performance.now()
  await runs[0]
  const figures = figuresOf(answers, begin)
  await Promise.all(runs)
  return figures
}

console.log(JSON.stringify(await (rate === undefined ? closedLoop() : openLoop())))
