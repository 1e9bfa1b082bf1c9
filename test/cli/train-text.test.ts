import { describeEvent } from '../../lib/cli/train-text'

it('shows twenty notes of a training, and counts the others', () => {
  const part = { first: '2021', last: '2022', windows: 20 }
  const text = describeEvent(
    {
      event: 'trained',
      model: { description: 'GRU', parameterCount: 7 },
      parts: { training: part, validation: part, test: part },
      ...{ bestEpoch: 1, validationLoss: 0.5, steady: false },
      notes: Array.from({ length: 23 }, (_, i) => `missing values of "c${i}"`),
    },
    {},
  )
  expect(text.match(/^ {2}note /gm)).toHaveLength(21)
  expect(text).toContain('  note        missing values of "c19"\n  note        and 3 more\n')
})
