/**
 * Patterns that select parameters by their names.
 *
 * @module
 */
import { argumentError, describe, quote } from './errors'

/** The name of a parameter, a pattern with `*` for any characters, as 'memory.*' or '*.bias_*', or a list of these. */
export type ParameterPatterns = string | readonly string[]

/**
 * The elements of `names` that the patterns match, in the order of `names`.
 *
 * @param argument - the name of the patterns in messages
 * @param given - unchecked
 * @throws GruError ERR_GRU_TYPE, and ERR_GRU_VALUE if a pattern matches nothing
 */
export function matchParameters(
  argument: string,
  given: unknown,
  names: readonly string[],
): string[] {
  const patterns: unknown[] = Array.isArray(given) ? given : [given]
  const matched = new Set(
    patterns.flatMap((pattern, index) =>
      matchPattern(Array.isArray(given) ? `${argument}[${index}]` : argument, pattern, names),
    ),
  )
  return names.filter((name) => matched.has(name))
}

function matchPattern(argument: string, pattern: unknown, names: readonly string[]): string[] {
  if (typeof pattern !== 'string') {
    const expected = 'the name of a parameter, a pattern of names, or an Array of them'
    throw argumentError('ERR_GRU_TYPE', argument, expected, describe(pattern))
  }
  // A layer may be called '*' too.
  const found = names.includes(pattern) ? [pattern] : names.filter((name) => isMatch(name, pattern))
  if (found.length > 0) return found
  const expected = `one of the parameters ${names.join(', ')}, or a pattern of them with *`
  throw argumentError('ERR_GRU_VALUE', argument, expected, quote(pattern))
}

/** Whether a name begins with the first part of a pattern, ends with the last, and has the others in order between them. */
function isMatch(name: string, pattern: string): boolean {
  const [first, ...parts] = pattern.split('*') as [string, ...string[]]
  const last = parts.pop()
  if (last === undefined) return name === pattern
  let place = first.length
  for (const part of parts) {
    const found = name.indexOf(part, place)
    if (found < 0) return false
    place = found + part.length
  }
  return name.startsWith(first) && name.endsWith(last) && place + last.length <= name.length
}
