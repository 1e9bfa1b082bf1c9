// Runs programs one after another, each in a thread of its own, and prints what they print as JSON.
import { text } from 'node:stream/consumers'
import { Worker } from 'node:worker_threads'

async function run(file) {
  const worker = new Worker(file, { stdout: true, stderr: true })
  const failure = new Promise((resolve) => {
    worker.once('error', (error) => resolve(error?.stack ?? String(error)))
    worker.once('exit', (code) => resolve(code === 0 ? undefined : `exit ${code}`))
  })
  const [output, complaints, error] = await Promise.all([
    text(worker.stdout),
    text(worker.stderr),
    failure,
  ])
  return { output, error: error ?? (complaints === '' ? undefined : complaints) }
}

const outcomes = []
for (const file of process.argv.slice(2)) outcomes.push(await run(file))
process.stdout.write(JSON.stringify(outcomes))
