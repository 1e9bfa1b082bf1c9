import * as fs from 'node:fs'
import {
  Model,
  type ModelOptions,
  Seq2Seq,
  SequenceModel,
  type TrainableModel,
  Trainer,
  type TrainerOptions,
} from '../lib'
import { writeSafetensors } from '../lib/formats/safetensors-writer'
import { expectGruRejection } from './support/errors'
import { batch as modelBatch, twoSided } from './support/models'
import { bitsOf } from './support/numbers'
import { readWhole } from './support/safetensors'
import type { Change } from './support/saved-model'
import { temporaryFolder } from './support/temporary-folder'
import { adam, batch, bits, collect, data, make, options } from './support/trainer'

const inFolder = temporaryFolder()

/** With dropout, whose masks follow from the number of passes so far. */
const dropping = { ...options, gru: { hiddenSize: 6, numLayers: 2, dropout: 0.3 } }
const withoutLoss = { ...batch, target: Float32Array.of(0, NaN, 0) }

const modelBits = (model: TrainableModel): string[] =>
  Object.values(model.getParameters()).map(bitsOf)
/** None of a trainer without an average. */
const averageBits = (trainer: Trainer): string[] =>
  trainer.options.average === undefined ? [] : Object.values(trainer.getAverage()).map(bitsOf)

async function load(file: string): Promise<Trainer> {
  const trainer = await Trainer.load(file)
  expect(trainer.model).toBeInstanceOf(SequenceModel)
  return trainer as unknown as Trainer
}

