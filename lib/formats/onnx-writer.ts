/**
 * Writing ONNX files.
 *
 * @module
 */
import { argumentError } from '../errors'
import { replaceFile } from '../replace-file'
import { checkPath } from '../validate'
import { MAX_BYTES } from './onnx-file'
import { MODEL, type ModelProto } from './onnx-messages'
import { Pieces } from './protobuf-messages'

/**
 * The bytes of a model's file, in parts. Large tensors are the model's own memory.
 *
 * @throws GruError ERR_GRU_VALUE if a text cannot be written, or the file would be larger than the format allows
 */
export function onnxPieces(model: ModelProto): readonly Uint8Array[] {
  const pieces = new Pieces()
  MODEL.write(model, pieces)
  if (pieces.length > MAX_BYTES) {
    const expected = `a model of at most ${MAX_BYTES} bytes`
    throw argumentError('ERR_GRU_VALUE', 'model', expected, `${pieces.length}`)
  }
  return pieces.merged()
}

/**
 * Writes a file. An old file of that name is replaced only when the new one is completely on the disk. The same model gives
 * the same bytes.
 *
 * @param path - the path of the file; symbolic links are followed, as {@link replaceFile} says
 * @param model - its arrays must not change before the promise settles
 * @throws GruError ERR_GRU_VALUE if a text cannot be written, or the file would be larger than the format allows;
 *   ERR_GRU_FORMAT if the file cannot be written
 */
export async function writeOnnx(path: string, model: ModelProto): Promise<void> {
  checkPath('path', path)
  await replaceFile(path, onnxPieces(model))
}
