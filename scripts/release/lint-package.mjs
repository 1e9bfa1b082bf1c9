// Looks at the tarballs of a release as publint and "Are the types wrong?" do: whether package.json fits the files, and
// whether the types that a compiler finds are those of the file that Node loads.
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { pathToFileURL } from 'node:url'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { StepError } from '../project.mjs'
import { requireTool } from './tools.mjs'

/** What publint says of a tarball, as sentences. */
async function publintMessages(bytes) {
  const { buffer, byteOffset, byteLength } = bytes
  const tarball = buffer.slice(byteOffset, byteOffset + byteLength)
  const { messages, pkg } = await publint({ pack: { tarball }, strict: true })
  return messages.map((message) => formatMessage(message, pkg, { color: false }))
}

/** For JSON: the trace of a search for a module has many lines. */
const withoutTrace = (key, value) => (key === 'trace' ? undefined : value)

/** What is wrong with the types, for each way to find modules. */
async function typeProblems(bytes) {
  const file = requireTool().resolve('@arethetypeswrong/core')
  const { checkPackage, createPackageFromTarballData } = await import(pathToFileURL(file).href)
  const { types, problems } = await checkPackage(createPackageFromTarballData(bytes))
  if (types === false) return ['no types are found']
  return problems.map((problem) => JSON.stringify(problem, withoutTrace))
}

async function lint(tarball, findings) {
  const found = (await Promise.all(findings.map((find) => find(readFileSync(tarball))))).flat()
  if (found.length === 0) return
  throw new StepError(`${basename(tarball)}:\n  ${found.join('\n  ')}`)
}

/**
 * Fails unless nothing is found in the tarball of gru-native and in those with native parts, which have no types. Returns a
 * line that says which tools looked.
 */
export async function lintPackages(main, native) {
  await lint(main, [publintMessages, typeProblems])
  for (const tarball of native) await lint(tarball, [publintMessages])
  return 'package.json and types: publint and attw find nothing'
}
