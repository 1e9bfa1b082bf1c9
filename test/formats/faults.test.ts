import { describeWarnings } from '../../lib/formats/faults'

test('no more warnings are shown than one can read', () => {
  const warning = { expected: 'a', got: 'b', more: 0, outcome: 'c' }
  const warnings = Array.from({ length: 25 }, (_, i) => ({ ...warning, line: 25 - i }))
  const lines = describeWarnings('t.csv', warnings)
  expect(lines).toHaveLength(21)
  expect(lines[0]).toBe('t.csv, line 1: expected a, got b; c')
  expect(lines[20]).toBe('and 5 more')
})
