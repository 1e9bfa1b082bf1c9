import { readdirSync } from 'node:fs'
import * as path from 'node:path'

const FOLDER = path.join(__dirname, '..', 'golden')

/** The paths of the golden cases. */
export const goldenFiles: readonly string[] = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.safetensors'))
  .map((name) => path.join(FOLDER, name))
