import { readdirSync } from 'node:fs'
import * as path from 'node:path'

function casesIn(folder: string, pattern: RegExp): readonly string[] {
  const place = path.join(__dirname, '..', folder)
  return readdirSync(place)
    .filter((name) => pattern.test(name))
    .map((name) => path.join(place, name))
}

/** The paths of the golden cases of GRU layers and their training. */
export const goldenFiles = casesIn('golden', /\.safetensors$/)

/** The paths of the golden cases of LSTM layers. */
export const lstmFiles = casesIn('golden-graph', /^lstm_.*\.safetensors$/)
