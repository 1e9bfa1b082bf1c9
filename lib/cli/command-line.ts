/**
 * Reads the arguments of a command by the list of its options. Node's own parser tells options and values apart.
 *
 * @module
 */
import { parseArgs } from 'node:util'
import { argumentError, quote } from '../errors'
import { meantOption } from '../hints'
import type { FaultList } from './fault-list'
import { flagOf, lastPart, type Form, type Given, type Option, type Options } from './option'
import type { ValuesOf } from './option'

/** The arguments of a command. */
export interface CommandLine {
  readonly positionals: readonly string[]
  /** By the keys of the options. */
  readonly given: ReadonlyMap<string, Given>
}

/** An option as the parser reports it. */
interface OptionToken {
  readonly name: string
  readonly rawName: string
  readonly value?: string | undefined
  readonly inlineValue?: boolean | undefined
}

/** Reads the arguments after a command's name. Unknown options and missing values go to the list of faults. */
export function readCommandLine(
  args: readonly string[],
  options: Options,
  faults: FaultList,
): CommandLine {
  const keys = new Map(Object.keys(options).map((key) => [flagOf(key), key]))
  const positionals: string[] = []
  const texts = new Map<string, string[]>()
  const given = new Map<string, Given>()
  for (const token of tokensOf(args, keys, options)) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    faults.attempt(() => {
      const { key, place, negative } = nameOf(token, keys, options)
      const { form } = options[key]!
      const value = negative ? form.negative : valueOf(token, form, texts, key)
      given.set(key, { place, value })
    })
  }
  return { positionals, given }
}

function tokensOf(
  args: readonly string[],
  keys: ReadonlyMap<string, string>,
  options: Options,
): ReturnType<typeof parse>['tokens'] {
  const typed = [...keys].map(([flag, key]) => {
    return [flag, { type: takesText(options[key]!) ? 'string' : 'boolean' } as const] as const
  })
  return parse(args, Object.fromEntries(typed)).tokens
}

/** Not strict: its faults come one by one, and it takes a negative number for an option. */
function parse(
  args: readonly string[],
  options: Record<string, { readonly type: 'string' | 'boolean' }>,
) {
  return parseArgs({
    args: [...args],
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
}

function takesText({ form }: Option): boolean {
  return !('bare' in form)
}

function nameOf(
  { name, rawName }: OptionToken,
  keys: ReadonlyMap<string, string>,
  options: Options,
): { readonly key: string; readonly place: string; readonly negative: boolean } {
  const place = `--${name}`
  const key = keys.get(name)
  if (key !== undefined && rawName === place) return { key, place, negative: false }
  const positive = name.startsWith('no-') ? keys.get(name.slice('no-'.length)) : undefined
  if (positive !== undefined && 'negative' in options[positive]!.form) {
    return { key: positive, place, negative: true }
  }
  const hint = meantFlag(name, [...keys.values()])
  const got = `${quote(rawName)}${hint === undefined ? '' : ` (did you mean --${hint}?)`}`
  throw argumentError('ERR_GRU_VALUE', 'options', 'only those that --help lists', got)
}

function meantFlag(name: string, keys: readonly string[]): string | undefined {
  const parts = keys.map(lastPart)
  const meant = meantOption(name, parts)
  return meant === undefined || !parts.includes(meant) ? undefined : flagOf(meant)
}

function valueOf(
  { name, value, inlineValue }: OptionToken,
  form: Form,
  texts: Map<string, string[]>,
  key: string,
): unknown {
  if (value === undefined && 'bare' in form) return form.bare
  // The parser takes whatever follows: another option may stand where the value is missing.
  if (value === undefined || (inlineValue === false && /^--?[a-z]/i.test(value))) {
    const expected = `a value, as in --${name} ${form.placeholder}`
    const got = value === undefined ? 'nothing' : `the option ${value}`
    throw argumentError('ERR_GRU_VALUE', `--${name}`, expected, got)
  }
  const all = [...(texts.get(key) ?? []), value]
  texts.set(key, all)
  return form.read(all)
}

/** Checks all values that were given. Their faults go to the list. */
export function checkGiven<O extends Options>(
  options: O,
  given: ReadonlyMap<string, Given>,
  faults: FaultList,
): ValuesOf<O> {
  const checked = Object.entries(options).flatMap(([key, { check }]) => {
    const one = given.get(key)
    return one === undefined
      ? []
      : [[key, faults.attempt(() => check(one.place, one.value))] as const]
  })
  return Object.fromEntries(checked) as ValuesOf<O>
}

/** Checks the number of arguments that are not options: one for each name. */
export function checkPositionals(
  positionals: readonly string[],
  names: readonly string[],
  faults: FaultList,
): void {
  if (positionals.length === names.length) return
  const expected = names.join(' ') || 'none'
  const got = positionals.length === 0 ? 'none' : positionals.join(' ')
  faults.add(argumentError('ERR_GRU_VALUE', 'arguments', expected, got))
}
