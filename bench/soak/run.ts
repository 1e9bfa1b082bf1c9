/**
 * The soak: a process that serves sessions and requests for a long time. It must stay right and flat, and end by itself.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import * as path from 'node:path'
import { createInterface } from 'node:readline'
import { own } from '../children'
import { ContenderError } from '../contender-process'
import type { Places } from '../contenders'
import { ALLOWED, growthOf, isFlat } from './memory'
import type { SoakOutput } from './results'

export interface SoakArguments {
  /** Undefined: a new one */
  readonly seed: number | undefined
  /** A short run: shows that it works */
  readonly quick: boolean
}

/** How long the process may take to end after everything was closed. */
const SECONDS_TO_END = 5

/** Runs the soak, prints its figures and returns whether it passed. */
export async function runSoak(
  { scripts, root }: Places,
  { seed = randomInt(2 ** 31), quick }: SoakArguments,
): Promise<boolean> {
  console.log(`--seed ${seed}`)
  const file = path.join(scripts, 'soak', 'inside', 'soak.js')
  const scale = quick ? 'quick' : 'full'
  const child = own(
    spawn(process.execPath, [file, String(seed), root, scale], {
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  )
  const ended = new Promise<string>((resolve) => {
    child.on('close', (code, signal) => {
      resolve(signal ?? `status ${String(code)}`)
    })
  })
  let last = ''
  let timer: NodeJS.Timeout | undefined
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('{')) {
      last = line
      timer = setTimeout(() => child.kill('SIGKILL'), SECONDS_TO_END * 1000)
    } else {
      console.log(line)
    }
  }
  const end = await ended
  clearTimeout(timer)
  if (last === '') throw new ContenderError(`the soak ended with ${end}`)
  return judge(JSON.parse(last) as SoakOutput, end, quick)
}

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1)

/** A short run is over before its memory has settled. */
function judge(
  { counts, seconds, memory, resources }: SoakOutput,
  end: string,
  quick: boolean,
): boolean {
  const faults = [
    ...(counts.wrong > 0 ? [`${counts.wrong} answers have wrong bits`] : []),
    ...(quick || isFlat(memory) ? [] : ['memory is not flat']),
    ...(resources.length > 0 ? [`left open: ${resources.join(', ')}`] : []),
    ...(end === 'status 0' ? [] : [`the process did not end by itself: ${end}`]),
  ]
  console.log(
    [
      `${seconds.toFixed(0)} s; ${JSON.stringify(counts)}`,
      `resident set: ${mebibytes(growthOf(memory))} MiB more in the last quarter than in the second one;` +
        ` ${mebibytes(ALLOWED)} MiB are allowed`,
      faults.length === 0 ? 'the soak passed' : `the soak failed: ${faults.join('; ')}`,
    ].join('\n'),
  )
  return faults.length === 0
}
