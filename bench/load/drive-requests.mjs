/**
 * Sends POST /predict with autocannon, in a process of its own:
 *
 *     node drive-requests.mjs '{"url": ..., "input": [...], "connections": 16, "seconds": 3, "rate": 100}'
 *
 * Without `rate` each connection sends its next request after the answer. Prints the figures as JSON.
 */
import autocannon from 'autocannon'
import { figuresOf } from './figures.mjs'

const { url, input, connections, seconds, rate } = JSON.parse(process.argv[2])
const answers = []
const begin = performance.now()
const running = autocannon(
  {
    url: `${url}/predict`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ input }),
    connections,
    duration: seconds,
    ...(rate !== undefined && { overallRate: rate }),
  },
  (error) => {
    if (error) throw error
    console.log(JSON.stringify(figuresOf(answers, begin)))
  },
)
running.on('response', (client, status, bytes, milliseconds) => {
  answers.push({ isAccepted: status === 200, milliseconds })
})
