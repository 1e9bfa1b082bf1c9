import { errorRows, verdict } from '../../lib/cli/error-table'
import type { Evaluation } from '../../lib/cli/evaluation'
import { formatColumn } from '../../lib/forecasting/numbers'

const POWERS = Array.from({ length: 25 }, (_, i) => i - 12)

describe('the verdict', () => {
  const verdictOf = (model: [number, number], baseline: [number, number]): string => {
    const contender = (name: string, [mae, rmse]: [number, number]) => ({ name, mae, rmse })
    const evaluation: Evaluation = {
      dates: [],
      truth: Float64Array.of(),
      forecast: Float64Array.of(),
      model: contender('the model', model),
      baselines: [contender('today', baseline)],
    }
    return verdict(errorRows(evaluation))
  }
  const BEATS = 'the model beats every baseline on both measures'
  const DOES_NOT = 'the model does not beat, on both measures: today'

  it.each([
    [[0.001, 0.002], [0.0011, 0.0021], BEATS],
    [[0.001, 0.002], [0.00100001, 0.0021], BEATS],
    [[0.001, 0.002], [0.001, 0.0021], DOES_NOT],
    [[0.001, 0.002], [0.002, 0.001], DOES_NOT],
    // Smaller, but not in the printed digits.
    [[0.001, 0.002], [0.001 * (1 + 1e-9), 0.0021], DOES_NOT],
    [[0, 0], [0, 0], DOES_NOT],
  ] as [[number, number], [number, number], string][])(
    'of %j against %j',
    (model, baseline, text) => {
      expect(verdictOf(model, baseline)).toBe(text)
    },
  )

  it.each(POWERS)('is what the printed numbers say, at 10^%d', (power) => {
    for (const relative of [1e-12, 1e-7, 2e-5, 1e-3, 0.5]) {
      for (const sign of [-1, 1]) {
        const model = 1.2345 * 10 ** power
        const baseline = model * (1 + sign * relative)
        const [one, other] = formatColumn([model, baseline])
        const says = verdictOf([model, model], [baseline, baseline])
        expect(says === BEATS).toBe(Number(one) < Number(other))
        // A difference decides, in its direction, if six digits show it.
        expect(says === BEATS).toBe(sign > 0 && relative > 1e-5)
      }
    }
  })
})
