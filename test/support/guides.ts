/**
 * The code in README.md, in the pages of docs/ and in the comments of lib/, run as its readers run it.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import * as ts from 'typescript'
import * as library from '../../lib'

export const ROOT = path.join(__dirname, '..', '..')
const RUNNER = path.join(__dirname, 'guide-runner.mjs')

/** A block of code. */
export interface Block {
  /** The file and line, for messages. */
  readonly place: string
  /** Of the fence: `js`, `sh`, ...; empty if there is none. */
  readonly language: string
  /** In brackets at the fence: the other program that the code is for. */
  readonly title: string | undefined
  readonly code: string
  /** Code that readers do not see and that runs before: a comment `<!-- before: ... -->` above the block. */
  readonly hidden: string
}

/** A program of a page: a block with an import, and the blocks after it that go on with it. */
export interface Program {
  readonly place: string
  readonly code: string
  /** What the page says that it prints, if it does: the blocks of text after its blocks. */
  readonly printed: string | undefined
}

/** What came of a program. */
export interface Outcome {
  readonly output: string
  readonly error: string | undefined
}

const BLOCK = /(?:^<!-- before:\n([^]*?)-->\n\s*)?^```(\w*)(?: \[(.+)\])?\n([^]*?)^```$/gm

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8')

/** The paths of all pages, but those of the API, which are made of lib/. */
export function pages(): readonly string[] {
  const files = readdirSync(path.join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
  const own = files.filter((file) => file.endsWith('.md') && !file.startsWith('api'))
  return ['README.md', ...own.map((file) => path.posix.join('docs', file)).sort()]
}

/** The blocks of code in a page. */
export function blocksOf(page: string): readonly Block[] {
  const text = read(page)
  return [...text.matchAll(BLOCK)].map((match) => {
    const [all, hidden = '', language = '', title, code = ''] = match
    const line = text.slice(0, match.index + all.indexOf('```')).split('\n').length
    return { place: `${page}:${line}`, language, title, code, hidden }
  })
}

/** The programs of a page. */
export function programsOf(page: string): readonly Program[] {
  const programs: Program[] = []
  for (const { place, language, title, code, hidden } of blocksOf(page)) {
    const last = programs.at(-1)
    const all = hidden + code
    if (language === 'text' && last !== undefined) {
      programs.splice(-1, 1, { ...last, printed: (last.printed ?? '') + code })
    } else if (!['js', 'ts'].includes(language) || title !== undefined) {
      continue
    } else if (all.startsWith('import ')) {
      programs.push({ place, code: all, printed: undefined })
    } else if (last === undefined) {
      throw new Error(`${place}: no program to go on with`)
    } else {
      programs.splice(-1, 1, { ...last, code: last.code + all })
    }
  }
  return programs
}

/** The examples in the comments of lib/. */
export function examplesOfLib(): readonly Program[] {
  const files = readdirSync(path.join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' })
  return files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const examples = read(path.join('lib', file)).matchAll(/^ *\* ```ts\n([^]*?)^ *\* ```$/gm)
      return [...examples].map(([, lines]) => example(path.posix.join('lib', file), lines!))
    })
}

function example(place: string, lines: string): Program {
  const code = lines.replaceAll(/^ *\* ?/gm, '')
  const names = Object.keys(library).filter((name) => new RegExp(`\\b${name}\\b`).test(code))
  const imports = `import { ${names.join(', ')} } from 'gru-native'\n`
  const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 }
  const { outputText } = ts.transpileModule(imports + code, { compilerOptions: options })
  return { place, code: outputText, printed: undefined }
}

/** Makes a folder in which the package is installed. */
export function installInto(folder: string): void {
  mkdirSync(path.join(folder, 'node_modules'), { recursive: true })
  symlinkSync(ROOT, path.join(folder, 'node_modules', 'gru-native'))
}

/** Runs programs one after another in one process, each in a thread of its own. */
export function runPrograms(programs: readonly Program[], folder: string): readonly Outcome[] {
  installInto(folder)
  const files = programs.map(({ code }, index) => {
    const file = path.join(folder, `program-${index}.mjs`)
    writeFileSync(file, code)
    return file
  })
  const text = execFileSync(process.execPath, [RUNNER, ...files], { cwd: folder, encoding: 'utf8' })
  return JSON.parse(text) as Outcome[]
}

/** The commands of a page, without their comments. */
export function commandsOf(page: string): readonly string[] {
  const shell = blocksOf(page).filter(({ language }) => language === 'sh')
  const indented = [...read(page).matchAll(/^ {4}(?:\$ )?((?:npm|node) .*)$/gm)].map(
    ([, line]) => line!,
  )
  return [...shell.flatMap(({ code }) => code.trimEnd().split('\n')), ...indented].map((line) =>
    line.replace(/\s+#.*$/, '').trim(),
  )
}

/** A command line with what it prints, as a page shows it: `    $ command`, and lines that are indented too. */
export interface Transcript {
  readonly command: string
  /** Runs of lines; between them something is left out. */
  readonly parts: readonly string[]
}

/** What a page shows of commands and their output. */
export function transcriptsOf(page: string): readonly Transcript[] {
  const found = read(page).matchAll(/^ {4}\$ (.*)\n((?: {4}.*\n|\n(?= {4}(?!\$)))*)/gm)
  return [...found].map(([, command, shown]) => ({
    command: command!,
    parts: shown!.split(/^ +\.\.\.$/m).filter((part) => part.trim() !== ''),
  }))
}
