/**
 * The cells of a file, whose format its content shows.
 *
 * @module
 */
import { argumentError } from '../errors'
import { parseJsonRecords } from '../formats/json-lines-records'
import { isParquet, readParquet } from '../formats/parquet'
import { decodeText, readBytes } from '../formats/text-file'
import type { Pauses } from '../pauses'
import { eachRow, inSlices, type Sliced } from '../slices'
import { readCsvSource } from './csv-source'
import { ObjectReader } from './object-source'
import type { Fact, Source } from './source'

/**
 * Reads the cells of a file: CSV, JSON lines, a JSON array of objects, or Parquet.
 *
 * @param pauses - for the event loop, while a long file is read
 * @param delimiter - between the fields of CSV; inferred by default
 * @throws GruError ERR_GRU_FORMAT if the file cannot be read or is of another kind; ERR_GRU_LOAD if the optional package
 *   for its format is not installed
 */
export async function readFileSource(
  path: string,
  pauses: Pauses,
  delimiter?: string,
): Promise<Source> {
  const bytes = await readBytes(path)
  if (isParquet(bytes)) return readParquetSource(bytes, path)
  const { text, encoding } = decodeText(bytes, path)
  const format: Fact = ['encoding', encoding]
  if (/^\s*[[{]/.test(text)) return inSlices(readJsonSource(text, path, format), pauses)
  const markup = /^\s*<(!doctype|html|\?xml)\b/i.exec(text)
  if (markup !== null) {
    const expected = 'CSV, JSON lines, a JSON array or Parquet'
    throw argumentError('ERR_GRU_FORMAT', path, expected, markup[1] === '?xml' ? 'XML' : 'HTML')
  }
  const source = await inSlices(readCsvSource(text, path, delimiter), pauses)
  return { ...source, facts: [['format', 'CSV'], format, ...source.facts] }
}

function* readJsonSource(text: string, path: string, encoding: Fact): Sliced<Source> {
  const { records, unit, faults } = yield* parseJsonRecords(text, path)
  const reader = new ObjectReader(unit)
  yield* eachRow(records.length, (row) => {
    const { value, place } = records[row]!
    reader.take(value, place)
  })
  const format = unit === 'line' ? 'JSON lines' : 'a JSON array'
  return reader.finish(path, [['format', format], encoding], faults)
}

async function readParquetSource(bytes: Buffer, path: string): Promise<Source> {
  const { names, cells, rows } = await readParquet(bytes, path)
  return {
    ...{ path, names, cells, unit: 'row', facts: [['format', 'Parquet']] },
    places: Int32Array.from({ length: rows }, (_, row) => row + 1),
    ...{ faults: [], columnFaults: new Map(), repairs: [], warnings: [] },
  }
}
