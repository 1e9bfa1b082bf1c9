import { parseArguments, UsageError } from '../../bench/arguments'
import { CASES, RECOMPUTE_CASES } from '../../bench/cases'

test('chooses cases, modes, peers and threads', () => {
  const given = parseArguments([
    '--case',
    'b1-t1-i64-h64',
    '--mode',
    'forward',
    '--peer',
    'jax',
    '--threads',
    '1,3',
  ])
  expect(given.cases.map(({ name }) => name)).toEqual(['b1-t1-i64-h64'])
  expect(given).toMatchObject({ modes: ['forward'], peers: ['jax'], threads: [1, 3] })
  expect(given).toMatchObject({ measureCall: false, measureMemory: false })
})

test('means every case of a GRU where it says nothing', () => {
  const given = parseArguments([])
  expect(given.cases).toEqual(CASES.filter(({ cell }) => cell === 'gru'))
  expect(given).toMatchObject({ measureCall: true, measureMemory: true, threads: undefined })
  expect(parseArguments(['--peer', 'none']).peers).toEqual([])
})

test('chooses cells', () => {
  const lstm = parseArguments(['--cell', 'lstm'])
  expect(lstm.cases).toEqual(CASES.filter(({ cell }) => cell === 'lstm'))
  expect(lstm).toMatchObject({ measureCall: false, measureMemory: false })
  const both = parseArguments(['--cell', 'lstm', '--cell', 'gru'])
  expect(both.cases).toEqual(CASES)
  expect(both).toMatchObject({ measureCall: true, measureMemory: true })
})

test('finds a named case of any cell', () => {
  const names = ['lstm-b1-t1-i64-h64', 'b1-t1-i64-h64']
  const given = parseArguments(names.flatMap((name) => ['--case', name]))
  expect(new Set(given.cases.map(({ name }) => name))).toEqual(new Set(names))
})

test('measures on a GPU what is about the GPU', () => {
  expect(parseArguments([])).toMatchObject({ device: 'cpu' })
  const given = parseArguments(['--device', 'cuda:1'])
  expect(given).toMatchObject({ device: 'cuda:1', measureCall: false, measureMemory: false })
  expect(given.cases).toEqual(parseArguments([]).cases)
})

test('measures a training step with recomputed activations where its mode is chosen', () => {
  const ofGru = RECOMPUTE_CASES.filter(({ cell }) => cell === 'gru')
  expect(parseArguments([]).recomputeCases).toEqual(ofGru)
  expect(parseArguments(['--cell', 'lstm']).recomputeCases).toEqual(
    RECOMPUTE_CASES.filter(({ cell }) => cell === 'lstm'),
  )
  const { name } = ofGru[0]!
  const one = parseArguments(['--case', name])
  expect(one).toMatchObject({ cases: [], recomputeCases: [{ name }] })
  for (const args of [
    ['--mode', 'forward'],
    ['--device', 'cuda'],
    ['--case', 'b1-t1-i64-h64'],
  ]) {
    expect(parseArguments(args).recomputeCases).toEqual([])
  }
})

test("compares builds without DeepBench's cases, unless they are named", () => {
  expect(parseArguments([]).before).toBeUndefined()
  const given = parseArguments(['--before', '../old'])
  expect(given.before).toBe('../old')
  const isOurs = ({ cell, name }: (typeof CASES)[number]): boolean =>
    cell === 'gru' && !name.startsWith('deepbench')
  expect(given.cases).toEqual(CASES.filter(isOurs))
  const named = parseArguments(['--before', '../old', '--case', 'deepbench-b1-t50-h512'])
  expect(named.cases.map(({ name }) => name)).toEqual(['deepbench-b1-t50-h512'])
})

test('takes the number of rounds', () => {
  expect(parseArguments(['--rounds', '30']).rounds).toBe(30)
  expect(parseArguments([]).rounds).toBeUndefined()
})

test('takes the tables of the bench of forecasting, and how often each is trained on', () => {
  const all = parseArguments(['--forecasting'])
  expect(all).toMatchObject({ forecasting: true, seeds: 3 })
  expect(all.sets).toContain('AirPassengers')
  expect(all.sets).toContain('taylor')
  const some = ['--forecasting', '--set', 'nottem', '--seeds', '1', '--peer', 'none']
  expect(parseArguments(some)).toMatchObject({ sets: ['nottem'], seeds: 1, peers: [] })
})

test.each([
  [['--case', 'b0'], /--case: expected one of b1-t1-i64-h64, .*, got b0/],
  [['--cell', 'rnn'], /--cell: expected one of gru, lstm, got rnn/],
  [['--cell', 'lstm', '--case', 'b1-t1-i64-h64'], /--case: expected one of lstm-.*, got b1-t1/],
  [['--threads', '1,x'], /--threads: expected numbers from 1 on/],
  [['--device', 'tpu'], /--device: expected cpu, cuda or cuda:N, got tpu/],
  [['--set', 'airline'], /--set: expected one of .*AirPassengers.*, got airline/],
  [['--seeds', '0'], /--seeds: expected a number from 1 on, got 0/],
  [['--rounds', '0'], /--rounds: expected a number from 1 on, got 0/],
  [['--fast'], /Unknown option '--fast'/],
])('refuses %j', (args, message) => {
  expect(() => parseArguments(args)).toThrow(UsageError)
  expect(() => parseArguments(args)).toThrow(message)
})
