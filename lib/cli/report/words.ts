/**
 * Numbers and spans in words.
 *
 * @module
 */
import { formatColumn, formatPercent, isPrintedAlike } from '../../forecasting/numbers'
import { type Cell, shownName } from './markup'
import type { Value } from './thinning'

/** What stands where a number does not exist. */
export const NONE = '–'

const UNITS = /^(second|minute|hour|day|business day|week|month|quarter|year|step)$/

/** A number of steps: '14 days', '4 steps of 15 minutes'. */
export function spanOf(count: number, step: string): string {
  const plural = count === 1 ? '' : 's'
  if (UNITS.test(step)) return `${count} ${step}${plural}`
  return /^\d/.test(step) ? `${count} step${plural} of ${step}` : `${count} step${plural}`
}

/** A label with its unit, if it has one; shortened if it is very long. */
export function withUnit(label: string, unit: string): string {
  return shownName(unit === '' ? label : `${label}, ${unit}`)
}

/** A column whose smallest numbers, as they are printed, are marked. */
export function columnWithBest(values: readonly Value[]): Cell[] {
  const texts = formatColumn(values).map((text, i) => (values[i] === null ? NONE : text))
  const numbers = texts.map((text) => (text === NONE ? Infinity : Number(text)))
  const least = Math.min(...numbers)
  const several = numbers.filter((number) => number !== Infinity).length > 1
  return texts.map((text, i) => ({ text, best: several && numbers[i] === least }))
}

/** '2026-11-28 01:02 UTC'. */
export function momentOf(iso: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d.*Z$/.test(iso)
    ? `${iso.slice(0, 16).replace('T', ' ')} UTC`
    : iso
}

/**
 * The share of a baseline's error that the model avoids: '+12.3 %', '-4.00 %'. A skill that comes from errors which are
 * printed alike is no skill.
 */
export function skillOf(skill: Value, model: Value, baseline: Value): string {
  if (skill === null) return NONE
  if (isPrintedAlike(model ?? NaN, baseline ?? NaN)) return '~ 0 %'
  return skill > 0 ? `+${formatPercent(skill)}` : formatPercent(skill)
}
