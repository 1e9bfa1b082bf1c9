import type { Contender, Scores, TargetEvaluation } from '../../lib/forecasting/results'
import { verdictOf } from '../../lib/forecasting/verdict'

const COUNT = 100

/** An error for each part, of which the first is that over all. */
function contender(name: string, mae: number, rmse = mae, parts: Partial<Parts> = {}): Contender {
  const { horizons = [mae], series = [mae] } = parts
  return {
    name,
    scores: scoresOf(mae, rmse),
    byHorizon: horizons.map((error) => scoresOf(error, error)),
    bySeries: series.map((error) => scoresOf(error, error)),
  }
}

interface Parts {
  readonly horizons: readonly number[]
  readonly series: readonly number[]
}

function scoresOf(mae: number | null, rmse = mae, count = COUNT): Scores {
  return { count, mae, rmse, mase: null, smape: null, pinball: null, coverage: null }
}

function evaluationOf(
  contenders: readonly Contender[],
  others: Partial<TargetEvaluation> = {},
): TargetEvaluation {
  return { target: 'sales', unit: 'EUR', contenders, skill: {}, coverage: null, ...others }
}

const verdict = (...contenders: Contender[]): string[] =>
  verdictOf([evaluationOf(contenders)], ['shop'])

describe('the verdict', () => {
  it('says by how much the model beats the best baseline', () => {
    expect(
      verdict(contender('the model', 0.0075), contender('drift', 0.02), contender('mean', 0.01)),
    ).toEqual([
      'The model beats every baseline on both measures: its mean absolute error of 0.00750 EUR is ' +
        '25.0 % lower than that of the best baseline, mean, which is 0.0100 EUR.',
    ])
  })

  it('says which baselines the model does not beat, and on what', () => {
    expect(
      verdict(
        contender('the model', 0.0102, 0.015),
        contender('last value', 0.0101, 0.016),
        contender('mean', 0.02, 0.015),
        contender('drift', 0.03, 0.04),
      ),
    ).toEqual([
      'The model does not beat last value (mean absolute error 0.0102 EUR against 0.0101 EUR) and ' +
        'mean (root of the mean squared error 0.0150 EUR against 0.0150 EUR).',
      'It beats drift on both measures.',
    ])
  })

  it('says that the model beats none', () => {
    expect(verdict(contender('the model', 2, 2), contender('drift', 1, 1))).toEqual([
      'The model does not beat drift (mean absolute error 2.00 EUR against 1.00 EUR, ' +
        'root of the mean squared error 2.00 EUR against 1.00 EUR).',
      'It beats no baseline.',
    ])
  })

  it('takes a model that is as exact as a baseline for one that does not beat it', () => {
    expect(verdict(contender('the model', 0), contender('mean', 0))[1]).toBe(
      'It beats no baseline.',
    )
  })

  it('says at which horizons a baseline is better', () => {
    const horizons = [9, 9, 9, 1, 9, 1, 9, 9]
    const model = contender('the model', 2, 2, { horizons })
    const mean = contender('mean', 3, 3, { horizons: horizons.map(() => 5) })
    expect(verdict(model, mean)).toContain(
      'A baseline has the lower mean absolute error 1 to 3, 5 and 7, 8 steps ahead.',
    )
    expect(verdict(contender('the model', 2, 2, { horizons: [9, 9] }), mean)).toContain(
      'A baseline has the lower mean absolute error at every horizon.',
    )
    expect(verdict(contender('the model', 2, 2, { horizons: [1, 1] }), mean)).toHaveLength(1)
  })

  it('says for which series a baseline is better', () => {
    const names = Array.from({ length: 12 }, (_, i) => `s${i + 1}`)
    const of = (error: number) => names.map((_, i) => (i < 2 ? 1 : error))
    const mean = contender('mean', 3, 3, { series: names.map(() => 5) })
    const says = (error: number): string =>
      verdictOf(
        [evaluationOf([contender('the model', 2, 2, { series: of(error) }), mean])],
        names,
      ).join('\n')
    expect(says(9)).toMatch(
      /error for 10 of 12 series: s3, s4, s5, s6, s7, s8, s9, s10, and 2 more\.$/,
    )
    expect(says(1)).not.toContain('series')
  })

  it.each([
    [
      0.79,
      0.81,
      'The interval for 80 % covers 79.0 % of the validation part and 81.0 % of the test part.',
    ],
    [null, 0.8, 'The interval for 80 % covers 80.0 % of the test part.'],
    [
      0.8,
      0.7,
      'The interval for 80 % covers 80.0 % of the validation part and 70.0 % of the test part: it is too narrow there.',
    ],
    [
      0.8,
      0.9,
      'The interval for 80 % covers 80.0 % of the validation part and 90.0 % of the test part: it is too wide there.',
    ],
  ])('says what the interval covers: %p and %p', (validation, test, sentence) => {
    const coverage = { nominal: 0.8, validation, test }
    const contenders = [contender('the model', 1), contender('mean', 2)]
    expect(verdictOf([evaluationOf(contenders, { coverage })], ['shop'])[1]).toBe(sentence)
  })

  it('says nothing of a difference that so few forecasts may show by chance', () => {
    const model = { ...contender('the model', 1), byHorizon: [scoresOf(1, 1, 30)] }
    const coverage = { nominal: 0.8, validation: 0.8, test: 0.9 }
    expect(
      verdictOf([evaluationOf([model, contender('mean', 2)], { coverage })], ['shop'])[1],
    ).toBe(
      'The interval for 80 % covers 80.0 % of the validation part and 90.0 % of the test part.',
    )
  })

  it('names the target where there are several', () => {
    const contenders = [contender('the model', 1), contender('mean', 2)]
    const sentences = verdictOf(
      [evaluationOf(contenders), evaluationOf(contenders, { target: 'visits', unit: '' })],
      ['shop'],
    )
    expect(sentences[0]).toMatch(/^sales: The model beats/)
    expect(sentences[1]).toMatch(/^visits: .* of 1\.00 is 50\.0 % lower .* which is 2\.00\.$/)
  })

  it('says that there is none', () => {
    const none = { ...contender('the model', 0), scores: scoresOf(null, null, 0) }
    expect(verdict(none, contender('mean', 1))).toEqual([
      'There is no verdict: the test part has no value that could be compared with a forecast.',
    ])
    const endless = { ...contender('the model', 0), scores: scoresOf(null) }
    expect(verdict(endless, contender('mean', 1))).toEqual([
      'The model is of no use: the errors of its forecasts are not finite.',
    ])
  })

  it('compares no errors of different values', () => {
    const fewer = { ...contender('mean', 5), scores: scoresOf(5, 5, COUNT - 1) }
    expect(verdict(contender('the model', 1), fewer, contender('drift', 2))).toEqual([
      'The model does not beat mean (it has forecast other values than the model).',
      'It beats drift on both measures.',
    ])
  })
})
