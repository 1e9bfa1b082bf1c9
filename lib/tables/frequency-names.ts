/**
 * Frequencies in words.
 *
 * @module
 */
import { DAY, HOUR, MINUTE, SECOND } from './civil'
import type {
  Frequency,
  IrregularFrequency,
  RegularFrequency,
  TimeAxis,
  TimeUnit,
} from './time-axis'

const NAMES: Readonly<Record<TimeUnit, string>> = {
  second: 'second',
  minute: 'minute',
  hour: 'hour',
  day: 'day',
  businessDay: 'business day',
  week: 'week',
  month: 'month',
  quarter: 'quarter',
  year: 'year',
  step: 'step',
}

/** Other words for units, in lower case. Those of pandas are among them. */
const OTHER_NAMES: Readonly<Record<string, TimeUnit>> = {
  ...{ sec: 'second', s: 'second', minutely: 'minute', min: 'minute', t: 'minute' },
  ...{ hourly: 'hour', hr: 'hour', h: 'hour', daily: 'day', d: 'day' },
  ...{ businessday: 'businessDay', 'working day': 'businessDay', weekday: 'businessDay' },
  ...{ b: 'businessDay', weekly: 'week', w: 'week', monthly: 'month', ms: 'month' },
  ...{ quarterly: 'quarter', q: 'quarter', qs: 'quarter', yearly: 'year', annual: 'year' },
  ...{ annually: 'year', y: 'year', ys: 'year', a: 'year', row: 'step' },
}

/** Words for the last days of months, in lower case. */
const END_NAMES: Readonly<Record<string, TimeUnit>> = {
  ...{ m: 'month', me: 'month', 'month end': 'month', qe: 'quarter', 'quarter end': 'quarter' },
  ...{ ye: 'year', 'year end': 'year' },
}

const UNITS: ReadonlyMap<string, Pick<RegularFrequency, 'unit' | 'dayOfMonth'>> = new Map([
  ...Object.entries(NAMES).map(([unit, name]) => [name, { unit: unit as TimeUnit }] as const),
  ...Object.entries(OTHER_NAMES).map(([name, unit]) => [name, { unit }] as const),
  ...Object.entries(END_NAMES).map(([name, unit]) => [name, { unit, dayOfMonth: 31 }] as const),
])

/** What {@link parseFrequency} reads, for messages. */
export const FREQUENCY_EXAMPLES =
  "'day', '15 minutes', 'hour', 'business day', 'week', 'month', 'month end', 'quarter', 'year', 'step' or 'irregular'"

/**
 * A frequency from words, as {@link describeFrequency} writes them: 'day', '15 minutes', 'month end', 'irregular'; also
 * 'daily', 'monthly' and the abbreviations of pandas. undefined: it is none. What the words leave open is left open:
 * the day of the month, and the typical step of irregular times, which is 0.
 */
export function parseFrequency(text: string): Frequency | undefined {
  const words = text.trim().replaceAll(/[\s_-]+/g, ' ')
  if (/^irregular\b/i.test(words)) return { kind: 'irregular', typicalStep: 0 }
  const parts = /^(\d+(?:\.\d+)?)? ?([a-z ]+)$/i.exec(words)
  if (parts === null) return undefined
  const count = Number(parts[1] ?? 1)
  if (/^(millisecond|ms$)/i.test(parts[2]!) && parts[1] !== undefined) {
    return regular({ unit: 'second' }, count / SECOND)
  }
  const name = parts[2]!.toLowerCase()
  const unit = UNITS.get(name) ?? UNITS.get(name.replace(/s$/, ''))
  return unit === undefined ? undefined : regular(unit, count)
}

/** Only seconds may have a fraction, of whole milliseconds. */
function regular(
  unit: Pick<RegularFrequency, 'unit' | 'dayOfMonth'>,
  count: number,
): RegularFrequency | undefined {
  const smallest = unit.unit === 'second' ? 1 / SECOND : 1
  const isWhole = Math.abs(count / smallest - Math.round(count / smallest)) < 1e-6
  return count >= smallest && isWhole ? { kind: 'regular', ...unit, count } : undefined
}

/**
 * A frequency in words: 'day', '15 minutes', 'business day', 'month end', 'irregular, typically 3 hours'.
 *
 * @param kind - that of the time axis; the steps of integers have no unit
 */
export function describeFrequency(
  frequency: Frequency,
  kind: TimeAxis['kind'] = 'instant',
): string {
  if (frequency.kind === 'irregular') return describeIrregular(frequency, kind)
  const { unit, count, dayOfMonth } = frequency
  if (unit === 'second' && !Number.isInteger(count)) {
    return counted(Math.round(count * SECOND), 'millisecond')
  }
  return counted(count, `${NAMES[unit]}${dayOfMonth === 31 ? ' end' : ''}`)
}

function counted(count: number, name: string): string {
  return count === 1 ? name : `${count} ${name}s`
}

const LENGTHS = [
  ['day', DAY],
  ['hour', HOUR],
  ['minute', MINUTE],
  ['second', SECOND],
  ['millisecond', 1],
] as const

function describeIrregular({ typicalStep }: IrregularFrequency, kind: TimeAxis['kind']): string {
  if (!(typicalStep > 0)) return 'irregular'
  if (kind === 'integer') return `irregular, typically ${typicalStep}`
  const [name, length] = LENGTHS.find(([, size]) => typicalStep >= size) ?? ['millisecond', 1]
  const rounded = Number((typicalStep / length).toPrecision(2))
  return `irregular, typically ${rounded} ${name}${rounded === 1 ? '' : 's'}`
}
