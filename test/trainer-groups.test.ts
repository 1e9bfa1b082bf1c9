import {
  type GruErrorCode,
  type OptimizerOptions,
  type ParameterGroup,
  SequenceModel,
  Trainer,
  type TrainerOptions,
} from '../lib'
import { expectGruError, expectGruRejection } from './support/errors'
import { bitsOf } from './support/numbers'
import { batch, make, options } from './support/trainer'

const optimizers: OptimizerOptions[] = [
  { kind: 'sgd', learningRate: 0.1, momentum: 0.9, weightDecay: 0.01 },
  { kind: 'adam', learningRate: 0.02, weightDecay: 0.1 },
  { kind: 'adamw', learningRate: 0.02, weightDecay: 0.1 },
  { kind: 'rmsprop', learningRate: 0.01, weightDecay: 0.1, momentum: 0.5 },
]
const names = Object.keys(make().model.getParameters())

/** The bits of each parameter after one step, whose gradients are those of the initial parameters. */
function trained(trainerOptions: TrainerOptions, learningRate?: number): Record<string, string> {
  const { model, trainer } = make(options, trainerOptions)
  trainer.stepSync(batch, { learningRate })
  return Object.fromEntries(
    Object.entries(model.getParameters()).map(([name, values]) => [name, bitsOf(values)]),
  )
}

describe.each(optimizers)('with %j', (optimizer) => {
  test.each([
    ['head.weight', ['head.weight']],
    ['gru.*', names.filter((name) => name.startsWith('gru.'))],
    ['*bias*', names.filter((name) => name.includes('bias'))],
    ['*', names],
    [
      ['gru.weight_?h_l0'.replace('?', 'i'), '*.bias'],
      ['gru.weight_ih_l0', 'head.bias'],
    ],
  ])(
    'a group %j follows its own rate and decay, and the others the optimiser',
    (given, matched) => {
      const own = { learningRate: 0.005, weightDecay: 0.3 }
      const groups: ParameterGroup[] = [{ parameters: given, ...own }]
      const rest = trained({ optimizer })
      const group = trained({ optimizer: { ...optimizer, ...own } })
      const expected = names.map((name) => [name, (matched.includes(name) ? group : rest)[name]])
      expect(trained({ optimizer, groups })).toEqual(Object.fromEntries(expected))
    },
  )

  test('a frozen parameter keeps its value, and the others change as ever', () => {
    const start = trained({ optimizer: { kind: 'sgd', learningRate: 0 } })
    const all = trained({ optimizer })
    const frozen = ['head.*', 'gru.weight_hh_l0']
    const still = ['head.weight', 'head.bias', 'gru.weight_hh_l0']
    const expected = names.map((name) => [name, (still.includes(name) ? start : all)[name]])
    // Also where it is in a group.
    const groups = [{ parameters: 'head.weight', learningRate: 1 }]
    expect(trained({ optimizer, frozen })).toEqual(Object.fromEntries(expected))
    expect(trained({ optimizer, frozen, groups })).toEqual(Object.fromEntries(expected))
  })

  test("a step's rate scales the rates of groups by their proportion to the optimiser's", () => {
    const base = optimizer.learningRate!
    const grouped = (rate: number): TrainerOptions => ({
      optimizer: { ...optimizer, learningRate: base },
      groups: [{ parameters: 'gru.*', learningRate: rate }],
    })
    const scaled = trained(grouped(base / 4), base / 2)
    const expected = trained({
      optimizer: { ...optimizer, learningRate: base / 2 },
      groups: [{ parameters: 'gru.*', learningRate: base / 8 }],
    })
    expect(scaled).toEqual(expected)
  })
})

test('frozen parameters have no part in norm and clipping', () => {
  const sgd = { kind: 'sgd', learningRate: 1 } as const
  const free = make(options, { optimizer: sgd, frozen: '*' })
  expect(free.trainer.stepSync(batch).gradNorm).toBe(0)
  const one = make(options, { optimizer: sgd, frozen: names.slice(1), clipNorm: 1e-3 })
  const other = make(options, { optimizer: sgd, frozen: names[0]! })
  const all = make(options, { optimizer: sgd })
  const before = one.model.getParameters()[names[0]!]!
  const { gradNorm } = one.trainer.stepSync(batch)
  expect(Math.hypot(gradNorm, other.trainer.stepSync(batch).gradNorm)).toBeCloseTo(
    all.trainer.stepSync(batch).gradNorm,
    6,
  )
  const moved = one.model.getParameters()[names[0]!]!.map((value, i) => value - before[i]!)
  expect(Math.hypot(...moved)).toBeCloseTo(1e-3, 6)
})

test('a gradient of a frozen parameter that is not finite spoils nothing', () => {
  const { model, trainer } = make(options, { optimizer: { kind: 'sgd' } })
  // The sum of the errors is beyond float32; what goes on to the layer below is small.
  model.setParameters({ 'head.weight': new Float32Array(6).fill(1e-30) })
  const huge = { ...batch, target: Float32Array.of(3e38, 3e38, 3e38) }
  expectGruError(() => trainer.stepSync(huge), 'ERR_GRU_NONFINITE', /gradient of "head\.bias"/)
  const frozen = new Trainer(model, { optimizer: { kind: 'sgd' }, frozen: 'head.*' })
  const { gradNorm } = frozen.stepSync(huge)
  expect(gradNorm > 1 && gradNorm < 1e12).toBe(true)
  frozen.dispose()
})

