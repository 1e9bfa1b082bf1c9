import { parseArguments, UsageError } from '../../bench/arguments'
import { CASES } from '../../bench/cases'

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

test('means everything where it says nothing', () => {
  const given = parseArguments([])
  expect(given.cases).toEqual(CASES)
  expect(given).toMatchObject({ measureCall: true, measureMemory: true, threads: undefined })
  expect(parseArguments(['--peer', 'none']).peers).toEqual([])
})

test('measures on a GPU what is about the GPU', () => {
  expect(parseArguments([])).toMatchObject({ device: 'cpu' })
  const given = parseArguments(['--device', 'cuda:1'])
  expect(given).toMatchObject({ device: 'cuda:1', measureCall: false, measureMemory: false })
  expect(given.cases).toEqual(CASES)
})

test.each([
  [['--case', 'b0'], /--case: expected one of b1-t1-i64-h64, .*, got b0/],
  [['--threads', '1,x'], /--threads: expected numbers from 1 on/],
  [['--device', 'tpu'], /--device: expected cpu, cuda or cuda:N, got tpu/],
  [['--fast'], /Unknown option '--fast'/],
])('refuses %j', (args, message) => {
  expect(() => parseArguments(args)).toThrow(UsageError)
  expect(() => parseArguments(args)).toThrow(message)
})
