import { readFileSync, writeFileSync } from 'node:fs'
import type { Tensor } from '../../lib/formats/safetensors-dtypes'
import { readSafetensors } from '../../lib/formats/safetensors-reader'
import { type Safetensors, writeSafetensors } from '../../lib/formats/safetensors-writer'

/** The whole content of a file, with unchanged tensors. */
export function readWhole(path: string): Promise<Safetensors> {
  return readSafetensors(path, async (file) => {
    const tensors = new Map<string, Tensor>()
    for (const name of file.tensors.keys()) tensors.set(name, await file.read(name))
    return { metadata: file.metadata, tensors }
  })
}

/** The bytes of a file with this content, which is written to `path`. */
export async function bytesOfFile(path: string, content: Safetensors): Promise<Buffer> {
  await writeSafetensors(path, content)
  return readFileSync(path)
}

/** A tensor of a file that the test writes itself. */
export interface RawTensor {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly bytes: Uint8Array
}

/** Writes a file with tensors of any type, independently of the library's writer. */
export function writeRaw(
  path: string,
  tensors: Readonly<Record<string, RawTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): void {
  let end = 0
  const infos = Object.entries(tensors).map(([name, { dtype, shape, bytes }]) => {
    const begin = end
    end += bytes.length
    return [name, { dtype, shape, data_offsets: [begin, end] }] as const
  })
  const header = JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(infos) })
  const data = Object.values(tensors).map(({ bytes }) => bytes)
  writeFileSync(path, Buffer.concat([fileOf(header, new Uint8Array()), ...data]))
}

/** The bytes of a file from its parts. The header's length may be wrong. */
export function fileOf(
  header: string | Uint8Array,
  data: Uint8Array,
  headerLength?: bigint,
): Buffer {
  const json = Buffer.from(header)
  const prefix = Buffer.alloc(8)
  prefix.writeBigUInt64LE(headerLength ?? BigInt(json.length))
  return Buffer.concat([prefix, json, data])
}
