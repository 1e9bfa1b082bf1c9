/**
 * `gru inspect`: what a table is.
 *
 * @module
 */
import { describeWarnings } from '../formats/faults'
import type { TableOptions } from '../tables/options'
import { describeRepair } from '../tables/summary'
import { Table } from '../tables/table'
import type { Command } from './command'
import { checkGiven, checkPositionals, readCommandLine } from './command-line'
import { FaultList } from './fault-list'
import { JSON_OPTION, TABLE_OPTIONS } from './job-options'
import { describeOptions } from './option-help'
import { findTable } from './table-source'

export const INSPECT_HELP = `gru inspect TABLE

Tells what was found in a table: its dialect, columns, times, frequency and series, what would be
repaired, and what is wrong in columns that would be left out.

${describeOptions([
  { title: 'the table', options: TABLE_OPTIONS },
  { title: 'the output', options: JSON_OPTION },
])}`

/** Prints the summary of a table. */
export const inspect: Command = async (args, { stdout }) => {
  const faults = new FaultList()
  const options = { ...TABLE_OPTIONS, ...JSON_OPTION }
  const { positionals, given } = readCommandLine(args, options, faults)
  checkPositionals(positionals, ['TABLE'], faults)
  const { json, ...values } = checkGiven(options, given, faults)
  faults.throwIfAny()
  const table = await Table.read(findTable('table', positionals[0]!, '.'), values as TableOptions)
  const { path, warnings } = table
  const repairs = table.repairs.map(describeRepair)
  const facts = { path, facts: table.facts(), repairs, warnings: describeWarnings(path, warnings) }
  stdout.write(`${json === true ? JSON.stringify(facts) : table.summary()}\n`)
}
