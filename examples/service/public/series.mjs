/**
 * A simulated series: the temperature of each hour in a place where days are warmer than nights and the weather changes. The
 * service trains on it, and the page streams it.
 */

/** Hours that the model forecasts. */
export const HORIZON = 12

/** Of each hour the model forecasts these quantiles. */
export const QUANTILES = [0.1, 0.5, 0.9]

const MEAN = 12
const SCALE = 5

/** The model reads and predicts values about 0. */
export const toModel = (celsius) => (celsius - MEAN) / SCALE
export const toCelsius = (value) => MEAN + SCALE * value

/** Uniform numbers from 0 to 1 that follow from a seed: mulberry32. */
function uniformSource(seed) {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The temperatures of one hour after another, in degrees Celsius, from a random hour of the day on. */
export function* temperatures(seed) {
  const uniform = uniformSource(seed)
  /** About a normal distribution with deviation 1. */
  const noise = () => (uniform() + uniform() + uniform() - 1.5) * 2
  let weather = noise()
  let sun = uniform()
  for (let hour = Math.floor(24 * uniform()); ; hour++) {
    weather = 0.97 * weather + 0.24 * noise()
    sun = Math.min(Math.max(sun + 0.05 * noise(), 0), 1)
    const day = Math.sin((2 * Math.PI * (hour - 9)) / 24)
    yield MEAN + 4 * weather + (3 + 4 * sun) * day + 0.2 * noise()
  }
}
