/**
 * uPlot, which draws the charts of a page: its program, style and licence as text.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import * as path from 'node:path'
import { GruError } from '../../errors'

/** The parts of uPlot that a page contains. */
export interface Uplot {
  /** Defines the global variable `uPlot`. The licence comes first, as a comment. */
  readonly script: string
  readonly style: string
}

/**
 * Reads the installed package.
 *
 * @throws GruError ERR_GRU_LOAD if it is not installed; the message has the command that installs it
 */
export function readUplot(): Uplot {
  try {
    const folder = path.dirname(require.resolve('uplot/package.json'))
    const read = (...names: string[]): string => readFileSync(path.join(folder, ...names), 'utf8')
    return {
      script: `/*!\nuPlot\n${read('LICENSE')}\n*/\n${read('dist', 'uPlot.iife.min.js')}`,
      style: read('dist', 'uPlot.min.css'),
    }
  } catch (cause) {
    const message = 'the report needs the package uplot: npm install uplot'
    throw new GruError('ERR_GRU_LOAD', message, { cause })
  }
}
