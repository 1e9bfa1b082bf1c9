import * as fs from 'node:fs'
import { gzipSync } from 'node:zlib'
import { SequenceModel } from '../lib'
import type { Tensor } from '../lib/formats/safetensors-dtypes'
import { expectGruRejection } from './support/errors'
import { MAX_ELEMENTS, MAX_SIDE } from './support/limits'
import { type Change, options, saveChanged, saveOne } from './support/saved-model'
import { temporaryFolder } from './support/temporary-folder'

const inFolder = temporaryFolder()

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
      /expected the tensors that its options ask for, got none named "head\.bias"$/,
    ],
    [
      'a renamed tensor',
      (tensors) => {
        tensors.delete('head.bias')
        tensors.set('head.biases', bias)
      },
      / got none named "head\.bias"; others named "head\.biases"$/,
    ],
    [
      'all tensors but one missing',
      (tensors) => {
        for (const name of tensors.keys()) if (name !== 'head.bias') tensors.delete(name)
      },
      / got none named "embedding\.weight", "gru\.weight_ih_l0", .*, "gru\.bias_ih_l1" and 2 more$/,
    ],
    [
      'several faults at once',
      (tensors) => {
        tensors.delete('gru.bias_hh_l1')
        tensors.delete('head.weight')
        tensors.set('head.bias', { ...bias, shape: [5, 1] })
        tensors.set('embedding.weight', { dtype: 'U8', shape: [3], data: new Uint8Array(3) })
        tensors.set('a', bias)
        tensors.set('b', { dtype: 'I64', shape: [], data: new BigInt64Array(1) })
      },
      / got none named "gru\.bias_hh_l1", "head\.weight"; others named "b", "a"; "embedding\.weight" of dtype "U8", not among F16, BF16, F32, F64 and shape \[3\], not \[5, 3\], "head\.bias" of shape \[5, 1\], not \[5\]$/,
    ],
    [
      'an empty tensor more',
      (tensors) => tensors.set('extra', { dtype: 'F32', shape: [0], data: new Float32Array(0) }),
      / got others named "extra"$/,
    ],
    [
      'an empty tensor named as a member of every object',
      (tensors) =>
        tensors.set('constructor', { dtype: 'F32', shape: [0], data: new Float32Array(0) }),
      / got others named "constructor"$/,
    ],
    [
      'another shape',
      (tensors) => tensors.set('head.bias', { ...bias, shape: [5, 1] }),
      / got "head\.bias" of shape \[5, 1\], not \[5\]$/,
    ],
    [
      'another dtype',
      (tensors) => tensors.set('head.bias', { dtype: 'I32', shape: [5], data: new Int32Array(5) }),
      / got "head\.bias" of dtype "I32", not among F16, BF16, F32, F64$/,
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
      changeOptions((model) => (model['gru'] = { hiddenSize: MAX_SIDE / 2 })),
      RegExp(
        ` others named "gru\\..*"; "gru\\.weight_ih_l0" of shape \\[12, 3\\], not \\[${1.5 * MAX_SIDE}, 3\\], `,
      ),
    ],
    [
      'a model larger than memory',
      changeOptions((model) => (model['gru'] = { hiddenSize: 16 * MAX_SIDE })),
      RegExp(
        `metadata "gru-native": options: expected sizes with at most ${MAX_ELEMENTS} parameters, got sizes with more, in gru\\.weight_hh_l0$`,
      ),
    ],
    [
      'a model of more layers than its tensors',
      changeOptions((model) => (model['gru'] = { hiddenSize: 4, numLayers: 1024 })),
      / got none named "gru\.weight_ih_l2", .* and 4080 more$/,
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

  test('F64 beyond float32 is refused with its place', async () => {
    const file = inFolder('beyond.safetensors')
    const change: Change = (tensors) =>
      tensors.set('head.bias', {
        dtype: 'F64',
        shape: [5],
        data: Float64Array.of(0, Infinity, NaN, 3.5e38, 1e39),
      })
    await saveChanged(file, change)
    const message = `${file}, tensor "head.bias", value 3: expected a number that float32 can hold, got 3.5e+38`
    await expectGruRejection(SequenceModel.load(file), 'ERR_GRU_FORMAT', message)
  })
})

test('load says what a file of another kind is', async () => {
  const file = inFolder('other.safetensors')
  fs.writeFileSync(file, gzipSync('{}'))
  const message = `${file}: expected a safetensors file, the one kind that this version reads, got a gzip archive`
  await expectGruRejection(SequenceModel.load(file), 'ERR_GRU_FORMAT', message)
})
