/**
 * The two services as processes.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { onnxOf } from '../../build/bench/js/load/onnx-model.js'
import { SequenceModel } from '../../dist/index.js'
import { inRoot } from '../../scripts/project.mjs'

const folder = mkdtempSync(join(tmpdir(), 'gru-load-'))
process.once('exit', () => {
  rmSync(folder, { recursive: true })
})

/** A shape's model as files for both services. */
export async function writeModel({ model: options }) {
  const model = new SequenceModel(options)
  const file = join(folder, 'model')
  await model.save(`${file}.safetensors`)
  writeFileSync(`${file}.onnx`, onnxOf(model.options, model.getParameters()))
  writeFileSync(`${file}.json`, JSON.stringify(model.options))
  model.dispose()
  return file
}

async function start(command, environment) {
  const child = spawn(process.execPath, command, {
    env: { ...process.env, PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'warn', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let url
  for await (const chunk of child.stdout) {
    url = /^listening on (\S+)$/m.exec(chunk.toString())?.[1]
    if (url !== undefined) break
  }
  return {
    url,
    pid: child.pid,
    stop: async () => {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
  }
}

export const startOurs = (file, environment) =>
  start([inRoot('examples', 'service', 'main.mjs'), `${file}.safetensors`], environment)

export const startPeer = (file, threads) =>
  start([
    inRoot('bench', 'load', 'onnx-service.mjs'),
    ...[`${file}.onnx`, `${file}.json`, String(threads)],
  ])

/** Seconds of processor time that a process has used, by Linux's count in hundredths. */
export function processorSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}
