/**
 * Memory of loops that create objects and drop them, without dispose.
 *
 * @module
 */
import type { Places } from '../contenders'
import { insideCommand } from './inside-command'
import { runScript } from './script'

export const OBJECTS = ['layers', 'passes', 'models', 'trainers', 'sessions'] as const
export type ObjectKind = (typeof OBJECTS)[number]

/** Memory in bytes. */
export interface GrowthMeasurement {
  readonly objects: ObjectKind
  readonly count: number
  /** The resident set before the loop, and how much the largest one was above it. */
  readonly before: number
  readonly growth: number
  readonly seconds: number
}

export async function measureGrowth(places: Places, count: number): Promise<GrowthMeasurement[]> {
  const found: GrowthMeasurement[] = []
  for (const objects of OBJECTS) {
    const command = insideCommand(places, 'growth', false, objects)
    found.push(await runScript({ ...command, args: [...command.args, String(count)] }))
  }
  return found
}
