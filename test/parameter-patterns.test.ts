import { matchParameters } from '../lib/parameter-patterns'
import { outcome } from './support/errors'
import { randomSource } from './support/numbers'
import { seed } from './support/random'

test('patterns match as their regular expressions do', () => {
  const random = randomSource(seed)
  const text = (letters: string, most: number): string =>
    Array.from(
      { length: Math.floor(random() * (most + 1)) },
      () => letters[Math.floor(random() * letters.length)]!,
    ).join('')
  let matched = 0
  for (let round = 0; round < 3000; round++) {
    const pattern = text('ab.*', 6)
    const names = [...new Set(Array.from({ length: 8 }, () => text('ab.', 5)))]
    const expression = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`)
    const expected = names.filter((name) => expression.test(name))
    const got = outcome(() => matchParameters('frozen', [pattern], names))
    const isRefused = typeof got === 'string' && got.startsWith('ERR_GRU_VALUE: frozen[0]: ')
    const wanted = expected.length === 0 ? 'refused' : expected
    expect([pattern, isRefused ? 'refused' : got]).toEqual([pattern, wanted])
    if (expected.length > 0) matched++
  }
  expect(matched).toBeGreaterThan(100)
})

test('names come once and in their own order, whatever the order of patterns', () => {
  const names = ['a.x', 'a.y', 'b.x']
  expect(matchParameters('frozen', ['*.x', 'a.*', 'b.x'], names)).toEqual(names)
  expect(matchParameters('frozen', ['b.*', 'a.x'], names)).toEqual(['a.x', 'b.x'])
  expect(matchParameters('frozen', [], names)).toEqual([])
})
