// The part of a release that is quick enough for continuous integration.
//
//   node scripts/release/ci-checks.mjs linux-x64      builds build/release/linux-x64/gru_native.node by the release's
//                                                     compiler, and checks that glibc 2.28 is enough for it
//   node scripts/release/ci-checks.mjs linux-arm64 [--json FILE]
//                                                     does this for arm64 and runs a part of the tests on a Node for
//                                                     arm64 under QEMU; --json writes their counts, { passed, failed }
import { writeFileSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { StepError } from '../project.mjs'
import { provideArm64Node } from './arm64-node.mjs'
import { PORTABLE_FILES, runPortable } from './portable-tests.mjs'
import { buildPrebuilt } from './prebuilt.mjs'
import { TARGETS } from './targets.mjs'

/** Forward and backward passes, losses and training against stored values, and training, saving and loading of models. */
const QUICK =
  /\/(golden|golden-losses|golden-training|model|sequence-model)\.(numerics\.)?test\.ts$/

/** Builds the addon of a target and returns it. */
function build(name) {
  const { files, needs } = buildPrebuilt(TARGETS.find((target) => target.name === name))
  console.log(`${name} needs ${needs}`)
  return files[0]
}

async function testArm64(addon, json) {
  const { command, what } = provideArm64Node()
  const files = PORTABLE_FILES.filter((file) => QUICK.test(file))
  const { passed } = await runPortable(command, { name: 'ci-linux-arm64', addon, files })
  console.log(`${passed} tests passed on ${what}`)
  if (json !== undefined) writeFileSync(json, JSON.stringify({ passed, failed: 0 }))
}

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'string' } },
  })
  const [name] = positionals
  if (name !== 'linux-x64' && name !== 'linux-arm64') {
    throw new StepError(`expected linux-x64 or linux-arm64, got ${name}`)
  }
  const addon = build(name)
  if (name === 'linux-arm64') await testArm64(addon, values.json)
} catch (error) {
  if (!(error instanceof StepError)) throw error
  console.error(`release checks: ${error.message}`)
  process.exitCode = 1
}
