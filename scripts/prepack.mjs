// Runs before the package is packed, and refuses if a part of it was not built: npm itself leaves out silently what is not
// there.
import { existsSync } from 'node:fs'
import process from 'node:process'
import { inRoot } from './project.mjs'

const NEEDED = [
  'dist/index.js',
  'dist/index.d.ts',
  'dist/web/index.mjs',
  'dist/web/index.d.mts',
  'dist/cli/main.js',
  'dist/headers/napi.h',
  'binding.d.ts',
]

const missing = NEEDED.filter((file) => !existsSync(inRoot(file)))
if (missing.length > 0) {
  console.error(
    `pack: expected a package that is built (npm run build:ts), got none of ${missing.join(', ')}`,
  )
  process.exitCode = 1
}
