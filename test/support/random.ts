import { randomInt } from 'node:crypto'
import * as path from 'node:path'

const SEED_VARIABLE = 'GRU_NATIVE_TEST_SEED'

function drawSeed(): number {
  const given = process.env[SEED_VARIABLE]
  if (given === undefined || given === '') return randomInt(2 ** 31)
  const seed = Number(given)
  if (Number.isInteger(seed)) return seed
  throw new Error(`${SEED_VARIABLE}: expected an integer, got ${given}`)
}

/**
 * The seed of a test file's random tests. It is a new one in each run and is printed. The
 * environment may set it, to replay a run. Use it as `fc.assert(property, { seed })`.
 */
export const seed = drawSeed()

const testPath = expect.getState().testPath ?? ''
// Not written with console.log, to which jest adds a stack trace.
process.stderr.write(`${path.basename(testPath)}: ${SEED_VARIABLE}=${seed}\n`)
