import { errorTable } from '../../lib/cli/contender-table'
import type { Contender, Scores, TargetEvaluation } from '../../lib/forecasting/results'
import { skillsOf } from '../../lib/forecasting/scores'
import { verdictOf } from '../../lib/forecasting/verdict'

const ABSENT = { mase: null, smape: null, pinball: null, coverage: null }

function contender(name: string, mae: number, others: Partial<Scores> = {}): Contender {
  const scores = { ...ABSENT, count: 100, mae, rmse: mae, ...others }
  return { name, scores, byHorizon: [scores], bySeries: [scores] }
}

function evaluationOf(
  model: Contender,
  baselines: readonly Contender[],
  unit = '',
): TargetEvaluation {
  const skill = skillsOf(model, baselines)
  return { target: 'return', unit, contenders: [model, ...baselines], skill, coverage: null }
}

it('has a line for each contender, with the skill beside each baseline', () => {
  const model = contender('the model', 0.0075, {
    ...{ rmse: 0.0101, mase: 0.68, smape: 143.2, pinball: 0.00252, coverage: 0.7955 },
  })
  const baselines = [
    contender('last value', 0.01, { rmse: 0.0102, mase: 1, smape: 150 }),
    contender('mean', 0.0071, { rmse: 0.00999, mase: 0.66, smape: 187 }),
  ]
  expect(errorTable(evaluationOf(model, baselines, '%')).split('\n')).toEqual([
    '  return (%)      MAE     RMSE   MASE  sMAPE %  pinball  coverage %    skill',
    '  the model   0.00750   0.0101  0.680      143  0.00252        79.5',
    '  last value   0.0100   0.0102   1.00      150        -           -  +25.0 %',
    '  mean        0.00710  0.00999  0.660      187        -           -  -5.63 %',
    '',
  ])
})

it('leaves out what no contender has', () => {
  const table = errorTable(evaluationOf(contender('the model', 1), [contender('mean', 0)]))
  expect(table.split('\n').map((line) => line.trimEnd())).toEqual([
    '  return      MAE  RMSE  skill',
    '  the model  1.00  1.00',
    '  mean          0     0      -',
    '',
  ])
})

const POWERS = Array.from({ length: 25 }, (_, i) => i - 12)

it.each(POWERS)('agrees with the verdict, at 10^%d', (power) => {
  for (const relative of [0, 1e-12, 1e-7, 2e-5, 1e-3, 0.5]) {
    for (const sign of [-1, 1]) {
      const size = 1.2345 * 10 ** power
      const baselines = [
        contender('mean', size * (1 + sign * relative)),
        contender('drift', size * 9),
      ]
      const evaluation = evaluationOf(contender('the model', size), baselines)
      const [own, other] = errorTable(evaluation)
        .split('\n')
        .slice(1)
        .map((line) => line.replace('the model', 'model').trim().split(/\s+/))
      const [sentence] = verdictOf([evaluation], ['']) as [string]
      const better = Number(own![1]) < Number(other![1])
      expect(sentence.startsWith('The model beats every baseline')).toBe(better)
      // The skill says the same, and no printed error is 0.
      const skill = other!.slice(3).join(' ')
      expect(skill.startsWith('+')).toBe(better)
      expect(skill === '~ 0 %').toBe(own![1] === other![1])
      expect(Number(own![1])).toBeGreaterThan(0)
      expect(better).toBe(sign > 0 && relative > 1e-5)
    }
  }
})
