/**
 * The bytes of TensorBoard's event files, as far as scalars need them.
 *
 * A file is a sequence of records (tensorflow/core/lib/io/record_writer.h): the length of the data as a uint64, its
 * masked CRC, the data, and their masked CRC, all little-endian. The data are a message `Event` of protocol buffers
 * (tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto):
 *
 * - Event: wall_time = 1 (double), step = 2 (int64), file_version = 3 (string), summary = 5 (Summary),
 *   session_log = 7 (SessionLog)
 * - SessionLog: status = 1 (enum, of which START is 1)
 * - Summary: value = 1 (repeated Value); Value: tag = 1 (string), simple_value = 2 (float)
 *
 * @module
 */
import {
  FIXED32,
  FIXED64,
  LENGTH_DELIMITED,
  tag,
  VARINT,
  varint,
  type WireType,
} from '../formats/protobuf'

/** CRC-32C (Castagnoli), in its reflected form. */
const POLYNOMIAL = 0x82f63b78

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0)
  return crc
})

/** The CRC-32C of some bytes, rotated and shifted so that a CRC of data which contain CRCs is reliable. */
function maskedCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 0xff]!
  crc = ~crc
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

/** A record of the file around an event. */
function framed(event: Uint8Array): Buffer {
  const length = Buffer.alloc(8)
  length.writeUInt32LE(event.length)
  return Buffer.concat([length, uint32(maskedCrc(length)), event, uint32(maskedCrc(event))])
}

function field(number: number, wireType: WireType, content: Uint8Array): Buffer {
  return Buffer.concat([tag(number, wireType), content])
}

function bytesField(number: number, content: Uint8Array): Buffer {
  const length = varint(content.length)
  return field(number, LENGTH_DELIMITED, Buffer.concat([length, content]))
}

function doubleField(number: number, value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return field(number, FIXED64, bytes)
}

function floatField(number: number, value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return field(number, FIXED32, bytes)
}

/** The first record of every event file. */
export function versionRecord(wallTime: number): Buffer {
  const version = bytesField(3, Buffer.from('brain.Event:2'))
  return framed(Buffer.concat([doubleField(1, wallTime), version]))
}

/**
 * The record of a training that begins again: TensorBoard drops what it has read of `step` and of later steps from files
 * before.
 */
export function startRecord(wallTime: number, step: number): Buffer {
  const session = bytesField(7, field(1, VARINT, varint(1)))
  return framed(Buffer.concat([doubleField(1, wallTime), field(2, VARINT, varint(step)), session]))
}

/** Scalars of one step. */
export interface ScalarEvent {
  /** In seconds since 1970 */
  readonly wallTime: number
  readonly step: number
  /** Values, which become float32, by their tags */
  readonly values: readonly (readonly [tag: string, value: number])[]
}

/** The record of scalars. */
export function scalarRecord({ wallTime, step, values }: ScalarEvent): Buffer {
  const summary = values.map(([name, value]) => {
    return bytesField(1, Buffer.concat([bytesField(1, Buffer.from(name)), floatField(2, value)]))
  })
  const stepField = field(2, VARINT, varint(step))
  const event = [doubleField(1, wallTime), stepField, bytesField(5, Buffer.concat(summary))]
  return framed(Buffer.concat(event))
}
