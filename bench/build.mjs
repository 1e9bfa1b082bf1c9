// The bench's own set-up, after the project's: it compiles the bench's TypeScript and builds its probe, both into
// build/bench.
import { availableParallelism } from 'node:os'
import { existsSync } from 'node:fs'
import {
  filesUnder,
  fingerprint,
  inRoot,
  packageCommand,
  readStamp,
  root,
  run,
  StepError,
  writeStamp,
} from '../scripts/project.mjs'

const folder = inRoot('build', 'bench')

export const places = {
  root,
  scripts: inRoot('build', 'bench', 'js'),
  probe: inRoot('build', 'bench', 'gru_probe'),
  addon: process.env.GRU_NATIVE_ADDON ?? inRoot('build', 'Release', 'gru_native.node'),
}

function must(step, command) {
  console.error(`bench: ${step}`)
  if (run(command, { quiet: true }) !== 0)
    throw new StepError(`${step} failed: ${command.join(' ')}`)
}

/** Does a step unless its stamp shows that it was done with the same files. */
function once(name, files, product, work) {
  const stamp = fingerprint(files, { platform: process.platform, arch: process.arch })
  if (readStamp(name) === stamp && existsSync(product)) return
  work()
  writeStamp(name, stamp)
}

export function buildScripts() {
  const scripts = [
    ...filesUnder(['bench'], (file) => file.endsWith('.ts') && !file.includes('node_modules')),
    ...filesUnder(['binding.d.ts', 'lib', 'tsconfig.json', 'tsconfig.bench.json']),
  ]
  once('bench-scripts', scripts, places.scripts, () => {
    must('compiling TypeScript', [
      ...packageCommand('typescript', 'tsc'),
      '-p',
      'tsconfig.bench.json',
    ])
  })
}

export function buildBench() {
  buildScripts()
  const native = filesUnder(
    ['CMakeLists.txt', 'cmake', 'native', 'bench/probe', 'package.json'],
    (file) => !file.endsWith('_test.cc'),
  )
  once('bench-probe', native, places.probe, () => {
    const jobs = String(availableParallelism())
    must('configuring the probe', ['cmake', '-S', root, '-B', folder, '-DGRU_BENCH=ON'])
    must('building the probe', [
      ...['cmake', '--build', folder, '--target', 'gru_probe', '--parallel', jobs],
    ])
  })
}
