/**
 * Where the ticks of an axis stand, and what they say.
 *
 * @module
 */
import { formatTicks } from './numbers'

/** A distance between ticks, as `mantissa` * 10^`exponent`: 1, 2 or 5 times a power of ten. */
interface Step {
  readonly mantissa: number
  readonly exponent: number
}

/** An axis of numbers: its ticks, and where values stand among them. */
export interface Ticks {
  /** What the ticks say, from the lowest on. */
  readonly labels: readonly string[]
  /** Where a value stands, in ticks from the lowest. */
  readonly placeOf: (value: number) => number
}

/** Values whose range is a smaller share of them are drawn flat: much of it is the rounding of doubles. */
const LEAST_RANGE = 1e-12
/** A bound that is so much of a step beyond a tick counts as that tick, since it is there but for rounding. */
const SLACK = 1e-9
/** Ticks that are closer are no numbers of full precision. */
const LEAST_STEP = 1e-300

/** Ticks around values, about `count` of them; values that are all equal lie in the middle. */
export function ticksAround(values: readonly number[], count: number): Ticks {
  const [low, high] = rangeOf(values)
  const { mantissa, exponent } = stepOf((high - low) / count)
  const at = (multiple: number): number => Number(`${multiple * mantissa}e${exponent}`)
  const first = Math.floor(low / at(1) + SLACK)
  const last = Math.ceil(high / at(1) - SLACK)
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => at(first + i))
  return {
    labels: formatTicks(ticks, exponent),
    placeOf: (value) => (value - ticks[0]!) / at(1),
  }
}

/** Ticks at whole numbers from 1 to `last`, about `count` of them: 1 and the multiples of a step. */
export function wholeTicks(last: number, count: number): number[] {
  const { mantissa, exponent } = stepOf(last / count)
  const step = Math.max(mantissa * 10 ** exponent, 1)
  const multiples = Array.from({ length: Math.floor(last / step) }, (_, i) => (i + 1) * step)
  return step === 1 ? multiples : [1, ...multiples]
}

function rangeOf(values: readonly number[]): readonly [number, number] {
  const low = values.reduce((least, value) => Math.min(least, value), Infinity)
  const high = values.reduce((most, value) => Math.max(most, value), -Infinity)
  const size = Math.max(Math.abs(low), Math.abs(high))
  if (high - low > Math.max(size * LEAST_RANGE, LEAST_STEP)) return [low, high]
  const margin = size > LEAST_STEP ? size / 10 : 1
  return [low - margin, high + margin]
}

/** The smallest step that is `least` or more. */
function stepOf(least: number): Step {
  const exponent = Number(least.toExponential().split('e')[1])
  const mantissa = [1, 2, 5].find((factor) => Number(`${factor}e${exponent}`) >= least)
  return mantissa === undefined ? { mantissa: 1, exponent: exponent + 1 } : { mantissa, exponent }
}