describe('a trainer that is saved and loaded goes on to the same bits', () => {
  const common: Omit<TrainerOptions, 'optimizer'> = {
    clipNorm: 0.5,
    clipValue: 0.1,
    groups: [
      { parameters: 'head.*', learningRate: 0.05 },
      { parameters: ['gru.*l0'], weightDecay: 0.1 },
    ],
    frozen: 'gru.bias_hh_l1',
    average: { decay: 0.7 },
    nonFinite: 'skip',
  }
  test.each<[string, TrainerOptions]>([
    ['sgd', { optimizer: { kind: 'sgd', learningRate: 0.1 } }],
    ['sgd with momentum', { ...common, optimizer: { kind: 'sgd', momentum: 0.9 } }],
    ['adam', { ...common, optimizer: { kind: 'adam', learningRate: 1 / 3 } }],
    ['adamw', { ...common, optimizer: { kind: 'adamw', beta1: 0.8 } }],
    ['rmsprop', { ...common, optimizer: { kind: 'rmsprop', momentum: 0.5, decay: 0.9 } }],
  ])('with %s', async (name, trainerOptions) => {
    const file = inFolder(`${name}.safetensors`)
    const { model, trainer } = make(dropping, { nonFinite: 'skip', ...trainerOptions })
    for (const given of [batch, withoutLoss, batch]) await trainer.step(given)
    await trainer.save(file)
    using loaded = await load(file)
    using other = loaded.model
    expect(loaded.options).toEqual(trainer.options)
    expect(loaded.skippedSteps).toBe(1)
    expect(other.options).toEqual(model.options)
    for (const given of [batch, withoutLoss, batch]) {
      expect(loaded.stepSync(given)).toEqual(trainer.stepSync(given))
    }
    expect(bits(other)).toEqual(bits(model))
    expect(averageBits(loaded)).toEqual(averageBits(trainer))
    await trainer.save(file)
    const again = inFolder(`${name}-again.safetensors`)
    await loaded.save(again)
    expect(fs.readFileSync(again)).toEqual(fs.readFileSync(file))
  })

  test('of a Model, whose layers are called like the tensors of a trainer and like patterns', async () => {
    const file = inFolder('model.safetensors')
    const { last, memory, kindVector, reader, level, season } = twoSided.layers
    const named: ModelOptions = {
      ...twoSided,
      layers: {
        last: { ...last, input: 'gru-native' } as typeof last & object,
        'gru-native': memory!,
        kindVector: kindVector!,
        '*': { ...reader } as typeof reader & object,
        level: { ...level, input: '*' } as typeof level & object,
        season: season!,
      },
    }
    using model = new Model(named)
    using trainer = new Trainer(model, { ...adam, frozen: ['*.bias_ih_l0', '*.weight_ih_l0'] })
    expect(trainer.options.frozen).toEqual(['*.weight_ih_l0', '*.bias_ih_l0'])
    trainer.stepSync(modelBatch)
    await trainer.save(file)
    using loaded = (await Trainer.load(file)) as unknown as Trainer<Model>
    using other = loaded.model
    expect(other).toBeInstanceOf(Model)
    expect(loaded.options).toEqual(trainer.options)
    expect(loaded.stepSync(modelBatch)).toEqual(trainer.stepSync(modelBatch))
    expect(modelBits(other)).toEqual(modelBits(model))
    using alone = await Model.load(file)
    await trainer.save(file)
    expect(modelBits(alone)).not.toEqual(modelBits(model))
    await alone.save(file)
    expect((await readWhole(file)).tensors.size).toBe(modelBits(model).length)
  })

  test('of a Seq2Seq', async () => {
    const file = inFolder('seq2seq.safetensors')
    using model = new Seq2Seq({
      source: { features: 2 },
      target: { tokens: 5, embeddingSize: 3, begin: 0, end: 1 },
      encoder: { hiddenSize: 4 },
      decoder: { hiddenSize: 4 },
      seed: 3,
    })
    using trainer = new Trainer(model, adam)
    const { inputs, targets } = model.trainingSequence(batch.input, Int32Array.of(2, 4, 3))
    const given = { inputs, targets }
    trainer.stepSync(given)
    await trainer.save(file)
    using loaded = (await Trainer.load(file)) as unknown as Trainer<Seq2Seq>
    using other = loaded.model
    expect(other).toBeInstanceOf(Seq2Seq)
    expect(loaded.stepSync(given)).toEqual(trainer.stepSync(given))
    expect(modelBits(other)).toEqual(modelBits(model))
    expect(other.options).toEqual(model.options)
    using alone = await Seq2Seq.load(file)
    expect(modelBits(alone)).not.toEqual(modelBits(model))
  })

  test('with the states that steps carry, in each place of a list of batches', async () => {
    const file = inFolder('carried.safetensors')
    const { model, trainer } = make(dropping, { optimizer: { kind: 'sgd', learningRate: 0.1 } })
    const [one, two] = [2, 1].map((size) => ({
      input: batch.input.subarray(0, 4 * size * 2),
      target: batch.target.subarray(0, size),
      batch: size,
    }))
    const carry = { carryState: true }
    trainer.stepSync([one!, two!], carry)
    trainer.stepSync([one!, two!], carry)
    await trainer.save(file)
    using loaded = await load(file)
    using other = loaded.model
    expect(loaded.stepSync([one!, two!], carry)).toEqual(trainer.stepSync([one!, two!], carry))
    expect(bits(other)).toEqual(bits(model))
    // States of zero would make another step.
    using again = await load(file)
    using last = again.model
    again.resetState()
    again.stepSync([one!, two!], carry)
    expect(bits(last)).not.toEqual(bits(model))
    trainer.resetState()
    await trainer.save(file)
    expect(JSON.parse((await readWhole(file)).metadata['gru-native-trainer']!)).toMatchObject({
      carried: [],
    })
  })

  test('with every bit of a NaN', async () => {
    const file = inFolder('nan.safetensors')
    const { model, trainer } = make()
    const bias = new Float32Array(new Uint32Array([0x7fc12345]).buffer)
    model.setParameters({ 'head.bias': bias })
    await trainer.save(file)
    using loaded = await load(file)
    using other = loaded.model
    expect(bits(other)).toEqual(bits(model))
  })
})

test('the file of a trainer is one of its model too, with metadata of the model or of the caller', async () => {
  const file = inFolder('metadata.safetensors')
  const { model, trainer } = make()
  trainer.stepSync(batch)
  await trainer.save(file, { metadata: { note: 'of the trainer', __proto__0: '' } })
  using alone = await SequenceModel.load(file)
  expect(bits(alone)).toEqual(bits(model))
  expect(alone.metadata).toEqual({ note: 'of the trainer', __proto__0: '' })
  using loaded = await load(file)
  using other = loaded.model
  await loaded.save(file)
  expect((await SequenceModel.load(file)).metadata).toEqual(other.metadata)
  expect(other.metadata).toEqual(alone.metadata)
  await expectGruRejection(Model.load(file), 'ERR_GRU_FORMAT', /which SequenceModel\.load loads$/)
  const wrong = trainer.save(file, { metadata: { 'gru-native-trainer': '' } })
  await expectGruRejection(wrong, 'ERR_GRU_VALUE', /^metadata: /)
})

