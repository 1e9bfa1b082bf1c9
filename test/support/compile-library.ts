import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import * as ts from 'typescript'

const SOURCES = path.join(__dirname, '..', '..', 'lib')

/**
 * Compiles the current lib, for processes that cannot wait for a build. Returns the folder, whose
 * modules have lib's names.
 */
export function compileLibrary(folder: string): string {
  const module = ts.ModuleKind.CommonJS
  const compilerOptions: ts.CompilerOptions = { module, target: ts.ScriptTarget.ES2022 }
  for (const entry of readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })) {
    if (!entry.endsWith('.ts')) continue
    const source = readFileSync(path.join(SOURCES, entry), 'utf8')
    const { outputText } = ts.transpileModule(source, { compilerOptions })
    const output = path.join(folder, entry.replace(/\.ts$/, '.js'))
    mkdirSync(path.dirname(output), { recursive: true })
    writeFileSync(output, outputText)
  }
  return folder
}
