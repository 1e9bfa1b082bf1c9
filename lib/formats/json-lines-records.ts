/**
 * Splits a text with JSON into records: one object a line, or one array of objects.
 *
 * @module
 */
import { argumentError, GruError, quote } from '../errors'
import { findDuplicateKey } from './duplicate-keys'
import { type Fault, listNames } from './faults'
import type { Sliced } from '../slices'
import { parseJson } from './json'

/** A value of a JSON text that is one of its records. It may be of any type. */
export interface JsonRecord {
  readonly value: unknown
  /** The line of the file, or the number of the element of an array, from 1. */
  readonly place: number
}

/** The records of a JSON text. */
export interface JsonRecords {
  readonly records: readonly JsonRecord[]
  /** What their places are. */
  readonly unit: 'line' | 'row'
  /** Of lines that are no JSON. They are not among the records. */
  readonly faults: readonly Fault[]
}

/**
 * The records of a JSON text. Blank lines between objects are passed over.
 *
 * @param path - the name of the text in messages
 * @throws GruError ERR_GRU_FORMAT if the text is an array and not valid JSON
 */
export function* parseJsonRecords(text: string, path: string): Sliced<JsonRecords> {
  return text.trimStart().startsWith('[') ? parseArray(text, path) : yield* parseLines(text)
}

function parseArray(text: string, path: string): JsonRecords {
  const array = parseJson(text, path)
  if (!Array.isArray(array)) throw argumentError('ERR_GRU_FORMAT', path, 'an array', 'no array')
  const records = array.map((value: unknown, index) => ({ value, place: index + 1 }))
  return { records, unit: 'row', faults: [] }
}

/** The lines of a slice. */
const SLICE = 512

function* parseLines(text: string): Sliced<JsonRecords> {
  const records: JsonRecord[] = []
  const faults: Fault[] = []
  const ends = /\r\n?|\n/g
  let place = 1
  for (let begin = 0; begin < text.length; place++) {
    const end = ends.exec(text)
    const line = text.slice(begin, end?.index)
    begin = end === null ? text.length : ends.lastIndex
    if (place % SLICE === 0) yield
    if (line.trim() === '') continue
    const [value, fault] = parseLine(line)
    if (fault === undefined) records.push({ value, place })
    else faults.push({ line: place, ...fault })
  }
  if (faults.length > 1) {
    const whole = describeWhole(text)
    if (whole !== undefined) return { records: [], unit: 'line', faults: [whole] }
  }
  return { records, unit: 'line', faults }
}

/** The fault of a text that is one value over several lines; undefined if it is none. */
function describeWhole(text: string): Fault | undefined {
  try {
    const value = JSON.parse(text) as object
    const expected = 'one JSON object in each line, or an array of objects'
    return { expected, got: `one object with the keys ${listNames(Object.keys(value))}` }
  } catch {
    return undefined
  }
}

function parseLine(line: string): [value: unknown, fault?: Pick<Fault, 'expected' | 'got'>] {
  try {
    const value: unknown = JSON.parse(line)
    const duplicate = findDuplicateKey(line)
    if (duplicate === undefined) return [value]
    return [undefined, { expected: 'each key once', got: `${quote(duplicate)} twice` }]
  } catch (cause) {
    if (cause instanceof GruError) throw cause
    return [undefined, { expected: 'one JSON object in the line', got: quote(line) }]
  }
}
