/**
 * The names of months that dates may have. They are written down here, since asking Intl for them takes longer than loading
 * all of the package, and since its names differ between releases of Node.
 *
 * @module
 */

/** English names, from January. */
export const MONTH_NAMES = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July'],
  ...['August', 'September', 'October', 'November', 'December'],
] as const

/**
 * The names of each month, from January, long and short, in English, German, French, Spanish, Italian, Portuguese and
 * Dutch. They are in lower case and without a point at the end. No two of the languages give one word to two months.
 */
const NAMES_OF_MONTHS = [
  'january jan januar janvier janv enero ene gennaio gen janeiro januari',
  'february feb februar février févr febrero febbraio fevereiro fev februari',
  'march mar märz mär mrz mars marzo março maart mrt',
  'april apr avril avr abril abr aprile',
  'may mai mayo maggio mag maio mei',
  'june jun juni juin junio giugno giu junho',
  'july jul juli juillet juil julio luglio lug julho',
  'august aug août agosto ago augustus',
  'september sep sept septembre septiembre settembre set setembro',
  'october oct oktober okt octobre octubre ottobre ott outubro out',
  'november nov novembre noviembre novembro',
  'december dec dezember dez décembre déc diciembre dic dicembre dezembro',
]

/** The number of each month, from 1, by its names. */
export const MONTHS_BY_NAME: ReadonlyMap<string, number> = new Map(
  NAMES_OF_MONTHS.flatMap((names, index) => names.split(' ').map((name) => [name, index + 1])),
)
