/**
 * The bench of serving: what a service asks of the library, beside onnxruntime-node.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import * as path from 'node:path'
import type * as Library from 'gru-native'
import type { Places } from '../contenders'
import { describeMachine } from '../machine'
import { FULL, QUICK } from '../rounds'
import { measureAborts } from './aborts'
import { type Part, PEER, SPEED_CASES } from './cases'
import { measureGrowth } from './growth'
import { measureOverload } from './overload'
import { measurePauses } from './pauses'
import { measureProcesses } from './processes'
import type { ServingReport } from './results'
import { measureServingSpeed } from './speed'

export interface ServingArguments {
  readonly parts: readonly Part[]
  readonly wantsPeer: boolean
  /** Undefined: the default */
  readonly rounds: number | undefined
  /** Few and short rounds */
  readonly quick: boolean
}

/** How often and how long each thing is measured. */
interface Effort {
  readonly rounds: number
  /** Of one round of the processes */
  readonly seconds: number
  /** Objects of a loop */
  readonly objects: number
}

const FULL_EFFORT: Effort = { rounds: 3, seconds: 1, objects: 4000 }
const QUICK_EFFORT: Effort = { rounds: 1, seconds: 0.1, objects: 50 }

export async function runServing(
  places: Places,
  given: ServingArguments,
  command: string,
): Promise<ServingReport> {
  const library = createRequire(path.join(places.root, 'package.json'))(
    'gru-native',
  ) as typeof Library
  const { version, isa } = library.runtime()
  const peer = findPeer(places, given.wantsPeer)
  const report: ServingReport = {
    ...{ format: 1, date: new Date().toISOString(), command, machine: describeMachine() },
    ...{ project: { version, isa }, peer, speed: [] },
  }
  for (const part of given.parts) await measurePart(places, part, given, report)
  return report
}

function findPeer({ root }: Places, isWanted: boolean): ServingReport['peer'] {
  if (!isWanted) return { reason: 'not wanted' }
  const file = path.join(root, 'bench', 'node_modules', PEER, 'package.json')
  return existsSync(file)
    ? { version: (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version }
    : { reason: 'not installed (npm ci --prefix bench --ignore-scripts)' }
}

async function measurePart(
  places: Places,
  part: Part,
  { rounds, quick }: ServingArguments,
  report: ServingReport,
): Promise<void> {
  const standard = quick ? QUICK_EFFORT : FULL_EFFORT
  const effort = { ...standard, rounds: rounds ?? standard.rounds }
  const hasPeer = 'version' in report.peer
  console.error(`serving: ${part}`)
  switch (part) {
    case 'processes':
      report.processes = await measureProcesses(places, hasPeer, effort)
      break
    case 'overload':
      report.overload = await measureOverload(places, hasPeer, effort.rounds)
      break
    case 'aborts':
      report.aborts = await measureAborts(places)
      break
    case 'pauses':
      report.pauses = await measurePauses(places, hasPeer, effort.rounds)
      break
    case 'growth':
      report.growth = await measureGrowth(places, effort.objects)
      break
    default:
      report.speed.push(...(await measureCases(places, part, hasPeer, quick, rounds)))
  }
}

async function measureCases(
  places: Places,
  part: Part,
  hasPeer: boolean,
  quick: boolean,
  rounds: number | undefined,
): Promise<ServingReport['speed']> {
  const standard = quick ? QUICK : FULL
  const settings = { ...standard, rounds: rounds ?? standard.rounds }
  const found: ServingReport['speed'] = []
  for (const given of SPEED_CASES.filter((each) => each.part === part)) {
    found.push(await measureServingSpeed(places, given, hasPeer, settings))
  }
  return found
}
