// Checks that dependencies point one way only: lib -> binding.d.ts -> native/binding -> train -> model -> layers ->
// device -> base, and a device's own folder -> device. ARCHITECTURE.md describes the parts; this script has the rules.
//
//   node scripts/check-directions.mjs [FOLDER]     the checkout by default; a test gives others
//
// Prints one line for each source line that breaks a rule. The exit status is 1 if there is one.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join, posix, relative, sep } from 'node:path'
import process from 'node:process'
import ts from 'typescript'
import { root as checkout } from './project.mjs'

/** The folders of the engine. Each may use itself and the folders that it lists. ARCHITECTURE.md shows them. */
const ENGINE = {
  base: [],
  reference: ['base'],
  device: ['base'],
  layers: ['device', 'base'],
  model: ['layers', 'device', 'base'],
  train: ['model', 'layers', 'device', 'base'],
}
const engine = Object.keys(ENGINE)
const headersIn = (...folders) => new RegExp(`^(${folders.join('|')})/`)
const TEST = /(_test\.cc|[/_]testing\.h|\/testing\/.*)$/

/** What the C++ files of a part may include by "path". The first row that matches a file applies to it. */
const NATIVE_PARTS = [
  // The shared code of the tests of every device.
  { files: /^native\/testing\//, may: [headersIn(...engine, 'testing')] },
  // It replaces CUDA's own headers, and like them knows nothing of the project.
  { files: /^native\/cuda\/emulator\//, may: [/^\w+\.h$/] },
  ...engine.flatMap((folder) => [
    {
      files: testsIn(folder),
      may: [headersIn(folder, ...ENGINE[folder], 'testing')],
    },
    { files: new RegExp(`^native/${folder}/`), may: [headersIn(folder, ...ENGINE[folder])] },
  ]),
  ...['cpu', 'cuda'].flatMap((folder) => [
    { files: testsIn(folder), may: [headersIn(...engine, 'testing', folder)] },
    { files: new RegExp(`^native/${folder}/`), may: [headersIn('base', 'device', folder)] },
  ]),
  // They know nothing of Node.
  { files: testsIn('binding'), may: [headersIn(...engine, 'testing', 'binding', 'cpu')] },
  // What the binding and the C++ library need in WebAssembly, in place of files for Node and an operating system.
  { files: /^native\/wasm\//, may: [headersIn('binding')] },
  // The only part that uses the engine, its devices and Node together.
  {
    files: /^native\/binding\//,
    may: [
      headersIn('binding', ...engine, 'cpu'),
      /^cuda\/plugin\.h$/,
      /^(napi|node_api)\.h$/,
      /^node_functions\.inc$/,
    ],
  },
]

function testsIn(folder) {
  return { test: (file) => file.startsWith(`native/${folder}/`) && TEST.test(file) }
}

/** Headers and facilities that only the listed files may use. */
const RESERVED = [
  {
    what: 'Node-API',
    pattern: /^\s*#\s*include\s*[<"](js_)?(napi|node_api|node|v8|uv)\b/,
    only: /^native\/binding\//,
  },
  {
    what: 'cblas.h',
    pattern: /^\s*#\s*include\s*[<"][\w/]*(cblas|openblas\w*)\.h/,
    only: /^native\/cpu\/products\/blas\.cc$/,
  },
  {
    what: 'a compute thread',
    pattern: /\bstd::(j?thread\b(?!::)|async\b)|\bpthread_create\b/,
    only: /^native\/(cpu\/threads\/threads\.(h|cc)|binding\/executor_threads\.cc|wasm\/single_thread\.cc|cuda\/emulator\/.*|.*_test\.cc)$/,
  },
  {
    what: 'doctest',
    pattern: /^\s*#\s*include\s*[<"](doctest\/)?doctest\.h/,
    only: TEST,
  },
  // The engine does not depend on an operating system: its <headers> are only those of the standard library, and
  // in tests doctest.
  {
    what: 'a system header',
    pattern: /^\s*#\s*include\s*<(?!doctest\.h>)[^>]*[./][^>]*>/,
    only: new RegExp(`^native/(?!(${engine.join('|')})/)`),
  },
]

/** Packages that lib may import, and in which files. Node's own modules may be imported everywhere. */
const PACKAGES = {
  '@gru-native/wasm32': /^lib\/web\/find-binding\.ts$/,
  buffer: /^lib\/web\/buffer\.ts$/,
  'detect-libc': /^lib\/platform\.ts$/,
  'cli-progress': /^lib\/cli\//,
  'csv-parse': /^lib\/formats\/csv-records\.ts$/,
  hyparquet: /^lib\/formats\/parquet\.ts$/,
  uplot: /^lib\/cli\/report\/uplot\.ts$/,
}

/** Folders of lib that stand above the rest, and which files may import from them. */
const UPPER_FOLDERS = [
  { folder: 'lib/web/', from: /^lib\/web\// },
  { folder: 'lib/cli/', from: /^lib\/cli\// },
  { folder: 'lib/forecasting/', from: /^lib\/(forecasting\/|cli\/|index\.ts$)/ },
  { folder: 'lib/tables/', from: /^lib\/(tables\/|forecasting\/|cli\/|index\.ts$)/ },
  { folder: 'lib/batching/', from: /^lib\/(batching\/|index\.ts$)/ },
]

const withoutComments = (text) =>
  text.replaceAll(/\/\*[^]*?\*\/|\/\/[^\n]*/g, (comment) => comment.replaceAll(/[^\n]/g, ' '))

function checkNative(file, text) {
  const part = NATIVE_PARTS.find(({ files }) => files.test(file))
  if (!part) return [`${file}: belongs to no part of native/ that the rules name`]
  const allowed = (header) => part.may.some((rule) => rule.test(header))
  return withoutComments(text)
    .split('\n')
    .flatMap((line, index) => {
      const place = `${file}:${index + 1}`
      const header = /^\s*#\s*include\s*"([^"]+)"/.exec(line)?.[1]
      const reserved = RESERVED.filter(
        ({ pattern, only }) => pattern.test(line) && !only.test(file),
      )
      return [
        ...(header && !allowed(header) ? [`${place}: may not include "${header}"`] : []),
        ...reserved.map(({ what }) => `${place}: ${what} is not for this file`),
      ]
    })
}

/** Every module that a TypeScript file imports in any form, and whether only for its types. */
function importsOf(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const found = []
  const add = (node, specifier, typeOnly) => {
    if (!specifier || !ts.isStringLiteralLike(specifier)) return
    const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1
    found.push({ line, module: specifier.text, typeOnly })
  }
  const visit = (node) => {
    if (ts.isImportDeclaration(node))
      add(node, node.moduleSpecifier, node.importClause?.isTypeOnly === true)
    else if (ts.isExportDeclaration(node)) add(node, node.moduleSpecifier, node.isTypeOnly)
    else if (ts.isExternalModuleReference(node)) add(node, node.expression, false)
    else if (ts.isImportTypeNode(node)) add(node, node.argument.literal, true)
    else if (
      ts.isCallExpression(node) &&
      /^(import|require|require\.resolve)$/.test(node.expression.getText())
    )
      add(node, node.arguments[0], false)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** The fault of an import, or undefined. */
function importProblem(file, { module, typeOnly }) {
  if (!module.startsWith('.')) {
    if (builtinModules.includes(module.replace(/^node:/, ''))) return undefined
    const name = Object.keys(PACKAGES).find(
      (known) => module === known || module.startsWith(`${known}/`),
    )
    if (!name) return `package "${module}" is not one that lib may use`
    return PACKAGES[name].test(file) ? undefined : `"${module}" is not for this file`
  }
  const target = posix.join(posix.dirname(file), module)
  if (target === 'binding')
    return typeOnly ? undefined : 'binding.d.ts holds types: use `import type`'
  if (!target.startsWith('lib/')) return `may not import "${module}" from outside lib`
  const upper = UPPER_FOLDERS.find(({ folder }) => target.startsWith(folder))
  return upper && !upper.from.test(file) ? `"${module}" is not for this file` : undefined
}

function checkLib(file, text) {
  return importsOf(file, text).flatMap((imported) => {
    const problem = importProblem(file, imported)
    return problem ? [`${file}:${imported.line}: ${problem}`] : []
  })
}

const AREAS = [
  { folder: 'native', files: /\.(cc|h|cu|cuh)$/, check: checkNative },
  { folder: 'lib', files: /\.ts$/, check: checkLib },
]

function problemsIn(root) {
  return AREAS.flatMap(({ folder, files, check }) => {
    if (!statSync(join(root, folder), { throwIfNoEntry: false })) return []
    return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && files.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .flatMap((path) =>
        check(relative(root, path).split(sep).join('/'), readFileSync(path, 'utf8')),
      )
  })
}

const problems = problemsIn(process.argv[2] ?? checkout)
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1
else console.log('dependencies point the right way')
