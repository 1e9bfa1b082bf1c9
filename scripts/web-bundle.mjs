// The library as one ES module for browsers and edge runtimes. What it uses of Node is replaced by the modules of lib/web/:
// esbuild refuses a module of Node that none of them replaces.
import path from 'node:path'
import { inRoot } from './project.mjs'

const inWeb = (name) => inRoot('lib', 'web', `${name}.ts`)

/** The modules of Node, and those of lib that are for Node alone. */
const REPLACED = new Map([
  ['node:buffer', inWeb('buffer')],
  ['node:diagnostics_channel', inWeb('diagnostics-channel')],
  ['node:fs', inWeb('fs')],
  ['node:os', inWeb('os')],
  ['node:path', inWeb('path')],
  ['node:timers/promises', inWeb('timers-promises')],
  ['node:util', inWeb('util')],
  [inRoot('lib', 'cuda-plugin'), inWeb('cuda-plugin')],
  [inRoot('lib', 'find-binding'), inWeb('find-binding')],
  [inRoot('lib', 'tables', 'file-source'), inWeb('file-source')],
])

const replaceNode = {
  name: 'replace-node',
  setup({ onResolve }) {
    onResolve({ filter: /^(node:|\.)/ }, ({ path: name, resolveDir }) => {
      const file = REPLACED.get(name.startsWith('.') ? path.join(resolveDir, name) : name)
      return file === undefined ? undefined : { path: file }
    })
  },
}

/** The options of esbuild. The package with the WebAssembly stays a package of its own, which bundlers find. */
export const webBundle = {
  ...{ entryPoints: [inWeb('index')], outfile: inRoot('dist', 'web', 'index.mjs') },
  ...{ bundle: true, platform: 'browser', format: 'esm', target: 'es2022' },
  ...{ minifySyntax: true, minifyWhitespace: true, legalComments: 'none' },
  ...{ external: ['@gru-native/wasm32'], inject: [inWeb('globals')], plugins: [replaceNode] },
}
