/**
 * An option of a command: how it is written on the command line and in a job, and what is valid.
 *
 * @module
 */
import { argumentError, describe, quote } from '../errors'
import { checkNumber, checkOptions, type NumberRange } from '../validate'
import { FaultList } from './fault-list'

/** Checks a value; the argument's name is that by which the user gave it. */
export type Check<T> = (argument: string, value: unknown) => T

/** How the values of an option are written on the command line. */
export interface Form {
  /** What stands for the value in a help text; '' if there is none. */
  readonly placeholder: string
  /** The value of one or more texts: those of an option that was given several times, in their order. */
  readonly read: (texts: readonly string[]) => unknown
  /** The value of the option without a text. Absent: a text is required. */
  readonly bare?: unknown
  /** The value of the option with `no-` before its name. Absent: there is no such form. */
  readonly negative?: unknown
}

/** An option of a command. */
export interface Option<T = unknown> {
  readonly form: Form
  readonly check: Check<T>
  /** The default, in words; '' if there is none. */
  readonly fallback: string
  readonly help: string
}

/** Options by their keys in a job: `horizon`, `model.hiddenSize`. */
export type Options = Readonly<Record<string, Option>>

/** The checked values of options; undefined where an option was not given. */
export type ValuesOf<O extends Options> = {
  readonly [Key in keyof O]?: ReturnType<O[Key]['check']>
}

/** A value as the user gave it. */
export interface Given {
  /** Its name in messages: `--horizon`, or `job.json, horizon`. */
  readonly place: string
  readonly value: unknown
}

/** The name of an option on the command line, without dashes: `hidden-size` for `model.hiddenSize`. */
export function flagOf(key: string): string {
  return lastPart(key).replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** The last part of a key: `hiddenSize` of `model.hiddenSize`. */
export function lastPart(key: string): string {
  return key.slice(key.lastIndexOf('.') + 1)
}

const last = (texts: readonly string[]): string => texts.at(-1)!
const split = (texts: readonly string[]): string[] =>
  texts.flatMap((text) => text.split(',')).map((part) => part.trim())

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i

/** A number, or the text itself if it is none: then the check says so. */
function numberOrText(text: string): number | string {
  return NUMBER.test(text) ? Number(text) : text
}

export function text(placeholder: string): Form {
  return { placeholder, read: last }
}

export const number: Form = { placeholder: 'N', read: (texts) => numberOrText(last(texts)) }

export const numbers: Form = {
  placeholder: 'N,...',
  read: (texts) => split(texts).map(numberOrText),
}

export const names: Form = { placeholder: 'NAME,...', read: split }

export const toggle: Form = {
  placeholder: '',
  read: (texts) => ({ true: true, false: false })[last(texts)] ?? last(texts),
  bare: true,
  negative: false,
}

/** Names, each perhaps with a value: `a,b` or `a=x,b=y`. */
export function pairs(placeholder: string): Form {
  return {
    placeholder,
    read: (texts) => {
      const parts = split(texts)
      if (!parts.some((part) => part.includes('='))) return parts
      return Object.fromEntries(parts.map(pairOf))
    },
  }
}

/** A text for all, or pairs. */
export function textOrPairs(placeholder: string): Form {
  return {
    placeholder,
    read: (texts) => {
      const parts = split(texts)
      return parts.some((part) => part.includes('='))
        ? Object.fromEntries(parts.map(pairOf))
        : last(texts)
    },
  }
}

/** A name may have an equals sign: the value is what follows the last one. */
function pairOf(part: string): readonly [string, string | undefined] {
  const at = part.lastIndexOf('=')
  return at < 0 ? [part, undefined] : [part.slice(0, at), part.slice(at + 1)]
}

/** A text that is not empty. */
export function checkText(argument: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  const code = typeof value === 'string' ? 'ERR_GRU_VALUE' : 'ERR_GRU_TYPE'
  throw argumentError(code, argument, 'a text', describe(value))
}

/** Different names, at least one. A single text is one name. */
export function checkNames(argument: string, value: unknown): readonly string[] {
  const given = typeof value === 'string' ? [value] : value
  const expected = 'a name, or a list of different names'
  if (!Array.isArray(given) || given.length === 0) {
    throw argumentError('ERR_GRU_TYPE', argument, expected, describe(value))
  }
  const wrong = given.find((name) => typeof name !== 'string' || name === '') as unknown
  if (wrong !== undefined) {
    throw argumentError('ERR_GRU_VALUE', argument, expected, `${describe(wrong)} in it`)
  }
  const checked = given as readonly string[]
  const twice = checked.find((name, place) => checked.indexOf(name) !== place)
  if (twice === undefined) return checked
  throw argumentError('ERR_GRU_VALUE', argument, expected, `${quote(twice)} twice`)
}

/** Different numbers, at least one, in increasing order. */
export function checkNumbers(
  argument: string,
  value: unknown,
  range: NumberRange,
): readonly number[] {
  const given: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (given.length === 0) {
    throw argumentError('ERR_GRU_VALUE', argument, 'at least one number', 'none')
  }
  const checked = given.map((number) => checkNumber(argument, number, range))
  const twice = checked.find((number, place) => checked.indexOf(number) !== place)
  if (twice === undefined) return checked.sort((a, b) => a - b)
  throw argumentError('ERR_GRU_VALUE', argument, 'different numbers', `${twice} twice`)
}

/** A plain object whose fields all pass one check. Their faults come together. */
export function checkFields<T>(
  argument: string,
  value: unknown,
  check: Check<T>,
): Readonly<Record<string, T>> {
  const fields = checkOptions(argument, value, namesIn(value))
  const faults = new FaultList()
  const checked = Object.entries(fields).map(([name, field]) => {
    return [name, faults.attempt(() => check(`${argument}.${name}`, field))] as const
  })
  faults.throwIfAny()
  return Object.fromEntries(checked) as Record<string, T>
}

/** The keys of an object; none for other values. */
export function namesIn(value: unknown): readonly string[] {
  return typeof value === 'object' && value !== null ? Object.keys(value) : []
}