describe('a trainer is saved', () => {
  test('at its turn, while steps go on, and always to the same bytes', async () => {
    const [{ trainer }, expected] = [make(dropping), make(dropping)]
    const before = [trainer.step(batch), trainer.step(batch)]
    const saved = [1, 2].map((n) => trainer.save(inFolder(`turn${n}.safetensors`)))
    const after = [trainer.step(batch), trainer.step(batch)]
    await Promise.all([...before, ...saved, ...after])
    for (let step = 0; step < 2; step++) expected.trainer.stepSync(batch)
    await expected.trainer.save(inFolder('expected.safetensors'))
    const [first, second, third] = ['turn1', 'turn2', 'expected'].map((name) =>
      fs.readFileSync(inFolder(`${name}.safetensors`)),
    )
    expect(first).toEqual(third)
    expect(second).toEqual(third)
  })

  test('without blocking the event loop', async () => {
    using model = new SequenceModel({ ...options, gru: { hiddenSize: 600 } })
    using trainer = new Trainer(model, adam)
    const large = inFolder('large.safetensors')
    const saved = trainer.save(large).then(() => 'saved')
    const turn = (): Promise<string> =>
      new Promise((resolve) => {
        setImmediate(resolve, 'turn')
      })
    let turns = 0
    while ((await Promise.race([saved, turn()])) !== 'saved') turns++
    expect(fs.statSync(large).size).toBeGreaterThan(12e6)
    // A write that blocks would leave a few turns, for the files that are opened and closed.
    expect(turns).toBeGreaterThan(20)
  })

  test('between two updates of fit, also while the next one is awaited', async () => {
    const file = inFolder('fit.safetensors')
    const { model, trainer } = make(dropping)
    const fitOptions = { epochs: 2, batchSize: 4 }
    const fit = trainer.fit(data, fitOptions)
    await fit.next()
    const next = fit.next()
    const saved = trainer.save(file)
    expect((await next).value).toMatchObject({ update: 2 })
    const rest = collect(fit)
    await saved
    const told = await rest
    using loaded = await load(file)
    using other = loaded.model
    const [third] = await collect(loaded.fit(data, { ...fitOptions, resume: true }))
    expect(third).toMatchObject({ update: 3, loss: told[0]!.loss })
    expect(bits(other)).toEqual(bits(model))
  })

  test('and not in place of a folder, or after dispose', async () => {
    const { trainer } = make()
    fs.mkdirSync(inFolder('folder'))
    await expectGruRejection(trainer.save(inFolder('folder')), 'ERR_GRU_FORMAT', /folder: /)
    await expectGruRejection(trainer.save(''), 'ERR_GRU_VALUE', /^path: /)
    trainer.dispose()
    const saved = trainer.save(inFolder('disposed.safetensors'))
    await expectGruRejection(saved, 'ERR_GRU_DISPOSED', /./)
    expect(fs.existsSync(inFolder('disposed.safetensors'))).toBe(false)
  })
})

describe('fit with resume', () => {
  test('goes on where a loop was left, and begins where there is nothing to go on from', async () => {
    const [unbroken, broken] = [make(dropping), make(dropping)]
    const fitOptions = { epochs: 2, batchSize: 4, resume: true }
    await collect(unbroken.trainer.fit(data, fitOptions))
    for await (const { update } of broken.trainer.fit(data, fitOptions)) if (update === 2) break
    const rest = await collect(broken.trainer.fit(data, fitOptions))
    expect(rest.map(({ update }) => update)).toEqual([3, 4, 5, 6])
    expect(bits(broken.model)).toEqual(bits(unbroken.model))
    expect(await collect(broken.trainer.fit(data, fitOptions))).toEqual([])
    const longer = await collect(broken.trainer.fit(data, { ...fitOptions, epochs: 3 }))
    expect(longer.map(({ epoch }) => epoch)).toEqual([3, 3, 3])
  })

  test.each<[string, (trainer: Trainer) => unknown]>([
    ['step', (trainer) => trainer.step(batch)],
    ['stepSync', (trainer) => trainer.stepSync(batch)],
    [
      'update',
      async (trainer) => {
        const pass = await trainer.forward({ input: batch.input, batch: 3 })
        await pass.backward(Float32Array.of(1, 1, 1))
        await trainer.update()
      },
    ],
  ])('begins anew after %s, since when fit is not where the trainer is', async (_, update) => {
    const { trainer } = make()
    const fitOptions = { epochs: 2, batchSize: 4, resume: true }
    for await (const { update } of trainer.fit(data, fitOptions)) if (update === 2) break
    await update(trainer)
    const all = await collect(trainer.fit(data, { ...fitOptions, epochs: 1 }))
    expect(all.map(({ update }) => update)).toEqual([1, 2, 3])
  })

  test('does not go on amid a validation that failed', async () => {
    const { trainer } = make()
    const reason = new Error('no data')
    async function* failing(): AsyncGenerator<typeof batch> {
      yield batch
      await Promise.reject(reason)
    }
    const fitOptions = { epochs: 2, batchSize: 4, resume: true }
    const validation = { [Symbol.asyncIterator]: failing }
    await expect(collect(trainer.fit(data, { ...fitOptions, validation }))).rejects.toBe(reason)
    const all = await collect(trainer.fit(data, fitOptions))
    expect(all.map(({ update }) => update)).toEqual([1, 2, 3, 4, 5, 6])
  })

  test('goes on after an update that was aborted', async () => {
    const { trainer } = make()
    const controller = new AbortController()
    const fitOptions = { epochs: 2, batchSize: 4, resume: true }
    const fit = trainer.fit(data, { ...fitOptions, signal: controller.signal })
    for (let update = 1; update <= 3; update++) await fit.next()
    controller.abort()
    await expect(fit.next()).rejects.toBe(controller.signal.reason)
    const all = await collect(trainer.fit(data, fitOptions))
    expect(all.map(({ update, epoch, batch: at }) => [update, epoch, at])).toEqual([
      [4, 2, 1],
      [5, 2, 2],
      [6, 2, 3],
    ])
  })
})

