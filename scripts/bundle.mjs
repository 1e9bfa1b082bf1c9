// Makes dist/index.js one file. Node loads one file in a third of the time that it needs for the two hundred modules of
// lib, and that time is a large part of the start of a serverless function. The names of functions, and those of the
// sources as comments, stay in the file, so that a stack trace can be read. The command gru uses the single modules
// beside it, which tsc has made.
import { build } from 'esbuild'
import { writeFileSync } from 'node:fs'
import { inRoot } from './project.mjs'

/** esbuild renames a class that refers to itself, and messages would have that name: `var X = class _X {`. */
function withOwnNames(text) {
  const renamed = [...text.matchAll(/^var (\w+) = class _\1 /gm)].map(([, name]) => name)
  return renamed.reduce((all, name) => all.replaceAll(RegExp(`\\b_${name}\\b`, 'g'), name), text)
}

const { outputFiles } = await build({
  ...{ entryPoints: [inRoot('lib', 'index.ts')], outfile: inRoot('dist', 'index.js') },
  ...{ bundle: true, platform: 'node', format: 'cjs', target: 'node20.17' },
  // Packages are loaded from where they are installed.
  ...{ packages: 'external', logLevel: 'warning', write: false },
})
for (const { path, text } of outputFiles) writeFileSync(path, withOwnNames(text))
