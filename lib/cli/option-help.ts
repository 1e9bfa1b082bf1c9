/**
 * The help text of a command's options.
 *
 * @module
 */
import { flagOf, type Option, type Options } from './option'

/** Options under a heading. */
export interface OptionGroup {
  readonly title: string
  readonly options: Options
}

const WIDTH = 100
const LEFT = 30

/** One entry for each option: how it is written, what it does, and its default. */
export function describeOptions(groups: readonly OptionGroup[]): string {
  return groups
    .map(({ title, options }) => {
      const entries = Object.entries(options).map(([key, option]) => describeOption(key, option))
      return `${title}:\n${entries.join('')}`
    })
    .join('\n')
}

function describeOption(key: string, { form, help, fallback }: Option): string {
  // What may be left out follows without a space: --logarithm[=auto].
  const gap = form.placeholder === '' || form.placeholder.startsWith('[') ? '' : ' '
  const written = `  --${flagOf(key)}${gap}${form.placeholder}`
  const text = fallback === '' ? help : `${help} (default: ${fallback})`
  const [first, ...others] = wrap(text, WIDTH - LEFT)
  // An option that leaves no space before its text has a line of its own.
  const beginning =
    written.length < LEFT - 1 ? written.padEnd(LEFT) : `${written}\n${' '.repeat(LEFT)}`
  return [`${beginning}${first!}`, ...others.map((line) => ' '.repeat(LEFT) + line), ''].join('\n')
}

function wrap(text: string, width: number): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!
    if (line === '') lines[lines.length - 1] = word
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
}
