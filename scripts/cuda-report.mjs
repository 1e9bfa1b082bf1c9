// Compiles every kernel for every target with nvcc and prints its resources: registers, static shared memory, spilled
// bytes, and the number of blocks that are resident on a multiprocessor. It needs no GPU.
//
//   node scripts/cuda-report.mjs [--nvcc PATH] [--markdown] [FILE.cu...]
//
// --markdown prints the table of docs/cuda.md. Dynamic shared memory is not included, since it is chosen at a launch,
// which asks the driver how many blocks fit. The exit status is 1 if a kernel spills, or if fewer blocks are resident
// than its launch bounds require.
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { configurePlugin, requireNvcc } from './nvcc.mjs'
import { residentBlocks } from './occupancy.mjs'
import { root, StepError } from './project.mjs'

/** A word of a command without the shell's quotes. An escaped quote is part of the word. */
const unquoted = (word) => word.replaceAll(/\\?"/g, (quote) => (quote.length > 1 ? '"' : ''))

/**
 * The commands that compile the kernels in the plug-in's build, without targets, input and output. They come from
 * CMake, which defines the flags and targets.
 */
function compileCommands(nvcc) {
  const build = configurePlugin(nvcc)
  const entries = JSON.parse(readFileSync(join(build, 'compile_commands.json'), 'utf8'))
  return entries
    .filter(({ file }) => file.endsWith('.cu'))
    .map(({ file, command, directory }) => {
      const words = command.split(/\s+/).map(unquoted)
      const codes = words.filter((word) => word.startsWith('--generate-code'))
      const targets = codes.flatMap((word) => word.match(/(?<=sm_)\d+/g) ?? [])
      const flags = words.filter(
        (word, index) =>
          !codes.includes(word) &&
          !['-o', '-c', '-x'].some((option) => [word, words[index - 1]].includes(option)),
      )
      return { file: relative(root, file), path: file, command: flags, directory, targets }
    })
}

function execute([program, ...args], cwd = root) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    child.on('error', reject)
    child.on('close', (status) => {
      if (status === 0) resolve(output)
      else reject(new StepError(`${program} ${args.join(' ')}\n${output}`))
    })
  })
}

/** What ptxas reports for each kernel, by its mangled name. */
export function parseResources(log) {
  const kernels = {}
  let kernel
  for (const line of log.split('\n')) {
    const entry = /Compiling entry function '(\w+)'/.exec(line)?.[1]
    if (entry) kernel = kernels[entry] = { registers: 0, shared: 0, spills: 0 }
    if (!kernel) continue
    const number = (pattern) => Number(pattern.exec(line)?.[1] ?? 0)
    kernel.spills += number(/(\d+) bytes spill stores/) + number(/(\d+) bytes spill loads/)
    kernel.registers ||= number(/Used (\d+) registers/)
    kernel.shared ||= number(/(\d+) bytes smem/)
  }
  return kernels
}

