import * as fc from 'fast-check'
import * as fs from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import {
  GruError,
  Model,
  Seq2Seq,
  SequenceModel,
  type SequenceModelOptions,
  type TrainableModel,
  Trainer,
} from '../lib'
import { expectGruRejection } from './support/errors'
import { shared } from './support/memory'
import { twoSided } from './support/models'
import { bitsOf } from './support/numbers'
import { seed } from './support/random'
import { writeRaw } from './support/safetensors'
import { options } from './support/saved-model'
import { temporaryFolder } from './support/temporary-folder'
import { adam, batch, make } from './support/trainer'

const inFolder = temporaryFolder()
const text = Int32Array.of(0, 1, 2, 3, 4, 0)

const bits = (model: TrainableModel): string[] => Object.values(model.getParameters()).map(bitsOf)

const seq2seq = {
  source: { tokens: 4, embeddingSize: 3 },
  target: { tokens: 5, embeddingSize: 3, begin: 0, end: 1 },
  encoder: { hiddenSize: 4 },
  decoder: { hiddenSize: 4 },
}

/** Three megabytes of parameters. */
const large: SequenceModelOptions = {
  input: { features: 100 },
  gru: { hiddenSize: 450 },
  output: { size: 1, loss: 'meanSquaredError' },
}

describe('the bytes of a model', () => {
  test('are those of the file that save writes', async () => {
    const metadata = { note: 'ü' }
    for (const model of [new SequenceModel(options), new Model(twoSided)]) {
      const file = inFolder('same.safetensors')
      await model.save(file, { metadata })
      expect(Buffer.from(await model.toBytes({ metadata }))).toEqual(fs.readFileSync(file))
      model.dispose()
    }
  })

  test('have the parameters of their turn', async () => {
    using model = new SequenceModel(options)
    const before = bits(model)
    const [bytes] = await Promise.all([
      model.toBytes(),
      model.writeParameters({ 'head.bias': new Float32Array(5).fill(7) }),
    ])
    using loaded = await SequenceModel.load(bytes)
    expect(bits(loaded)).toEqual(before)
  })

  test.each<[string, () => TrainableModel, (bytes: Uint8Array) => Promise<TrainableModel>]>([
    ['SequenceModel', () => new SequenceModel(options), (bytes) => SequenceModel.load(bytes)],
    ['Model', () => new Model(twoSided), (bytes) => Model.load(bytes)],
    ['Seq2Seq', () => new Seq2Seq(seq2seq), (bytes) => Seq2Seq.load(bytes)],
  ])('make a %s again, to the bit', async (_, create, load) => {
    using model = create()
    using loaded = await load(await model.toBytes({ metadata: { a: 'b' } }))
    expect(loaded.options).toEqual(model.options)
    expect(loaded.metadata).toEqual({ a: 'b' })
    expect(bits(loaded)).toEqual(bits(model))
  })

  test('of a trainer make it again', async () => {
    const { trainer } = make()
    await trainer.step(batch)
    await trainer.save(inFolder('trainer.safetensors'))
    const loaded = await Trainer.load(fs.readFileSync(inFolder('trainer.safetensors')))
    expect(await loaded.step(batch)).toEqual(await trainer.step(batch))
    loaded.dispose()
    loaded.model.dispose()
  })

  test('may lie at any address, in any memory', async () => {
    using model = new SequenceModel(large)
    const bytes = await model.toBytes()
    for (let offset = 0; offset < 4; offset++) {
      const moved = new Uint8Array(bytes.length + 7).subarray(offset, offset + bytes.length)
      moved.set(bytes)
      using loaded = await SequenceModel.load(moved)
      expect(bits(loaded)).toEqual(bits(model))
    }
    const sharedBytes = shared(Uint8Array, bytes.length)
    sharedBytes.set(bytes)
    using loaded = await SequenceModel.load(sharedBytes)
    expect(bits(loaded)).toEqual(bits(model))
  })

  test('of other widths become float32', async () => {
    using model = new SequenceModel(options)
    const file = inFolder('halves.safetensors')
    const raw = Object.entries(model.getParameters()).map(([name, values]) => {
      const halves = Uint16Array.from(values, (_, i) => 0x3e00 | (i % 128))
      return [
        name,
        { dtype: 'BF16', shape: [values.length], bytes: new Uint8Array(halves.buffer) },
      ] as const
    })
    await model.save(file)
    const header = fs.readFileSync(file)
    const json = header.toString('utf8', 8, 8 + Number(header.readBigUInt64LE()))
    const { __metadata__: metadata, ...infos } = JSON.parse(json) as Record<
      string,
      { shape: number[] }
    >
    const shaped = raw.map(([name, tensor]) => [name, { ...tensor, shape: infos[name]!.shape }])
    writeRaw(file, Object.fromEntries(shaped) as never, metadata as never)
    const bytes = fs.readFileSync(file)
    using fromFile = await SequenceModel.load(file)
    for (const offset of [0, 1]) {
      const moved = new Uint8Array(bytes.length + 1).subarray(offset, offset + bytes.length)
      moved.set(bytes)
      using loaded = await SequenceModel.load(moved)
      expect(bits(loaded)).toEqual(bits(fromFile))
    }
    expect(fromFile.getParameters()['head.bias']![1]).toBe(2 ** -3 * (1 + 1 / 128))
  })

  test('may change when the promise has settled', async () => {
    using model = new SequenceModel(options)
    const bytes = await model.toBytes()
    using loaded = await SequenceModel.load(bytes)
    bytes.fill(0xff)
    expect(bits(loaded)).toEqual(bits(model))
    expect(bitsOf(loaded.predictSync(text))).toBe(bitsOf(model.predictSync(text)))
  })

  test('that are not those of a file are refused as the file is', async () => {
    using model = new SequenceModel(options)
    const whole = await model.toBytes()
    const file = inFolder('damaged.safetensors')
    const refusal = (source: string | Uint8Array): Promise<string> =>
      SequenceModel.load(source).then(
        (loaded) => {
          loaded.dispose()
          return 'loaded'
        },
        (error: unknown) => {
          expect(error).toBeInstanceOf(GruError)
          return (error as GruError).message.replaceAll(file, 'bytes')
        },
      )
    const damage = fc.tuple(fc.nat(whole.length), fc.nat(1000), fc.nat(255))
    await fc.assert(
      fc.asyncProperty(damage, async ([length, place, byte]) => {
        const bytes = whole.slice(0, length)
        if (place < length) bytes[place] = byte
        fs.writeFileSync(file, bytes)
        expect(await refusal(bytes)).toBe(await refusal(file))
      }),
      { seed, numRuns: 60 },
    )
    expect(await refusal(whole.slice(0, -1))).toMatch(
      /^bytes, tensor "[^"]+": expected data_offsets/,
    )
    expect(await refusal(new Uint8Array(0))).toMatch(/^bytes: expected .*, got an empty file$/)
  })

  test('that go away meanwhile are refused', async () => {
    using model = new SequenceModel(large)
    const bytes = await model.toBytes()
    const loading = SequenceModel.load(bytes)
    await setImmediate()
    structuredClone(bytes, { transfer: [bytes.buffer] })
    const message = /^bytes: expected \d+ bytes, got a file cut at 0$/
    await expectGruRejection(loading, 'ERR_GRU_FORMAT', message)
  })

  test('of another kind are refused', async () => {
    const load = (given: unknown): Promise<SequenceModel> => SequenceModel.load(given as string)
    for (const given of [new ArrayBuffer(8), new Float32Array(2), undefined, []]) {
      const message = /^path: expected the path of a file, or a Uint8Array, got /
      await expectGruRejection(load(given), 'ERR_GRU_TYPE', message)
    }
  })
})

