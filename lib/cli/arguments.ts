/**
 * The arguments of a command, parsed by Node's own parser.
 *
 * @module
 */
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { argumentError, GruError } from '../errors'

type Options = NonNullable<ParseArgsConfig['options']>
type Parsed<O extends Options> = ReturnType<
  typeof parseArgs<{ options: O; allowPositionals: true; strict: true }>
>

/**
 * Parses the arguments after a command's name.
 *
 * @param names - the names of the arguments that are not options; all of them are required
 * @throws GruError ERR_GRU_VALUE for unknown options, and for too many or too few arguments
 */
export function parseArguments<const O extends Options>(
  args: readonly string[],
  names: readonly string[],
  options: O,
): Parsed<O> {
  const parsed = parse(args, options)
  const { length } = parsed.positionals
  if (length === names.length) return parsed
  const got = length === 0 ? 'none' : parsed.positionals.join(' ')
  throw argumentError('ERR_GRU_VALUE', 'arguments', names.join(' ') || 'none', got)
}

function parse<O extends Options>(args: readonly string[], options: O): Parsed<O> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (cause) {
    const [sentence] = (cause as Error).message.split('. ')
    throw new GruError('ERR_GRU_VALUE', `${String(sentence)} (see gru --help)`, { cause })
  }
}
