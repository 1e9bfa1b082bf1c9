import { readFileSync } from 'node:fs'
import { addonPath } from '../support/addon'

// Electron has the functions of Node-API, but none that give JavaScript memory from outside V8's cage. It may have
// another libuv and V8 than Node.

/** The names in the addon's tables of symbols that begin as those of Node, V8 and libuv do. */
function hostSymbols(): string[] {
  const text = readFileSync(addonPath, 'latin1')
  const names = text.matchAll(/\0_?((?:napi|node_api|uv)_\w+|_ZNK?(?:2v8|4node)\w+)(?=\0)/g)
  return [...new Set([...names].map(([, name]) => name!))]
}

test('the addon uses Node-API alone, and nothing of it that Electron refuses', () => {
  const symbols = hostSymbols()
  expect(symbols).toEqual(expect.arrayContaining(['napi_create_arraybuffer', 'napi_define_class']))
  expect(symbols.filter((name) => !/^(napi|node_api)_/.test(name))).toEqual([])
  expect(symbols.filter((name) => name.includes('create_external'))).toEqual([])
})
