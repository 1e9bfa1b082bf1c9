/**
 * What the operator sets: the file of the model as an argument or a variable, everything else as variables.
 */
import { join } from 'node:path'

const NUMBERS = {
  PORT: 3000,
  GRU_SERVICE_MAX_BATCH: 64,
  GRU_SERVICE_MAX_QUEUE: 128,
  /** Milliseconds that a request may take. */
  GRU_SERVICE_DEADLINE: 2000,
  /** Milliseconds after SIGTERM in which new connections are still taken. */
  GRU_SERVICE_DRAIN: 1000,
}

function numberOf(environment, name) {
  const text = environment[name]
  const number = text === undefined ? NUMBERS[name] : Number(text)
  if (Number.isInteger(number) && number >= 0) return number
  throw new RangeError(`${name}: expected a whole number, got ${JSON.stringify(text)}`)
}

export function readConfig(environment, [file]) {
  const number = (name) => numberOf(environment, name)
  return {
    file:
      file ??
      environment.GRU_SERVICE_MODEL ??
      join(import.meta.dirname, 'out', 'model.safetensors'),
    host: environment.HOST ?? 'localhost',
    port: number('PORT'),
    maxBatch: number('GRU_SERVICE_MAX_BATCH'),
    maxQueue: number('GRU_SERVICE_MAX_QUEUE'),
    deadline: number('GRU_SERVICE_DEADLINE'),
    drain: number('GRU_SERVICE_DRAIN'),
  }
}
