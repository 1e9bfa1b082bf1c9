import { fork } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { SequenceModel, Trainer } from '../lib'
import { compileLibrary } from './support/compile-library'
import { expectGruRejection } from './support/errors'
import { bitsOf } from './support/numbers'
import { type RawTensor, readWhole, writeRaw } from './support/safetensors'
import { bits, options, saveOne } from './support/saved-model'
import { temporaryFolder } from './support/temporary-folder'

const inFolder = temporaryFolder()
const text = Int32Array.of(0, 1, 2, 3, 4, 0)

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
    const { tensors } = await readWhole(file)
    using model = new SequenceModel(options)
    expect([...tensors.keys()].sort()).toEqual(Object.keys(model.getParameters()).sort())
    expect(tensors.get('embedding.weight')?.shape).toEqual([5, 3])
    expect(tensors.get('gru.weight_ih_l1')?.shape).toEqual([12, 4])
    expect(tensors.get('head.bias')?.shape).toEqual([5])
  })

  test('has the parameters of its turn', async () => {
    const file = inFolder('turn.safetensors')
    using model = new SequenceModel(options)
    const before = bits(model)
    await Promise.all([
      model.predict(text),
      model.save(file),
      model.writeParameters({ 'head.bias': new Float32Array(5).fill(7) }),
    ])
    using loaded = await SequenceModel.load(file)
    expect(bits(loaded)).toEqual(before)
    expect(bits(model)).not.toEqual(before)
  })
})

describe('a model whose file has numbers of other widths', () => {
  /** `count` numbers of a type, and the same numbers as float32. */
  const NUMBERS: Record<string, (count: number) => [ArrayBufferView, Float32Array]> = {
    F16: (count) => [
      Uint16Array.from({ length: count }, (_, i) => 0xb000 | i),
      Float32Array.from({ length: count }, (_, i) => -(2 ** -3) * (1 + i / 1024)),
    ],
    BF16: (count) => [
      Uint16Array.from({ length: count }, (_, i) => 0x3e00 | i),
      Float32Array.from({ length: count }, (_, i) => 2 ** -3 * (1 + i / 128)),
    ],
    F64: (count) => [
      Float64Array.from({ length: count }, (_, i) => (i + 1) / 3),
      Float32Array.from({ length: count }, (_, i) => Math.fround((i + 1) / 3)),
    ],
    F32: (count) => [new Float32Array(count).fill(0.1), new Float32Array(count).fill(0.1)],
  }

  /**
   * Saves a model, then saves it again with other types of tensors, given by `kindOf`. Returns the values that it then
   * has.
   */
  async function saveOfKinds(
    file: string,
    kindOf: (index: number) => string,
  ): Promise<Record<string, Float32Array>> {
    await saveOne(file, { note: 'kept' })
    const { tensors, metadata } = await readWhole(file)
    const raw: Record<string, RawTensor> = {}
    const values: Record<string, Float32Array> = {}
    for (const [index, [name, { shape, data }]] of [...tensors].entries()) {
      const dtype = kindOf(index)
      const [numbers, expected] = NUMBERS[dtype]!(data.length)
      raw[name] = { dtype, shape, bytes: new Uint8Array(numbers.buffer) }
      values[name] = expected
    }
    writeRaw(file, raw, metadata)
    return values
  }

  test.each<[string, string[]]>([
    ['F16', ['F16']],
    ['BF16', ['BF16']],
    ['F64', ['F64']],
    ['several', ['F16', 'F32', 'BF16', 'F64']],
  ])('%s is loaded as float32, and saved so', async (name, kinds) => {
    const file = inFolder(`${name}.safetensors`)
    const values = await saveOfKinds(file, (index) => kinds[index % kinds.length]!)
    using loaded = await SequenceModel.load(file)
    const parameters = loaded.getParameters()
    expect(Object.keys(parameters).sort()).toEqual(Object.keys(values).sort())
    for (const [tensor, array] of Object.entries(parameters)) {
      expect([tensor, [...array]]).toEqual([tensor, [...values[tensor]!]])
    }
    expect(loaded.metadata).toEqual({ note: 'kept' })
    await loaded.save(file)
    const saved = [...(await readWhole(file)).tensors.values()].map(({ dtype }) => dtype)
    expect(new Set(saved)).toEqual(new Set(['F32']))
  })
})

describe('metadata', () => {
  test.each<[unknown, string]>([
    [
      { 'gru-native': 'x' },
      'metadata: expected keys other than gru-native and gru-native-trainer, got "gru-native"',
    ],
    [
      { 'gru-native-trainer': 'x' },
      'metadata: expected keys other than gru-native and gru-native-trainer, got "gru-native-trainer"',
    ],
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
      // Each save writes the same number everywhere: a mixture of two saves would be visible.
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