/** The launch bounds in PTX: the threads of a block, and the blocks that must be resident. */
export function parseBounds(ptx) {
  const bounds = {}
  for (const [, name, directives] of ptx.matchAll(/\.entry (\w+)\([^)]*\)([^{]*)\{/g)) {
    const extents = /\.maxntid\s+([\d, ]+)/.exec(directives)?.[1].split(',').map(Number)
    const blocks = Number(/\.minnctapersm\s+(\d+)/.exec(directives)?.[1] ?? 1)
    bounds[name] = { threads: extents?.reduce((product, extent) => product * extent), blocks }
  }
  return bounds
}

/** Compiles one file for one target. Returns rows with the resources of each of its kernels. */
async function compile({ command, file, path, directory }, target) {
  const folder = mkdtempSync(join(tmpdir(), 'cuda-report-'))
  try {
    const log = await execute(
      [
        ...[...command, `-arch=sm_${target}`, '-cubin', '-Xptxas', '-v'],
        ...['--keep', '--keep-dir', folder, '-o', join(folder, 'out.cubin'), path],
      ],
      directory,
    )
    const ptx = readdirSync(folder).find((name) => name.endsWith('.ptx'))
    const bounds = parseBounds(readFileSync(join(folder, ptx), 'utf8'))
    return Object.entries(parseResources(log)).map(([mangled, used]) => {
      const { threads, blocks: wanted } = bounds[mangled]
      const blocks = residentBlocks(target, { threads: threads ?? 1024, ...used })
      return { file, target, mangled, threads, wanted, blocks, ...used }
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Runs the works in parallel, as many at a time as there are cores. */
async function inParallel(works) {
  const results = []
  const worker = async () => {
    for (let work = works.shift(); work; work = works.shift()) results.push(...(await work()))
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  return results
}

/** Names without their common parts and without parameters. */
async function readableNames(rows) {
  const mangled = [...new Set(rows.map((row) => row.mangled))]
  const demangled = (await execute(['c++filt', '-p', ...mangled])).trim().split('\n')
  const short = (name) =>
    name
      .replaceAll(/gru::cuda::|\(anonymous namespace\)::|^void /g, '')
      .replaceAll(/\((?:bool|int|unsigned int)\)/g, '')
      .replaceAll(/\(gru::(\w+)\)(?=\d)/g, '$1 ')
      .replaceAll(/\b(\d+)u\b/g, '$1')
  return new Map(mangled.map((name, index) => [name, short(demangled[index])]))
}

function problemsOf({ name, target, spills, blocks, wanted, threads }) {
  const place = `${name}, sm_${target}`
  return [
    ...(spills > 0 ? [`${place}: ${spills} bytes spilled`] : []),
    ...(threads === undefined ? [`${name}: has no launch bounds`] : []),
    ...(blocks < wanted
      ? [`${place}: ${blocks} resident blocks, launch bounds ask ${wanted}`]
      : []),
  ]
}

/** A row for each kernel, with registers and resident blocks for each target. */
function table(rows, targets) {
  const names = [...new Set(rows.map(({ name }) => name))].sort()
  const lines = names.map((name) => {
    const own = rows.filter((row) => row.name === name)
    const cells = targets.map((target) => {
      const row = own.find((each) => each.target === target)
      return row ? `${row.registers} / ${row.blocks}` : ''
    })
    const [{ file, threads, shared }] = own
    const spills = own.reduce((sum, row) => sum + row.spills, 0)
    return [`${basename(file)}: ${name}`, threads ?? '-', shared, spills, ...cells]
  })
  const heads = targets.map((target) => `sm_${target}`)
  return [['kernel', 'threads', 'shared', 'spills', ...heads], ...lines]
}

function markdown([heads, ...lines]) {
  const row = (cells) => `| ${cells.join(' | ')} |`
  const quoted = lines.map(([name, ...cells]) => row([`\`${name}\``, ...cells]))
  return [row(heads), row(heads.map((_, index) => (index === 0 ? '---' : '--:'))), ...quoted].join(
    '\n',
  )
}

function plain(lines) {
  const widths = lines[0].map((_, column) =>
    Math.max(...lines.map((line) => `${line[column]}`.length)),
  )
  const cell = (text, column) =>
    column === 0 ? `${text}`.padEnd(widths[0]) : `${text}`.padStart(widths[column])
  return lines.map((line) => line.map(cell).join('  ')).join('\n')
}

/** The commands of the named files, or of all files if none is named. */
function chosen(commands, names) {
  const files = commands.map(({ file }) => file)
  const unknown = names.find((name) => !files.includes(name))
  if (unknown) throw new StepError(`expected one of ${files.join(', ')}, got ${unknown}`)
  return names.length === 0 ? commands : commands.filter(({ file }) => names.includes(file))
}

async function report({ values, positionals }) {
  const commands = chosen(compileCommands(requireNvcc(values.nvcc)), positionals)
  const targets = [...new Set(commands.flatMap((each) => each.targets))]
  const works = commands.flatMap((each) =>
    each.targets.map((target) => () => compile(each, target)),
  )
  const rows = await inParallel(works)
  const names = await readableNames(rows)
  for (const row of rows) row.name = names.get(row.mangled)
  const lines = table(rows, targets)
  console.log(values.markdown ? markdown(lines) : plain(lines))
  return [...new Set(rows.flatMap(problemsOf))]
}

if (process.argv[1] === import.meta.filename) {
  try {
    const problems = await report(
      parseArgs({
        allowPositionals: true,
        options: { nvcc: { type: 'string' }, markdown: { type: 'boolean', default: false } },
      }),
    )
    for (const problem of problems) console.error(problem)
    process.exitCode = problems.length === 0 ? 0 : 1
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    console.error(`cuda-report: ${error.message}`)
    process.exitCode = 1
  }
}
