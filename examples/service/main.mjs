/**
 * Serves a model:
 *
 *     node main.mjs [MODEL.safetensors]
 *
 * Without a file it trains a small model first, and serves that one.
 */
import { existsSync } from 'node:fs'
import process from 'node:process'
import { createApp } from './app.mjs'
import { readConfig } from './config.mjs'
import { trainFirstModel } from './first-model.mjs'
import { ServedModel } from './served-model.mjs'
import { shutDown } from './shutdown.mjs'
import { watchFile } from './watch-file.mjs'

const config = readConfig(process.env, process.argv.slice(2))
if (!existsSync(config.file)) {
  console.log(`training a model, since there is no ${config.file}`)
  await trainFirstModel(config.file)
}
const state = { isReady: true }
const served = await ServedModel.open(config)
const app = await createApp(served, config, state)

async function reload() {
  try {
    await served.reload()
    app.log.info('reloaded the model')
  } catch (error) {
    app.log.error(error, 'the model was not reloaded; the one before goes on')
  }
}

const endWatch = watchFile(config.file, reload)
process.on('SIGHUP', reload)
process.once('SIGTERM', async () => {
  endWatch()
  await shutDown({ app, served, state, drain: config.drain })
  console.log('closed')
})

console.log(`listening on ${await app.listen(config)}`)
