/**
 * The positions and labels of an axis's ticks.
 *
 * @module
 */
import { formatTicks } from '../forecasting/numbers'

/** A distance between ticks, as `mantissa` * 10^`exponent`: 1, 2 or 5 times a power of ten. */
interface Step {
  readonly mantissa: number
  readonly exponent: number
}

/** An axis of numbers: its ticks, and the positions of values. */
export interface Ticks {
  /** The labels of the ticks, from the lowest on. */
  readonly labels: readonly string[]
  /** The position of a value, in ticks from the lowest tick. */
  readonly placeOf: (value: number) => number
}

/**
 * If the range of values is a smaller share of their size than this, they are drawn as equal: much of it is rounding of
 * doubles.
 */
const LEAST_RANGE = 1e-12
/** A bound that exceeds a tick by less than this share of a step counts as that tick: the difference is rounding. */
const SLACK = 1e-9
/** Ticks with a smaller distance cannot be represented with full precision. */
const LEAST_STEP = 1e-300

/** About `count` ticks around the values. If all values are equal, they are in the middle. */
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

function rangeOf(values: readonly number[]): readonly [number, number] {
  const low = values.reduce((least, value) => Math.min(least, value), Infinity)
  const high = values.reduce((most, value) => Math.max(most, value), -Infinity)
  const size = Math.max(Math.abs(low), Math.abs(high))
  if (high - low > Math.max(size * LEAST_RANGE, LEAST_STEP)) return [low, high]
  const margin = size > LEAST_STEP ? size / 10 : 1
  return [low - margin, high + margin]
}

/** The smallest step that is at least `least`. */
function stepOf(least: number): Step {
  const exponent = Number(least.toExponential().split('e')[1])
  const mantissa = [1, 2, 5].find((factor) => Number(`${factor}e${exponent}`) >= least)
  return mantissa === undefined ? { mantissa: 1, exponent: exponent + 1 } : { mantissa, exponent }
}
