/**
 * Reading ONNX files.
 *
 * @module
 */
import { argumentError } from '../errors'
import type { ByteSource } from './byte-source'
import { contentKind, HEAD_BYTES } from './content-kind'
import { type GraphProto, MODEL, type ModelProto } from './onnx-messages'
import { isOnnx } from './onnx-signature'
import { type FileSource, withBytes } from './open-bytes'
import { ProtobufReader } from './protobuf'

/** The largest message of protocol buffers. Larger models have their tensors in files beside them. */
export const MAX_BYTES = 2 ** 31 - 1

/** A model's file that has been read. The bytes of its tensors are in one piece of memory. */
export interface OnnxFile {
  /** What messages call it. */
  readonly name: string
  /** Undefined for bytes in memory, which have no folder with other files. */
  readonly path: string | undefined
  readonly model: ModelProto
  readonly graph: GraphProto
}

/**
 * Reads a whole file, without the tensors that are in other files.
 *
 * @param source - the path of the file, or its bytes
 * @param signal - stops it between two reads
 * @throws GruError ERR_GRU_FORMAT if the file cannot be read (with the system's error as cause), is of another kind, is
 *   truncated, or is not what the format says; the message names the file and the place in it. The signal's reason if it
 *   was aborted
 */
export function readOnnx(source: FileSource, signal?: AbortSignal): Promise<OnnxFile> {
  const path = typeof source === 'string' ? source : undefined
  return withBytes(
    source,
    async (bytes) => {
      const model = parseModel(await readAll(bytes), bytes.name)
      return { name: bytes.name, path, model, graph: graphOf(model, bytes.name) }
    },
    signal,
  )
}

async function readAll(source: ByteSource): Promise<Uint8Array> {
  const { name, size } = source
  const head = new Uint8Array(Math.min(HEAD_BYTES, size))
  await source.read(head, 0)
  const other = isOnnx(head) ? undefined : contentKind(head)
  if (other !== undefined) throw notWholeError(name, other)
  if (size > MAX_BYTES) {
    throw argumentError('ERR_GRU_FORMAT', name, `at most ${MAX_BYTES} bytes`, `a file of ${size}`)
  }
  const bytes = new Uint8Array(size)
  await source.read(bytes, 0)
  return bytes
}

/** The model in the bytes of a whole file. */
function parseModel(bytes: Uint8Array, name: string): ModelProto {
  return MODEL.read(ProtobufReader.of(bytes, name))
}

/** Every field of a message is optional: no bytes at all are a message too. */
function graphOf({ irVersion, graph }: ModelProto, name: string): GraphProto {
  if (graph === undefined) throw notWholeError(name, 'a message without a graph')
  if (irVersion < 1) throw notWholeError(name, "a message without the format's version")
  return graph
}

function notWholeError(name: string, got: string): Error {
  return argumentError('ERR_GRU_FORMAT', name, 'a whole ONNX model', got)
}
