/**
 * The formulas of those schedules that depend only on the number of the update.
 *
 * @module
 */
import type { ResolvedSchedule, ResolvedScheduleOf } from './options'

/** Kinds whose rate follows from the base rate and the number of the update. */
type ClosedKind = Exclude<ResolvedSchedule['kind'], 'plateau'>

type Formula<K extends ClosedKind> = (
  options: ResolvedScheduleOf<K>,
  baseRate: number,
  update: number,
) => number

type Curve = (from: number, to: number, share: number) => number

const CURVES: { readonly [A in ResolvedScheduleOf<'oneCycle'>['anneal']]: Curve } = {
  cos: (from, to, share) => to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2,
  linear: (from, to, share) => from + (to - from) * share,
}

const FORMULAS: { readonly [K in ClosedKind]: Formula<K> } = {
  constant: (_, baseRate) => baseRate,
  step: ({ stepSize, gamma }, baseRate, update) =>
    baseRate * gamma ** Math.floor(update / stepSize),
  multiStep: ({ milestones, gamma }, baseRate, update) => {
    const passed = milestones.filter((milestone) => milestone <= update).length
    return baseRate * gamma ** passed
  },
  exponential: ({ gamma }, baseRate, update) => baseRate * gamma ** update,
  cosine: ({ period, minimum }, baseRate, update) => CURVES.cos(baseRate, minimum, update / period),
  oneCycle,
}

function oneCycle(
  { total, maximum, warmupShare, anneal, divide, finalDivide }: ResolvedScheduleOf<'oneCycle'>,
  baseRate: number,
  update: number,
): number {
  const curve = CURVES[anneal]
  const highest = maximum ?? baseRate
  const first = highest / divide
  const last = first / finalDivide
  const peak = warmupShare * total - 1
  const at = Math.min(update, total - 1)
  // With a peak at 0 there is no rise, and PyTorch would divide by 0.
  if (at < peak) return curve(first, highest, at / peak)
  return at === peak ? highest : curve(highest, last, (at - peak) / (total - 1 - peak))
}

/**
 * The rate of an update.
 *
 * @param update - the number of the update, from 0
 */
export function closedRate<K extends ClosedKind>(
  options: ResolvedScheduleOf<K>,
  baseRate: number,
  update: number,
): number {
  return FORMULAS[options.kind](options, baseRate, update)
}
