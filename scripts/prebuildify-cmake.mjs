#!/usr/bin/env node
// Replaces node-gyp when prebuildify builds: it builds with cmake-js and puts the addon where prebuildify looks for it.
// Of node-gyp's arguments only --arch and --debug are used.
//
// A prebuilt addon uses the built-in matrix product: it must load on machines that have no BLAS library.
import { copyFileSync, mkdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { inRoot, packageCommand, run } from './project.mjs'

const { values } = parseArgs({
  strict: false,
  options: { arch: { type: 'string' }, debug: { type: 'boolean' } },
})
const configuration = values.debug ? 'Debug' : 'Release'
const status = run([
  ...packageCommand('cmake-js'),
  ...['rebuild', '--out', inRoot('build', 'prebuild'), '--config', configuration],
  ...(values.arch ? ['--arch', values.arch] : []),
  '--CDGRU_BLAS=OFF',
])
if (status === 0) {
  mkdirSync(inRoot('build', configuration), { recursive: true })
  const addon = 'gru_native.node'
  copyFileSync(
    inRoot('build', 'prebuild', configuration, addon),
    inRoot('build', configuration, addon),
  )
}
process.exitCode = status
