import { startFit } from '../../lib/fit/loop'
import { fakeTrainer, marked } from '../support/fit'
import { batch, bits, collect, make, options } from '../support/trainer'

describe('an update that is skipped', () => {
  test('counts as none: neither for the schedule nor in the mean', async () => {
    // The second call is skipped, so that the second update is made by the third.
    let calls = 0
    const fake = fakeTrainer({ step: (update) => (++calls === 2 ? NaN : update) })
    const schedule = { kind: 'exponential', gamma: 0.5 } as const
    const all = await collect(startFit(fake.jobs, [1, 2, 3].map(marked), { epochs: 1, schedule }))
    expect(
      all.map(({ batch: at, update, skipped, meanLoss, learningRate }) => [
        ...[at, update, skipped, meanLoss, learningRate],
      ]),
    ).toEqual([
      [1, 1, false, 1, 0.1],
      [2, 1, true, 1, 0.05],
      [3, 2, false, 1.5, 0.05],
    ])
  })

  test('leaves the model as it was, and the training goes on', async () => {
    const { model, trainer } = make(options, {
      optimizer: { kind: 'adam', learningRate: 0.02 },
      nonFinite: 'skip',
    })
    const bad = { ...batch, target: new Float32Array(3).fill(3.4e38) }
    const all = await collect(trainer.fit([batch, bad, batch], { epochs: 1 }))
    expect(all.map(({ skipped }) => skipped)).toEqual([false, true, false])
    const expected = make()
    for (let step = 0; step < 2; step++) expected.trainer.stepSync(batch)
    expect(bits(model)).toEqual(bits(expected.model))
  })
})
