// Makes dist/index.js one file. Node loads one file in a third of the time that it needs for the two hundred modules of
// lib, and that time is a large part of the start of a serverless function. The names of functions, and those of the
// sources as comments, stay in the file, so that a stack trace can be read. The command gru uses the single modules
// beside it, which tsc has made. dist/web/index.mjs is the library for browsers.
import { build } from 'esbuild'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { inRoot } from './project.mjs'
import { webBundle } from './web-bundle.mjs'

/** esbuild renames a class that refers to itself, and messages would have that name: `X = class _X {`. */
function withOwnNames(text) {
  const renamed = [...text.matchAll(/\b(\w+) ?= ?class _\1\b/g)].map(([, name]) => name)
  return renamed.reduce((all, name) => all.replaceAll(RegExp(`\\b_${name}\\b`, 'g'), name), text)
}

const nodeBundle = {
  ...{ entryPoints: [inRoot('lib', 'index.ts')], outfile: inRoot('dist', 'index.js') },
  ...{ bundle: true, platform: 'node', format: 'cjs', target: 'node20.17' },
  // Packages are loaded from where they are installed.
  packages: 'external',
}

for (const options of [nodeBundle, webBundle]) {
  const { outputFiles } = await build({ ...options, logLevel: 'warning', write: false })
  for (const { path, text } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, withOwnNames(text))
  }
}
// A declaration of its own, since a module of another kind stands beside it.
writeFileSync(inRoot('dist', 'web', 'index.d.mts'), "export * from '../index.js'\n")
