import { consumerProject } from '../support/consumer-project'
import { temporaryFolder } from '../support/temporary-folder'

const project = consumerProject(temporaryFolder()('project'))

test('workers of a cluster serve predictions, and are ended and replaced in the middle of them', async () => {
  project.write(
    'program.js',
    `
    const cluster = require('node:cluster')
    const { SequenceModel } = require('gru-native')
    const model = new SequenceModel({
      input: { features: 2 },
      gru: { hiddenSize: 32 },
      output: { size: 1, loss: 'meanSquaredError' },
      seed: 8,
    })
    const input = (id) => Float32Array.from({ length: 400 }, (_, i) => Math.sin(id + i))
    if (cluster.isPrimary) serve()
    else {
      process.on('message', async (id) => {
        const output = await model.predict(input(id))
        if (process.connected) process.send({ id, output: String(output) })
      })
    }

    /** Sends each request to a worker again until it is answered. Ends a worker after every 20 answers. */
    async function serve() {
      const requests = 120
      const waiting = Array.from({ length: requests }, (_, id) => id)
      const answers = new Map()
      const endings = [
        (worker) => worker.process.kill('SIGKILL'),
        (worker) => worker.process.kill('SIGTERM'),
        (worker) => worker.disconnect(),
      ]
      const told = { answers: 0, wrong: 0, ended: 0 }
      let finish
      const finished = new Promise((resolve) => (finish = resolve))
      const send = (worker) => {
        while (worker.open.size < 8 && waiting.length > 0 && worker.isConnected()) {
          const id = waiting.shift()
          worker.open.add(id)
          worker.send(id, () => {})
        }
      }
      const start = () => {
        const worker = cluster.fork()
        worker.open = new Set()
        worker.on('online', () => send(worker))
        worker.on('message', ({ id, output }) => {
          worker.open.delete(id)
          answers.set(id, output)
          if (answers.size % 20 === 0) endings[(answers.size / 20) % endings.length](worker)
          if (answers.size === requests) finish()
          send(worker)
        })
        worker.on('exit', () => {
          told.ended++
          waiting.push(...worker.open)
          if (answers.size < requests) start()
        })
      }
      start()
      start()
      await finished
      for (const worker of Object.values(cluster.workers)) worker.disconnect()
      told.answers = answers.size
      for (const [id, output] of answers) {
        if (output !== String(model.predictSync(input(id)))) told.wrong++
      }
      process.on('exit', () => console.log(JSON.stringify(told)))
    }`,
  )
  const { output } = await project.run(`"${process.execPath}" program.js`)
  const told = JSON.parse(output) as { answers: number; wrong: number; ended: number }
  expect(told).toEqual({ answers: 120, wrong: 0, ended: told.ended })
  expect(told.ended).toBeGreaterThanOrEqual(6)
})
