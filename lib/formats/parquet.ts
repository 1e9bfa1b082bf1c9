/**
 * Parquet files, read with the package hyparquet.
 *
 * @module
 */
import { argumentError, GruError } from '../errors'

/** The columns of a Parquet file, in its order. */
export interface ParquetColumns {
  readonly names: readonly string[]
  /** For each column the values of all rows: numbers, bigints, strings, booleans, Dates, or null for a missing one. */
  readonly cells: readonly (readonly unknown[])[]
  readonly rows: number
}

const SIGNATURE = 'PAR1'

/** Whether the bytes of a file begin as those of a Parquet file. */
export function isParquet(bytes: Buffer): boolean {
  return bytes.toString('latin1', 0, SIGNATURE.length) === SIGNATURE
}

/**
 * Reads the columns of a Parquet file. Times without a zone are read as times in UTC.
 *
 * @param bytes - the whole file
 * @param path - the name of the file in messages
 * @throws GruError ERR_GRU_FORMAT if the content is not valid or is compressed in a way that hyparquet does not know;
 *   ERR_GRU_LOAD if the package hyparquet is not installed
 */
export async function readParquet(bytes: Buffer, path: string): Promise<ParquetColumns> {
  const hyparquet = await loadReader()
  const file = {
    byteLength: bytes.length,
    slice: (begin: number, end?: number) => copyOf(bytes.subarray(begin, end)),
  }
  try {
    const metadata = await hyparquet.parquetMetadataAsync(file)
    const rows = Number(metadata.num_rows)
    const schema = hyparquet.parquetSchema(metadata)
    const names = schema.children.map(({ element }) => element.name)
    const columns = new Map(names.map((name) => [name, new Array<unknown>(rows).fill(null)]))
    await hyparquet.parquetRead({
      file,
      metadata,
      onChunk: ({ columnName, columnData, rowStart }) => {
        const cells = columns.get(columnName)
        for (let i = 0; i < columnData.length; i++) cells![rowStart + i] = columnData[i]
      },
    })
    return { names, cells: [...columns.values()], rows }
  } catch (cause) {
    const expected = 'a Parquet file that hyparquet can read'
    throw argumentError('ERR_GRU_FORMAT', path, expected, (cause as Error).message, { cause })
  }
}

function copyOf(bytes: Buffer): ArrayBuffer {
  return Uint8Array.from(bytes).buffer
}

/** An optional peer dependency, which is an ES module. */
async function loadReader() {
  try {
    return await import('hyparquet')
  } catch (cause) {
    const message = 'reading Parquet files needs the package hyparquet: npm install hyparquet'
    throw new GruError('ERR_GRU_LOAD', message, { cause })
  }
}
