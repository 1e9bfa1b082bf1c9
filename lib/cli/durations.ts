/**
 * Durations for people.
 *
 * @module
 */

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const UNITS = [
  [DAY, 'd', HOUR, 'h'],
  [HOUR, 'h', MINUTE, 'min'],
  [MINUTE, 'min', 1, 's'],
] as const

/** A duration in its two largest units: `1 h 5 min`, `42 s`, `0.3 s`. */
export function formatDuration(seconds: number): string {
  for (const [large, largeName, small, smallName] of UNITS) {
    // Rounded first, so that no part is ever 60.
    const rounded = Math.round(seconds / small) * small
    if (rounded < large) continue
    const rest = Math.round((rounded % large) / small)
    return rest === 0
      ? `${Math.floor(rounded / large)} ${largeName}`
      : `${Math.floor(rounded / large)} ${largeName} ${rest} ${smallName}`
  }
  if (seconds >= 9.95) return `${Math.round(seconds)} s`
  return `${Number(seconds.toPrecision(2))} s`
}