describe('a signal', () => {
  const loaders: readonly [
    string,
    (source: string | Uint8Array, signal: AbortSignal) => Promise<unknown>,
  ][] = [
    ['SequenceModel.load', (source, signal) => SequenceModel.load(source, { signal })],
    ['Trainer.load', (source, signal) => Trainer.load(source, { signal })],
  ]
  const saved = async () => {
    using model = new SequenceModel(large)
    using trainer = new Trainer(model, adam)
    await trainer.save(inFolder('large.safetensors'))
  }
  beforeAll(saved)

  test.each(loaders)('stops %s before it begins', async (_, load) => {
    const signal = AbortSignal.abort('no')
    await expect(load(inFolder('large.safetensors'), signal)).rejects.toBe('no')
  })

  test.each(loaders)('stops %s between two blocks, of a file and of bytes', async (_, load) => {
    const file = inFolder('large.safetensors')
    for (const source of [file, fs.readFileSync(file)]) {
      const controller = new AbortController()
      const loading = load(source, controller.signal)
      await setImmediate()
      controller.abort('stopped')
      await expect(loading).rejects.toBe('stopped')
    }
  })

  test('that is none is refused', async () => {
    const load = SequenceModel.load(inFolder('large.safetensors'), { signal: 3 as never })
    await expectGruRejection(load, 'ERR_GRU_TYPE', /^signal: /)
  })
})

describe('the event loop', () => {
  /** How often it turned until a promise settled. */
  async function turnsDuring(work: Promise<unknown>): Promise<number> {
    let turns = 0
    const turn = (): void => {
      turns++
      next = global.setImmediate(turn)
    }
    let next = global.setImmediate(turn)
    await work
    clearImmediate(next)
    return turns
  }
  /** Sixteen megabytes of parameters. */
  const MEGABYTES = 15
  const larger = { ...large, gru: { hiddenSize: 1100 } }

  test('turns for each megabyte that is loaded or saved', async () => {
    const file = inFolder('larger.safetensors')
    using model = new SequenceModel(larger)
    expect(await turnsDuring(model.save(file))).toBeGreaterThan(MEGABYTES)
    const bytes = fs.readFileSync(file)
    expect(bytes.length).toBeGreaterThan(MEGABYTES * 2 ** 20)
    const unaligned = Buffer.concat([Buffer.of(0), bytes]).subarray(1)
    for (const source of [file, bytes, unaligned]) {
      const loading = SequenceModel.load(source)
      expect(await turnsDuring(loading)).toBeGreaterThan(MEGABYTES)
      ;(await loading).dispose()
    }
  })
})
