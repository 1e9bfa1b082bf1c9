// Times in words as positions on an axis.

const DAY = 86_400_000
const FORM =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?)?)?|-Q([1-4]))?$/

/**
 * The positions of times: milliseconds if all are dates, the numbers that they end with ('row 17'), or their places in the
 * list.
 */
export function positionsOf(texts) {
  const dates = texts.map(dateOf)
  if (texts.length > 0 && !dates.includes(undefined)) return { kind: 'time', at: dates }
  const numbers = texts.map((text) => /^\D*?(-?\d+)$/.exec(text)?.[1]).map(Number)
  const heads = new Set(texts.map((text) => text.replace(/-?\d+$/, '')))
  if (heads.size === 1 && !numbers.some(Number.isNaN)) return { kind: 'number', at: numbers }
  return { kind: 'place', at: texts.map((_, place) => place) }
}

function dateOf(text) {
  const found = FORM.exec(text)
  if (!found) return undefined
  const [, year, month = '01', day = '01', hour = 0, minute = 0, second = 0, quarter] = found
  const first = quarter === undefined ? Number(month) - 1 : (Number(quarter) - 1) * 3
  const date = new Date(0)
  date.setUTCFullYear(Number(year), first, Number(day))
  return date.setUTCHours(Number(hour), Number(minute), 0, Math.round(Number(second) * 1000))
}

/** Labels of dates, as short as their distance permits. */
export function dateLabels(ticks, distance) {
  let before = ''
  return ticks.map((tick) => {
    const iso = new Date(tick).toISOString()
    if (distance >= 365 * DAY) return iso.slice(0, 4)
    if (distance >= 28 * DAY) return iso.slice(0, 7)
    const day = iso.slice(0, 10)
    if (distance >= DAY) return day
    const time = iso.slice(11, distance >= 60_000 ? 16 : 19)
    const isNew = day !== before
    before = day
    return isNew ? `${time}\n${day}` : time
  })
}

/** The places of a list of times: the first of consecutive ones, or all. */
export function placesOf(places, count) {
  return typeof places === 'number' ? Array.from({ length: count }, (_, i) => places + i) : places
}