test('are told with every default filled in', () => {
  const { trainer } = make(options, {
    optimizer: { kind: 'adam' },
    groups: [{ parameters: ['head.*'], weightDecay: 0.5 }],
    frozen: 'gru.bias*',
  })
  expect(trainer.options.groups).toEqual([
    { parameters: ['head.weight', 'head.bias'], learningRate: undefined, weightDecay: 0.5 },
  ])
  expect(trainer.options.frozen).toEqual(['gru.bias_ih_l0', 'gru.bias_hh_l0'])
  expect(make().trainer.options).toMatchObject({ groups: [], frozen: [] })
})

describe('options', () => {
  test.each<[object, GruErrorCode, string | RegExp]>([
    [{ groups: {} }, 'ERR_GRU_TYPE', 'groups: expected an Array of groups, got an object'],
    [{ groups: [5] }, 'ERR_GRU_TYPE', 'groups[0]: expected a plain object, got 5'],
    [{ groups: [{}] }, 'ERR_GRU_TYPE', /^groups\[0\]\.parameters: expected the name .*undefined$/],
    [
      { groups: [{ parameters: ['head.*', 'memory.*'] }] },
      'ERR_GRU_VALUE',
      `groups[0].parameters[1]: expected one of the parameters ${names.join(', ')}, or a pattern of them with *, got "memory.*"`,
    ],
    [{ frozen: 'HEAD.weight' }, 'ERR_GRU_VALUE', /^frozen: expected one of .*got "HEAD\.weight"$/],
    [{ frozen: 'head' }, 'ERR_GRU_VALUE', /^frozen: /],
    [{ frozen: 'head.w.ight' }, 'ERR_GRU_VALUE', /^frozen: /],
    [{ frozen: [['head.*']] }, 'ERR_GRU_TYPE', /^frozen\[0\]: .*got an Array of 1$/],
    [{ frozen: '' }, 'ERR_GRU_VALUE', /^frozen: .*got ""$/],
    [
      {
        groups: ['head.*', 'gru.*', '*bias*'].map((parameters) => ({ parameters, weightDecay: 0 })),
      },
      'ERR_GRU_VALUE',
      'groups[2].parameters: expected none of the parameters of groups[0], got head.bias',
    ],
    [
      { groups: [{ parameters: '*', learningRate: -1 }] },
      'ERR_GRU_VALUE',
      /^groups\[0\]\.learningRate: .*got -1$/,
    ],
    [
      { groups: [{ parameters: '*', weightDecay: NaN }] },
      'ERR_GRU_VALUE',
      /^groups\[0\]\.weightDecay: .*got NaN$/,
    ],
    ...[{}, { learningRate: undefined }].map((own): [object, GruErrorCode, string] => [
      { groups: [{ parameters: '*', ...own }] },
      'ERR_GRU_VALUE',
      'groups[0]: expected a learningRate or a weightDecay, without which a group does nothing, got neither',
    ]),
    [
      { groups: [{ parameters: '*', momentum: 1 }] },
      'ERR_GRU_VALUE',
      /^groups\[0\]: .*"momentum"$/,
    ],
  ])('that are wrong are refused: %j', (bad, code, message) => {
    const { model } = make()
    const call = (): unknown => new Trainer(model, { optimizer: { kind: 'sgd' }, ...bad })
    expectGruError(call, code, message)
  })

  test('patterns with very many stars are matched at once', () => {
    const { model } = make()
    const frozen = `${'*'.repeat(60)}${'*h*'.repeat(20)}!`
    const call = (): unknown => new Trainer(model, { optimizer: { kind: 'sgd' }, frozen })
    expectGruError(call, 'ERR_GRU_VALUE', /^frozen: /)
  })

  test('a rate has no proportion to 0', async () => {
    const { trainer } = make(options, {
      optimizer: { kind: 'sgd', learningRate: 0 },
      groups: [{ parameters: 'head.*', learningRate: 0.1 }],
    })
    const message =
      /^learningRate: expected none, since optimizer\.learningRate is 0 .* of the group of head\.weight, got 0\.5/
    expectGruError(() => trainer.stepSync(batch, { learningRate: 0.5 }), 'ERR_GRU_VALUE', message)
    await expectGruRejection(trainer.step(batch, { learningRate: 0.5 }), 'ERR_GRU_VALUE', message)
    trainer.stepSync(batch)
  })

  test('a rate of a group beyond float32 is refused', () => {
    const { trainer } = make(options, {
      optimizer: { kind: 'sgd', learningRate: 1e-30 },
      groups: [{ parameters: 'head.*', learningRate: 1e30 }],
    })
    const call = (): unknown => trainer.stepSync(batch, { learningRate: 1 })
    expectGruError(call, 'ERR_GRU_VALUE', /^learningRate: .* within float32, got 1$/)
  })
})

test('a model without the parameters of a pattern is told its own', () => {
  const model = new SequenceModel({
    input: { features: 1 },
    gru: { hiddenSize: 1, bias: false },
    output: { size: 1, loss: 'meanSquaredError' },
  })
  const call = (): unknown =>
    new Trainer(model, { optimizer: { kind: 'sgd' }, frozen: 'gru.bias_ih_l0' })
  expectGruError(call, 'ERR_GRU_VALUE', /gru\.weight_ih_l0, gru\.weight_hh_l0, head\.weight/)
  model.dispose()
})
