import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const script = join(__dirname, '..', 'scripts', 'check-directions.mjs')

/** Writes the files into an empty folder and returns the exit status and the problems found there. */
function check(files: Record<string, string>): { status: number | null; problems: string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'check-directions-'))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const { status, stderr } = spawnSync(process.execPath, [script, folder], { encoding: 'utf8' })
  rmSync(folder, { recursive: true })
  return { status, problems: stderr.split('\n').filter((line) => line !== '') }
}

test('accepts every allowed direction', () => {
  const result = check({
    'native/base/status.h': '#include <span>\n',
    'native/device/device.h': '#include "base/status.h"\n',
    'native/reference/gru.cc': '#include "reference/gru.h"\n#include "base/cell.h"\n',
    'native/model/model.cc': '#include "device/device.h"\n#include "layers/linear.h"\n',
    'native/base/rows_test.cc': '#include "base/rows.h"\n#include "testing/check_near.h"\n',
    'native/base/random_test.cc': '#include <doctest.h>\n',
    'native/cuda/emulator/emulator_testing.h': '#include <doctest.h>\n',
    'native/train/trainer.cc': '#include "model/model.h"\n#include "base/size.h"\n',
    'native/cpu/products/blas.cc':
      '#include <cblas.h>\n\n#include "base/size.h"\n#include "cpu/products/blas.h"\n',
    'native/cpu/threads/threads.cc': '#include <sched.h>\n#include <thread>\nstd::thread worker;\n',
    'native/cpu/cpu_device.cc': '#include "device/device.h"\n// std::thread is for threads.cc\n',
    'native/cpu/kernels/cell_test.cc':
      '#include "reference/reference.h"\n#include "cpu/kernels/cell.h"\n',
    'native/binding/addon.cc':
      '#include <napi.h>\n\n#include "model/model.h"\n#include "cpu/cpu_device.h"\n',
    'native/binding/cuda_plugin.cc': '#include <dlfcn.h>\n\n#include "cuda/plugin.h"\n',
    'native/cuda/kernels/cell.cu': '#include <cuda_runtime.h>\n\n#include "base/random.h"\n',
    'native/cuda/emulator/launch.cc': '#include <thread>\nstd::thread block;\n',
    'native/testing/device_tests.h': '#include "device/device.h"\n',
    'native/cuda/device_test.cc': '#include "model/model.h"\n#include "testing/device_tests.h"\n',
    'lib/platform.ts': "import { familySync } from 'detect-libc'\n",
    'lib/native.ts': "import type { Native } from '../binding'\n",
    'lib/gru.ts': "import { join } from 'node:path'\nimport { native } from './native'\n",
    'lib/formats/csv.ts': "import { GruError } from '../errors'\n",
    'lib/index.ts': "export { Batcher } from './batching/batcher'\n",
    'lib/batching/batcher.ts':
      "import { GruError } from '../errors'\nimport { Request } from './queue'\n",
    'lib/formats/csv-records.ts': "import { parse } from 'csv-parse/sync'",
    'lib/cli/train.ts': "import { SingleBar } from 'cli-progress'\nimport { GRU } from '../gru'\n",
  })
  expect(result).toEqual({ status: 0, problems: [] })
})

/** A part, what it must not use, and a file with a line that uses it. */
const forbidden: [from: string, what: string, path: string, line: string][] = [
  ['the engine', 'a device', 'native/model/model.cc', '#include "cpu/threads/threads.h"'],
  ['the engine', 'an operating system', 'native/layers/linear.cc', '#include <unistd.h>'],
  ['the engine', 'Node', 'native/train/trainer.cc', '#include <napi.h>'],
  ['the base', 'the device interface', 'native/base/rows.cc', '#include "device/device.h"'],
  ['the reference', 'the engine', 'native/reference/gru.cc', '#include "layers/recurrent_stack.h"'],
  [
    'the engine',
    'the reference',
    'native/layers/recurrent_stack.cc',
    '#include "reference/reference.h"',
  ],
  ['the layers', 'the model', 'native/layers/linear.h', '#include "model/model.h"'],
  ['the model', 'the trainer', 'native/model/model.h', '#include "train/trainer.h"'],
  ['the device interface', 'the engine', 'native/device/device.h', '#include "model/model.h"'],
  ['a device', 'the engine', 'native/cpu/cpu_device.cc', '#include "model/model.h"'],
  ['a device', 'Node', 'native/cpu/pointwise.cc', '#include "napi.h"'],
  ['a device', 'the binding', 'native/cpu/dispatch.cc', '#include "binding/executor.h"'],
  ['a device', 'another device', 'native/cuda/cuda_device.cc', '#include "cpu/threads/threads.h"'],
  ['the binding', 'how CUDA computes', 'native/binding/devices.cc', '#include "cuda/check.h"'],
  ['the addon', 'shared tests', 'native/binding/addon.cc', '#include "testing/device_tests.h"'],
  ['a file besides blas.cc', 'CBLAS', 'native/cpu/products/gemm.cc', '#include <cblas.h>'],
  ['a file besides tests', 'doctest', 'native/model/layout.cc', '#include <doctest.h>'],
  [
    'a file besides threads.cc',
    'threads',
    'native/cpu/kernels/gru.cc',
    'std::jthread worker(run);',
  ],
  ['the binding', 'threads', 'native/binding/addon.cc', 'auto later = std::async(run);'],
  ['a source', 'a path that is not from native/', 'native/cpu/x.cc', '#include "gemm.h"'],
  ['lib', 'the binding as a value', 'lib/native.ts', "import { native } from '../binding'"],
  ['lib', 'the C library', 'lib/gru.ts', "const { family } = require('detect-libc')"],
  ['lib', 'any package', 'lib/runtime.ts', "import _ from 'lodash'"],
  ['lib', 'packages of the command', 'lib/data.ts', "const csv = await import('csv-parse/sync')"],
  ['lib', 'the command', 'lib/index.ts', "export { main } from './cli/main'"],
  ['lib', 'the batcher', 'lib/session.ts', "import type { Work } from './batching/work'"],
  ['lib', 'a file outside', 'lib/formats/csv.ts', "import { y } from '../../test/support/y'"],
]

describe('refuses', () => {
  let result: ReturnType<typeof check>
  beforeAll(() => {
    const files = forbidden.map(([, , path, line]) => [path, `\n${line}\n`])
    result = check(Object.fromEntries(files) as Record<string, string>)
  })

  test.each(forbidden)('that %s knows %s', (_from, _what, path) => {
    expect(result.problems.filter((problem) => problem.startsWith(`${path}:2: `))).not.toEqual([])
  })

  test('nothing else, by its exit status', () => {
    const paths = new Set(result.problems.map((problem) => problem.split(':')[0]))
    expect(paths).toEqual(new Set(forbidden.map(([, , path]) => path)))
    expect(result.status).toBe(1)
  })
})
