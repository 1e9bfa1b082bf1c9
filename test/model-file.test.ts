import { fork } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { SequenceModel, type SequenceModelOptions, Trainer } from '../lib'
import { parseSafetensors, serializeSafetensors, type Tensor } from '../lib/formats/safetensors'
import { compileLibrary } from './support/compile-library'
import { expectGruRejection } from './support/errors'
import { bitsOf } from './support/numbers'
import { temporaryFolder } from './support/temporary-folder'

const inFolder = temporaryFolder()
const options: SequenceModelOptions = {
  input: { tokens: 5, embeddingSize: 3 },
  gru: { hiddenSize: 4, numLayers: 2, dropout: 0.5, resetAfter: false, updateGate: 'replace' },
  output: { size: 5, loss: 'crossEntropy', every: 'last' },
  seed: 2 ** 40 + 1,
}
const text = Int32Array.of(0, 1, 2, 3, 4, 0)

const bits = (model: SequenceModel): string[] => Object.values(model.getParameters()).map(bitsOf)

async function saveOne(file: string, metadata = {}): Promise<string[]> {
  using model = new SequenceModel(options)
  await model.save(file, { metadata })
  return bits(model)
}

describe('a saved model', () => {
  test('is loaded again as it was, to the bit', async () => {
    const file = inFolder('whole.safetensors')
    using model = new SequenceModel(options)
    using trainer = new Trainer(model, { optimizer: { kind: 'adam' } })
    trainer.stepSync({ input: text, target: Int32Array.of(1, 2), batch: 2 })
    await model.save(file, { metadata: { job: '{"a": 1}', Straße: 'ü' } })
    using loaded = await SequenceModel.load(file)
    expect(loaded.options).toEqual(model.options)
    expect(loaded.metadata).toEqual({ job: '{"a": 1}', Straße: 'ü' })
    expect(bits(loaded)).toEqual(bits(model))
    const call = { batch: 2 }
    expect(bitsOf(loaded.predictSync(text, call))).toBe(bitsOf(model.predictSync(text, call)))
    expect(fs.readdirSync(path.dirname(file)).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  test('keeps its metadata when it is saved again', async () => {
    await saveOne(inFolder('first.safetensors'), { a: 'b' })
    using loaded = await SequenceModel.load(inFolder('first.safetensors'))
    await loaded.save(inFolder('second.safetensors'))
    const [first, second] = ['first', 'second'].map((name) =>
      fs.readFileSync(inFolder(`${name}.safetensors`)),
    )
    expect(second).toEqual(first)
  })

  test('keeps metadata under any key', async () => {
    const text = '{"__proto__": "a", "constructor": "b", "": "c"}'
    const metadata = JSON.parse(text) as Record<string, string>
    await saveOne(inFolder('keys.safetensors'), metadata)
    using loaded = await SequenceModel.load(inFolder('keys.safetensors'))
    expect(Object.entries(loaded.metadata)).toEqual(Object.entries(metadata))
    await loaded.save(inFolder('keys-again.safetensors'))
    using again = await SequenceModel.load(inFolder('keys-again.safetensors'))
    expect(Object.entries(again.metadata)).toEqual(Object.entries(metadata))
  })

  test('has the tensors of getParameters, with their shapes', async () => {
    const file = inFolder('shapes.safetensors')
    await saveOne(file)
    const { tensors } = parseSafetensors(fs.readFileSync(file), file)
    using model = new SequenceModel(options)
    expect([...tensors.keys()].sort()).toEqual(Object.keys(model.getParameters()).sort())
    expect(tensors.get('embedding.weight')?.shape).toEqual([5, 3])
    expect(tensors.get('gru.weight_ih_l1')?.shape).toEqual([12, 4])
    expect(tensors.get('head.bias')?.shape).toEqual([5])
  })

  test('has the parameters of the time of the call', async () => {
    const file = inFolder('time.safetensors')
    using model = new SequenceModel(options)
    const before = bits(model)
    const saved = model.save(file)
    model.setParameters({ 'head.bias': new Float32Array(5).fill(7) })
    await saved
    using loaded = await SequenceModel.load(file)
    expect(bits(loaded)).toEqual(before)
  })
})

type Change = (tensors: Map<string, Tensor>, metadata: Record<string, string>) => void

/** Saves a model, and again with other content. */
async function saveChanged(file: string, change: Change): Promise<void> {
  await saveOne(file)
  const { tensors, metadata } = parseSafetensors(fs.readFileSync(file), file)
  const [newTensors, newMetadata] = [new Map(tensors), { ...metadata }]
  change(newTensors, newMetadata)
  fs.writeFileSync(file, serializeSafetensors({ tensors: newTensors, metadata: newMetadata }))
}

function changeOptions(change: (model: Record<string, unknown>) => void): Change {
  return (_, metadata) => {
    const model = JSON.parse(metadata['gru-native']!) as Record<string, unknown>
    change(model)
    metadata['gru-native'] = JSON.stringify(model)
  }
}

const bias: Tensor = { dtype: 'F32', shape: [5], data: new Float32Array(5) }

describe('load refuses', () => {
  test.each<[string, Change, RegExp]>([
    [
      'a missing tensor',
      (tensors) => tensors.delete('head.bias'),
      /expected tensors with \d+ values/,
    ],
    [
      'a renamed tensor',
      (tensors) => {
        tensors.delete('head.bias')
        tensors.set('head.biases', bias)
      },
      /tensor "head\.bias": expected F32 \[5\], got none/,
    ],
    [
      'an empty tensor more',
      (tensors) => tensors.set('extra', { dtype: 'F32', shape: [0], data: new Float32Array(0) }),
      /expected only the model's tensors, got "extra"/,
    ],
    [
      'an empty tensor named as a member of every object',
      (tensors) =>
        tensors.set('constructor', { dtype: 'F32', shape: [0], data: new Float32Array(0) }),
      /expected only the model's tensors, got "constructor"/,
    ],
    [
      'another shape',
      (tensors) => tensors.set('head.bias', { ...bias, shape: [5, 1] }),
      /tensor "head\.bias": expected F32 \[5\], got F32 \[5, 1\]/,
    ],
    [
      'another dtype',
      (tensors) => tensors.set('head.bias', { dtype: 'I32', shape: [5], data: new Int32Array(5) }),
      /tensor "head\.bias": expected F32 \[5\], got I32 \[5\]/,
    ],
    [
      'no options',
      (_, metadata) => delete metadata['gru-native'],
      /expected the options of a model, got nothing/,
    ],
    [
      'options that are no JSON',
      (_, metadata) => (metadata['gru-native'] = '{'),
      /metadata "gru-native": .*JSON/,
    ],
    [
      'options that are no object',
      (_, metadata) => (metadata['gru-native'] = '[]'),
      /model: expected a plain object/,
    ],
    [
      'another version',
      changeOptions((model) => (model['version'] = 2)),
      /version: expected the format's version 1, got 2/,
    ],
    ['unknown options', changeOptions((model) => (model['layers'] = 2)), /"layers"/],
    [
      'wrong options',
      changeOptions((model) => (model['gru'] = { hiddenSize: 'x' })),
      /gru\.hiddenSize: .*got "x"/,
    ],
    ['no seed', changeOptions((model) => (model['seed'] = null)), /seed: .*got null/],
    [
      'a model larger than its tensors',
      changeOptions((model) => (model['gru'] = { hiddenSize: 2 ** 28 })),
      /expected tensors with \d+ values, as its options say, got/,
    ],
  ])('%s', async (name, change, message) => {
    const file = inFolder(`${name.replaceAll(' ', '-')}.safetensors`)
    await saveChanged(file, change)
    const error = await expectGruRejection(SequenceModel.load(file), 'ERR_GRU_FORMAT', message)
    expect(error.message.startsWith(file)).toBe(true)
  })

  test('a file that is cut short, anywhere', async () => {
    const file = inFolder('cut.safetensors')
    await saveOne(file)
    const bytes = fs.readFileSync(file)
    for (let length = 0; length < bytes.length; length += 37) {
      fs.writeFileSync(file, bytes.subarray(0, length))
      await expectGruRejection(SequenceModel.load(file), 'ERR_GRU_FORMAT', /cut\.safetensors/)
    }
  })

  test('a file that is not there, with the cause', async () => {
    const file = inFolder('none.safetensors')
    const error = await expectGruRejection(
      SequenceModel.load(file),
      'ERR_GRU_FORMAT',
      /none\.safetensors/,
    )
    expect(error.cause).toMatchObject({ code: 'ENOENT' })
  })

  test.each([undefined, 7, ''])('the path %p', async (bad) => {
    const code = bad === '' ? 'ERR_GRU_VALUE' : 'ERR_GRU_TYPE'
    await expectGruRejection(SequenceModel.load(bad as string), code, /^path: /)
    using model = new SequenceModel(options)
    await expectGruRejection(model.save(bad as string), code, /^path: /)
  })

  test('a device that is not there', async () => {
    const file = inFolder('device.safetensors')
    await saveOne(file)
    await expectGruRejection(SequenceModel.load(file, { device: 'cuda' }), 'ERR_GRU_DEVICE', /cuda/)
  })
})

describe('metadata', () => {
  test.each<[unknown, string]>([
    [{ 'gru-native': 'x' }, 'metadata: expected keys other than gru-native, got "gru-native"'],
    [{ a: 1 }, 'metadata["a"]: expected a string, got 1'],
    ['text', 'metadata: expected a plain object, got "text"'],
  ])('%p is refused, and no file is made', async (metadata, message) => {
    const file = inFolder('metadata.safetensors')
    const code = message.includes('other than') ? 'ERR_GRU_VALUE' : 'ERR_GRU_TYPE'
    using model = new SequenceModel(options)
    const saved = model.save(file, { metadata: metadata as Record<string, string> })
    await expectGruRejection(saved, code, message)
    expect(fs.existsSync(file)).toBe(false)
  })
})

describe('a save that does not end well', () => {
  test('leaves the old file, and nothing else', async () => {
    const folder = inFolder('readonly')
    fs.mkdirSync(folder)
    fs.mkdirSync(path.join(folder, 'model.safetensors'))
    using model = new SequenceModel(options)
    const saved = model.save(path.join(folder, 'model.safetensors'))
    await expectGruRejection(saved, 'ERR_GRU_FORMAT', /model\.safetensors: expected a /)
    expect(fs.readdirSync(folder)).toEqual(['model.safetensors'])
  })

  test('because the process is killed, leaves a whole file', async () => {
    const file = inFolder('killed.safetensors')
    const library = compileLibrary(inFolder('library'))
    const script = inFolder('save-forever.js')
    fs.writeFileSync(script, SAVE_FOREVER)
    const root = path.join(__dirname, '..')
    for (let round = 0; round < 4; round++) {
      const child = fork(script, [library, file], {
        env: {
          ...process.env,
          NODE_PATH: path.join(root, 'node_modules'),
          GRU_NATIVE_ADDON:
            process.env['GRU_NATIVE_ADDON'] ?? path.join(root, 'build/Release/gru_native.node'),
        },
      })
      await once(child, 'message')
      await new Promise((resolve) => setTimeout(resolve, 30 * Math.random()))
      child.kill('SIGKILL')
      await once(child, 'exit')
      using model = await SequenceModel.load(file)
      const values = Object.values(model.getParameters()).flatMap((array) => [...array])
      // Each save has one number in all places: a mixture of two would show.
      expect(new Set(values).size).toBe(1)
    }
  })
})

const SAVE_FOREVER = `
const [library, file] = process.argv.slice(2)
const { SequenceModel } = require(library + '/index.js')
const model = new SequenceModel({
  input: { features: 64 },
  gru: { hiddenSize: 256 },
  output: { size: 1, loss: 'meanSquaredError' },
})
async function main() {
  for (let count = 1; ; count++) {
    const parameters = model.getParameters()
    for (const values of Object.values(parameters)) values.fill(count)
    model.setParameters(parameters)
    await model.save(file)
    if (count === 2) process.send('saving')
  }
}
void main()
`

test('a model that is busy cannot be saved', async () => {
  using model = new SequenceModel(options)
  const pending = model.predict(text)
  await expectGruRejection(model.save(inFolder('busy.safetensors')), 'ERR_GRU_BUSY', /./)
  await pending
  expect(fs.existsSync(inFolder('busy.safetensors'))).toBe(false)
})
