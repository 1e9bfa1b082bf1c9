import { Dataset, type Progress } from '../../lib'
import { startFit } from '../../lib/fit/loop'
import { fakeTrainer, marked } from '../support/fit'
import { collect } from '../support/trainer'

type Told = [elapsed: number, samplesPerSecond: number, secondsLeft: number | undefined]
const toldOf = ({ elapsed, samplesPerSecond, secondsLeft }: Progress): Told => [
  ...([elapsed, samplesPerSecond, secondsLeft] as Told),
]

// With the clock of the fake trainer an update takes a second, and a batch of validation a tenth of one.
describe('fit tells the time', () => {
  const sequence = { input: new Float32Array(2), target: new Float32Array(1) }
  const data = new Dataset(Array.from({ length: 5 }, () => sequence))

  test('of a Dataset, whose batches are known', async () => {
    const fake = fakeTrainer()
    fake.now = 12_345
    const fit = startFit(fake.jobs, data, { epochs: 2, batchSize: 2, validation: [marked(1)] })
    // Time begins when the first progress is asked for.
    fake.now += 5_000
    const all = await collect(fit)
    const expected: Told[] = [
      [1, 2 / 1, (5 * 1) / 1],
      [2, 4 / 2, (4 * 2) / 2],
      [3.1, 5 / 3.1, (3 * 3.1) / 3],
      [4.1, 7 / 4.1, (2 * 4.1) / 4],
      [5.1, 9 / 5.1, 5.1 / 5],
      [6.2, 10 / 6.2, 0],
    ]
    for (const [index, told] of all.map(toldOf).entries()) {
      for (const [i, value] of told.entries()) expect(value).toBeCloseTo(expected[index]![i]!, 9)
    }
    expect(all).toHaveLength(6)
  })

  test('of an iterable, whose batches are known after an epoch', async () => {
    const fake = fakeTrainer()
    const batches = [1, 2, 3].map(marked)
    const all = await collect(startFit(fake.jobs, batches, { epochs: 2, accumulate: 2 }))
    expect(all.map(toldOf)).toEqual([
      [1, 2, undefined],
      [2, 3 / 2, (3 * 2) / 3],
      [3, 5 / 3, (1 * 3) / 5],
      [4, 6 / 4, 0],
    ])
  })
})
