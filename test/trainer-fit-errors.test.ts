import {
  Dataset,
  type FitOptions,
  type GruErrorCode,
  type TrainingBatch,
  type TrainingData,
} from '../lib'
import { expectGruError, expectGruRejection } from './support/errors'
import { detached } from './support/memory'
import { batch, bits, collect, data, make, sequences } from './support/trainer'

describe('fit', () => {
  test.each<[unknown, unknown, GruErrorCode, string | RegExp]>([
    [data, undefined, 'ERR_GRU_TYPE', 'options: expected a plain object, got undefined'],
    [data, {}, 'ERR_GRU_TYPE', /^epochs: expected an integer from 1 .*got undefined$/],
    [data, { epochs: 0 }, 'ERR_GRU_VALUE', /^epochs: /],
    [
      data,
      { epochs: 1, batchsize: 3 },
      'ERR_GRU_VALUE',
      /^options: .*\(did you mean batchSize\?\)$/,
    ],
    [data, { epochs: 1, batchSize: 0 }, 'ERR_GRU_VALUE', /^batchSize: /],
    [data, { epochs: 1, shuffle: 'yes' }, 'ERR_GRU_TYPE', /^shuffle: /],
    [data, { epochs: 1, seed: -1 }, 'ERR_GRU_VALUE', /^seed: /],
    [data, { epochs: 1, signal: {} }, 'ERR_GRU_TYPE', /^signal: /],
    [
      data,
      { epochs: 1, validation: 5 },
      'ERR_GRU_TYPE',
      'validation: expected a Dataset, an iterable of batches, or an object of such data by name, got 5',
    ],
    [
      undefined,
      { epochs: 1 },
      'ERR_GRU_TYPE',
      'data: expected a Dataset or an iterable of batches, got undefined',
    ],
    [
      'text',
      { epochs: 1 },
      'ERR_GRU_TYPE',
      'data: expected a Dataset or an iterable of batches, got "text"',
    ],
    [
      new Float32Array(2),
      { epochs: 1 },
      'ERR_GRU_TYPE',
      'data: expected a Dataset or an iterable of batches, got a Float32Array of 2',
    ],
    [
      detached(Float32Array, 2),
      { epochs: 1 },
      'ERR_GRU_TYPE',
      /^data: expected a Dataset or an iterable of batches, got a Float32Array over a detached ArrayBuffer$/,
    ],
    [
      data,
      { epochs: 1, validation: detached(Float32Array, 2) },
      'ERR_GRU_TYPE',
      /^validation: expected a Dataset, an iterable of batches, .* got a Float32Array /,
    ],
    [
      [batch],
      { epochs: 1, batchSize: 3 },
      'ERR_GRU_VALUE',
      'batchSize: expected none, since data are ready batches, got 3',
    ],
    [[batch], { epochs: 1, shuffle: true }, 'ERR_GRU_VALUE', /^shuffle: expected none/],
  ])('refuses what is wrong at once: %#', (badData, fitOptions, code, message) => {
    const { trainer } = make()
    const call = (): unknown => trainer.fit(badData as TrainingData, fitOptions as FitOptions)
    expectGruError(call, code, message)
  })

  test('refuses a Dataset with a wrong sequence before the first update', async () => {
    const { model, trainer } = make()
    const before = bits(model)
    const wrong = { input: new Float32Array(3), target: new Float32Array(1) }
    await expectGruRejection(
      collect(trainer.fit(new Dataset([...sequences, wrong]), { epochs: 1, batchSize: 1 })),
      'ERR_GRU_SHAPE',
      /^data\.sequences\[11\]\.input: expected steps\*features = a multiple of 2, got 3 values$/,
    )
    expect(bits(model)).toEqual(before)
  })

  test('refuses a wrong batch when it comes, and an iterable that runs out', async () => {
    const { trainer } = make()
    const bad = [batch, { ...batch, target: new Float32Array(1) }]
    await expectGruRejection(
      collect(trainer.fit(bad, { epochs: 1 })),
      'ERR_GRU_SHAPE',
      /^data: batch 2 of epoch 1: target: /,
    )
    const untyped = [{ ...batch, input: [1, 2] }] as never
    const fit = trainer.fit([batch], { epochs: 1, validation: { late: untyped } })
    const place = /^validation\.late: batch 1 of epoch 1: input: expected a Float32Array, /
    await expectGruRejection(collect(fit), 'ERR_GRU_TYPE', place)
    const once = [batch].values()
    const message = /^data: expected at least one batch in every epoch .*got none in epoch 2$/
    await expectGruRejection(collect(trainer.fit(once, { epochs: 2 })), 'ERR_GRU_VALUE', message)
    const validation: TrainingBatch[] = []
    const empty = collect(trainer.fit([batch], { epochs: 1, validation }))
    await expectGruRejection(empty, 'ERR_GRU_VALUE', /^validation: expected at least one batch/)
  })

  describe('tells of a step that was made, and then', () => {
    const reason = new Error('broken')
    /** What fit reported before its expected failure. The model must have exactly these steps. */
    async function told(
      source: TrainingData,
      validation: TrainingData | undefined,
      expected: RegExp | Error,
      signal?: AbortSignal,
    ): Promise<[number, boolean, number | undefined][]> {
      const { model, trainer } = make()
      const seen: [number, boolean, number | undefined][] = []
      const run = async (): Promise<void> => {
        const fit = trainer.fit(source, { epochs: 2, validation, signal })
        for await (const { batch: at, epochEnd, validationLoss } of fit) {
          seen.push([at, epochEnd, validationLoss])
        }
      }
      if (expected instanceof Error) await expect(run()).rejects.toBe(expected)
      else await expect(run()).rejects.toThrow(expected)
      const stepped = make()
      for (let step = 0; step < seen.length; step++) stepped.trainer.stepSync(batch)
      expect(bits(model)).toEqual(bits(stepped.model))
      return seen
    }
    function* breaking(): Generator<TrainingBatch> {
      yield batch
      yield batch
      throw reason
    }

    test('of its source that failed', async () => {
      const expected = [
        [1, false, undefined],
        [2, false, undefined],
      ]
      expect(await told(breaking(), undefined, reason)).toEqual(expected)
      const wrong = [batch, batch, { ...batch, target: new Float32Array(1) }]
      expect(await told(wrong, undefined, /^data: batch 3 of epoch 1: target: /)).toEqual(expected)
      const nan = [batch, batch, { ...batch, target: Float32Array.of(0, NaN, 0) }]
      expect(await told(nan, undefined, /^data: batch 3 of epoch 1: target: /)).toEqual(expected)
      const failing = [batch, batch, { ...batch, target: new Float32Array(3).fill(3.4e38) }]
      expect(await told(failing, undefined, /^step 3: norm of the gradients: /)).toEqual(expected)
    })

    test('of its validation that failed', async () => {
      const expected = [[1, true, undefined]]
      expect(await told([batch], breaking(), reason)).toEqual(expected)
      expect(await told([batch], [], /^validation: expected at least one batch/)).toEqual(expected)
      const controller = new AbortController()
      function* aborting(): Generator<TrainingBatch> {
        controller.abort(reason)
        yield batch
      }
      expect(await told([batch], aborting(), reason, controller.signal)).toEqual(expected)
    })
  })
})
