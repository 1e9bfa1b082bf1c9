// The table of docs/platforms.md: what a release built for each platform, what that needs, and what ran there.
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import process from 'node:process'
import { format, resolveConfig } from 'prettier'
import { StepError } from '../project.mjs'

/** The platforms in the table's order, by the package's name after `@gru-native/`. */
const PLATFORMS = {
  'linux-x64': 'Linux x86-64, glibc 2.28 or later',
  'linux-arm64': 'Linux arm64, glibc 2.28 or later',
  'linuxmusl-x64': 'Linux x86-64, musl',
  'linuxmusl-arm64': 'Linux arm64, musl',
  'win32-x64': 'Windows x86-64',
  'darwin-arm64': 'macOS 11 or later, Apple silicon',
  'darwin-x64': 'macOS 11 or later, x86-64',
  wasm32: 'everything else: WebAssembly with SIMD',
  'cuda-linux-x64': 'the CUDA plug-in, for Linux x86-64',
}

const BEGIN = '<!-- #region release -->'
const END = '<!-- #endregion release -->'

const HEAD = ['platform', 'package', 'date', 'MB', 'needs', 'what ran', 'tests passed']

const line = (cells) => `| ${cells.join(' | ')} |`

/** The cells of a row of the table for a package. */
function cells({ name, bytes, needs, ran, passed }, date) {
  const megabytes = (bytes / 1e6).toFixed(1)
  return [PLATFORMS[name], `\`${name}\``, date, megabytes, needs, ran, passed || 'none']
}

/** The rows that a text has, by package. */
function rowsOf(text) {
  const rows = [...text.matchAll(/^\|[^|]*\| `([\w-]+)` +\|.*$/gm)]
  return Object.fromEntries(rows.map(([row, name]) => [name, row]))
}

/** The arguments of the command without --out, which is no matter of the reader. */
const withoutFolder = (args) =>
  args.filter(
    (arg, index) => !arg.startsWith('--out=') && arg !== '--out' && args[index - 1] !== '--out',
  )

/** This machine, and the command that was given, in words. */
export function describeRun() {
  const [{ model }, ...others] = cpus()
  const [, system] = /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${system}, ${model.trim()}, ${others.length + 1} cores, Node ${process.versions.node}`,
    command: ['npm run release --', ...withoutFolder(process.argv.slice(2))].join(' '),
  }
}

/**
 * The text of a page with new rows in its table: `{ name, bytes, needs, ran, passed }` for each package. Rows of other
 * packages stay as they are.
 */
export function withRows(page, rows, { date, machine, command }) {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin < 0 || end < begin) throw new StepError(`expected ${BEGIN} and ${END} in the page`)
  const made = rows.map((row) => [row.name, line(cells(row, date))])
  const all = { ...rowsOf(page.slice(begin, end)), ...Object.fromEntries(made) }
  const table = [
    line(HEAD),
    line(HEAD.map((title) => (['MB', 'tests passed'].includes(title) ? '--:' : '---'))),
    ...Object.keys(PLATFORMS).flatMap((name) => all[name] ?? []),
  ]
  const last = `The latest command was \`${command}\`, on ${date}: ${machine}.`
  return `${page.slice(0, begin)}${BEGIN}\n\n${last}\n\n${table.join('\n')}\n\n${page.slice(end)}`
}

/** Writes new rows into the table of a file. */
export async function writeRows(file, rows, run = describeRun()) {
  const text = withRows(readFileSync(file, 'utf8'), rows, run)
  const style = await resolveConfig(file)
  writeFileSync(file, await format(text, { ...style, filepath: file }))
}