describe('random orders go on', () => {
  test('in a trainer that was loaded', async () => {
    const file = inFolder('orders.safetensors')
    const { model, trainer } = make()
    await collect(trainer.fit(data, { epochs: 2, batchSize: 4 }))
    await trainer.save(file)
    using loaded = await load(file)
    using other = loaded.model
    for (const one of [trainer, loaded]) await collect(one.fit(data, { epochs: 1, batchSize: 4 }))
    expect(bits(other)).toEqual(bits(model))
  })
})

describe('load refuses', () => {
  /** Saves a trainer amid a fit, with everything that its file may hold, and changes the file. */
  async function saveChanged(file: string, change: Change): Promise<void> {
    const { trainer } = make(options, { ...adam, average: { decay: 0.5 } })
    const schedule = { kind: 'plateau' } as const
    const fitOptions = { epochs: 3, batchSize: 4, patience: 1, schedule }
    for await (const { update } of trainer.fit(data, fitOptions)) if (update === 4) break
    await trainer.save(file)
    const { tensors, metadata } = await readWhole(file)
    const [newTensors, newMetadata] = [new Map(tensors), { ...metadata }]
    change(newTensors, newMetadata)
    await writeSafetensors(file, { tensors: newTensors, metadata: newMetadata })
  }

  type Json = Record<string, unknown>
  const changed =
    (change: (trainer: Json) => unknown): Change =>
    (_, metadata) => {
      const trainer = JSON.parse(metadata['gru-native-trainer']!) as Json
      change(trainer)
      metadata['gru-native-trainer'] = JSON.stringify(trainer)
    }
  const fitChanged = (part: Json): Change =>
    changed((trainer) => (trainer['fit'] = { ...(trainer['fit'] as Json), ...part }))
  const moment = 'gru-native.firstMoment.head.bias'
  const values = (count: number) => ({
    dtype: 'F32' as const,
    shape: [count],
    data: new Float32Array(count),
  })

  test('nothing of a file that was not changed', async () => {
    const file = inFolder('unchanged.safetensors')
    await saveChanged(file, () => undefined)
    using loaded = await load(file)
    loaded.model.dispose()
    const { metadata } = await readWhole(file)
    expect(JSON.parse(metadata['gru-native-trainer']!)).toMatchObject({
      ...{ version: 1, updates: 4, passes: 4, skippedSteps: 0, epochs: 2 },
      arrays: ['firstMoment', 'secondMoment', 'average', 'bestParameters'],
      carried: [0],
      fit: { updates: 4, epoch: 2, batches: 1, schedule: { kind: 'plateau' } },
    })
  })

  const trainerJson = /metadata "gru-native-trainer"/
  test.each<[string, Change, RegExp]>([
    ['a missing tensor', (tensors) => tensors.delete(moment), /got none named "gru-native\.first/],
    ['another tensor', (tensors) => tensors.set(`${moment}es`, values(1)), /others named "gru-nat/],
    ['a tensor of another shape', (tensors) => tensors.set(moment, values(2)), /of shape \[2\], /],
    [
      'no trainer',
      (_, metadata) => delete metadata['gru-native-trainer'],
      /a trainer, got nothing/,
    ],
    ['no JSON', (_, metadata) => (metadata['gru-native-trainer'] = '{'), trainerJson],
    ['null', (_, metadata) => (metadata['gru-native-trainer'] = 'null'), trainerJson],
    [
      'no model',
      (_, metadata) => delete metadata['gru-native'],
      /the options of a model, got noth/,
    ],
    [
      'another version',
      changed((trainer) => (trainer['version'] = 2)),
      /version: expected .* got 2/,
    ],
    ['an unknown key', changed((trainer) => (trainer['more'] = 2)), /the key "more"/],
    ['wrong options', changed((trainer) => (trainer['options'] = {})), /optimizer: expected /],
    [
      'no options',
      changed((trainer) => delete trainer['options']),
      /options: expected a plain obj/,
    ],
    ['a negative count', changed((trainer) => (trainer['updates'] = -1)), /updates: .* got -1/],
    ['no passes', changed((trainer) => delete trainer['passes']), /passes: .* got undefined/],
    ['a wrong count', changed((trainer) => (trainer['skippedSteps'] = '1')), /skippedSteps: /],
    ['half an epoch', changed((trainer) => (trainer['epochs'] = 0.5)), /epochs: .* got 0\.5/],
    [
      'unknown arrays',
      changed((trainer) => (trainer['arrays'] = ['x'])),
      /arrays among .* \["x"\]$/,
    ],
    ['an array twice', changed(({ arrays }) => (arrays as string[]).push('average')), /each once/],
    [
      'a carried state of none',
      changed((trainer) => (trainer['carried'] = [2])),
      /none named "gru-native\.carried\.0\.gru\.state"$/,
    ],
    [
      'no list of carried states',
      changed((trainer) => (trainer['carried'] = [-1])),
      /carried, .*\[-1\]$/,
    ],
    ['no arrays', changed((trainer) => delete trainer['arrays']), /arrays among .* got none$/],
    [
      'arrays that are not those of the options',
      changed((trainer) => (trainer['options'] = { optimizer: { kind: 'sgd' } })),
      /expected the arrays of a trainer of the same options/,
    ],
    ['a fit that is none', changed((trainer) => (trainer['fit'] = null)), /fit: expected a plain/],
    ['a wrong epoch of fit', fitChanged({ epoch: 0 }), /state\.epoch: /],
    ['a wrong schedule', fitChanged({ schedule: { kind: 'none' } }), /state\.schedule\.kind: /],
    ['an unknown key of fit', fitChanged({ more: 1 }), /the key "more"/],
  ])('%s', async (name, change, message) => {
    const file = inFolder(`${name.replaceAll(' ', '-')}.safetensors`)
    await saveChanged(file, change)
    const error = await expectGruRejection(Trainer.load(file), 'ERR_GRU_FORMAT', message)
    expect(error.message.startsWith(file)).toBe(true)
  })

  test('a file that is cut short, anywhere', async () => {
    const file = inFolder('cut.safetensors')
    await saveChanged(file, () => undefined)
    const bytes = fs.readFileSync(file)
    for (let length = 0; length < bytes.length; length += 211) {
      fs.writeFileSync(file, bytes.subarray(0, length))
      await expectGruRejection(Trainer.load(file), 'ERR_GRU_FORMAT', /cut\.safetensors/)
    }
  })

  test('the file of a model alone, a path of nothing, and wrong arguments', async () => {
    const file = inFolder('alone.safetensors')
    await make().model.save(file)
    await expectGruRejection(
      Trainer.load(file),
      'ERR_GRU_FORMAT',
      /expected a trainer, got nothing/,
    )
    await expectGruRejection(Trainer.load(inFolder('none')), 'ERR_GRU_FORMAT', /none: /)
    await expectGruRejection(Trainer.load(7 as never), 'ERR_GRU_TYPE', /^path: /)
    const wrong = Trainer.load(file, { seed: 1 } as never)
    await expectGruRejection(wrong, 'ERR_GRU_VALUE', /the key "seed"/)
    await make().trainer.save(file)
    await expectGruRejection(Trainer.load(file, { device: 'cuda' }), 'ERR_GRU_DEVICE', /cuda/)
  })
})
