// `npm run release`: builds the addon for each platform, checks what it needs of its system, and writes its package.
//
//   npm run release -- --dry-run [--only TARGET]... [--out FOLDER]
//
// --dry-run  publishes nothing. Publishing by this command does not exist yet, so the option is required.
// --only     one target (scripts/release/targets.mjs) instead of all; may be repeated
// --out      where the packages are written: out/release by default
//
// It runs on Linux on x86-64 and needs CMake, make or Ninja, binutils, tar, npm and its registry.
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { inRoot, StepError } from '../project.mjs'
import { buildAddon } from './build.mjs'
import { writePackage } from './packages.mjs'
import { checkSymbols } from './symbols.mjs'
import { packageName, TARGETS } from './targets.mjs'
import { provideZig } from './toolchain.mjs'

const OPTIONS = {
  'dry-run': { type: 'boolean', default: false },
  only: { type: 'string', multiple: true, default: [] },
  out: { type: 'string', default: inRoot('out', 'release') },
}

function selected(names) {
  const known = TARGETS.map(({ name }) => name)
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    throw new StepError(`--only: expected one of ${known.join(', ')}, got ${unknown.join(', ')}`)
  }
  return TARGETS.filter(({ name }) => names.length === 0 || names.includes(name))
}

function release(target, out) {
  const addon = buildAddon(target)
  const needs = checkSymbols(addon, target)
  const { bytes } = writePackage(target, addon, out)
  return `${packageName(target)}: ${(bytes / 1e6).toFixed(1)} MB, needs ${needs}`
}

try {
  const { values } = parseArgs({ options: OPTIONS })
  if (!values['dry-run']) throw new StepError('expected --dry-run: nothing is published yet')
  const targets = selected(values.only)
  const out = resolve(values.out)
  provideZig()
  const lines = targets.map((target) => release(target, out))
  console.log(`\n${lines.join('\n')}\nready to publish: ${out}`)
} catch (error) {
  if (!(error instanceof StepError)) throw error
  console.error(`release: ${error.message}`)
  process.exitCode = 1
}
