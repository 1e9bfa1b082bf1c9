// Runs a program for WebAssembly under node:wasi, with this process's environment and no files: CTest's emulator.
//
//   node --no-warnings scripts/wasi-run.mjs PROGRAM [ARGUMENT...]
import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { WASI } from 'node:wasi'

const [program, ...rest] = process.argv.slice(2)
const wasi = new WASI({ version: 'preview1', args: [program, ...rest], env: process.env })
const compiled = await WebAssembly.compile(await readFile(program))
const instance = await WebAssembly.instantiate(compiled, wasi.getImportObject())
// Node 20 may crash if it ends by itself: it then frees the program first.
process.exit(wasi.start(instance))
