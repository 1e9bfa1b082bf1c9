/**
 * The script of a page, joined from the modules in the folder `client`.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import * as path from 'node:path'

/** In an order in which each module comes after those that it imports. */
const MODULES = [
  'format',
  'times',
  'controls',
  'theme',
  'readout',
  'axes',
  'chart',
  'forecast',
  'backtest',
  'horizons',
  'residuals',
  'training',
  'downloads',
  'main',
]

/** One script without imports. The modules share one scope, so their top-level names differ. */
export function clientScript(): string {
  const folder = path.join(__dirname, 'client')
  const texts = MODULES.map((name) => readFileSync(path.join(folder, `${name}.mjs`), 'utf8'))
  return `(() => {\n'use strict'\n${texts.map(withoutModuleSyntax).join('\n')}\n})()`
}

function withoutModuleSyntax(text: string): string {
  return text
    .replace(/^import [^'"]*?['"][^'"]*['"];?$/gm, '')
    .replace(/^export \{\};?$/gm, '')
    .replace(/^export (?=(async )?(function|const|class)\b)/gm, '')
}
