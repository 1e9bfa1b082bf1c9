// Formats the C++ sources with the clang-format of the npm package of that name, or checks that they are.
//
//   node scripts/clang-format.mjs --write | --check
import { filesUnder, packageCommand, run } from './project.mjs'

const MODES = { '--write': ['-i'], '--check': ['--dry-run', '-Werror'] }

const mode = MODES[process.argv[2]]
const sources = filesUnder(['native', 'bench/probe'], (file) => /\.(cc|h|cu|cuh)$/.test(file))
if (!mode) {
  console.error('usage: node scripts/clang-format.mjs --write | --check')
  process.exitCode = 2
} else if (sources.length > 0) {
  process.exitCode = run([...packageCommand('clang-format'), ...mode, ...sources])
}
