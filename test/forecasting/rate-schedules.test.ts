/**
 * The learning rate over a forecaster's training.
 */
import { Schedule } from '../../lib'
import { rateSchedule, type RateSchedule } from '../../lib/forecasting/rate-schedules'

/** The rate of each of 60 updates, as a share of the base rate. */
function ratesOf(name: RateSchedule): number[] {
  const schedule = new Schedule(rateSchedule(name, 60))
  return Array.from({ length: 60 }, (_, update) => {
    const rate = schedule.rate(1)
    schedule.advance()
    // An epoch has 5 updates, and none is better than the first one.
    if (update % 5 === 4) schedule.observe(1)
    return rate
  })
}

it.each<[RateSchedule, readonly (readonly [update: number, rate: number])[]]>([
  // 3 updates rise from a third; then half a cosine over 57.
  [
    'cosine',
    [
      [0, 1 / 3],
      [3, 1],
      [31, (1 + Math.cos((Math.PI * 28) / 57)) / 2],
    ],
  ],
  [
    'constant',
    [
      [0, 1],
      [59, 1],
    ],
  ],
  [
    'exponential',
    [
      [0, 1],
      [30, 0.1],
    ],
  ],
  [
    'oneCycle',
    [
      [0, 1 / 25],
      [17, 1],
    ],
  ],
  // The first epoch is the best; the four after it are not better.
  [
    'plateau',
    [
      [24, 1],
      [25, 1 / 3],
      [45, 1 / 9],
    ],
  ],
  [
    'step',
    [
      [19, 1],
      [20, 1 / 3],
      [40, 1 / 9],
    ],
  ],
])('%s', (name, expected) => {
  const rates = ratesOf(name)
  for (const [update, rate] of expected) expect(rates[update]).toBeCloseTo(rate, 10)
})
