// Numbers under a pointer and on axes.

/** A number with the digits that matter beside a range: those of a thousandth of it, and at least three. */
export function formatValue(value, range) {
  if (value === 0) return '0'
  const size = magnitudeOf(value)
  const last = range > 0 ? Math.min(magnitudeOf(range) - 3, size - 2) : size - 5
  return range > 0 ? printed(value, last) : trimmed(printed(value, last))
}

/** The labels of an axis: each exact, all in one notation. */
export function formatTicks(ticks) {
  const present = ticks.filter((tick) => tick !== null && tick !== 0)
  if (present.length === 0) return ticks.map((tick) => (tick === null ? '' : '0'))
  const distances = ticks.slice(1).map((tick, i) => Math.abs(tick - ticks[i]))
  const least = Math.min(...distances.filter((distance) => distance > 0), Math.abs(present.at(-1)))
  const largest = Math.max(...present.map(magnitudeOf))
  const last = magnitudeOf(least) - 1
  if (largest < 6 && last >= -6)
    return ticks.map((tick) => (tick === null ? '' : trimmed(tick.toFixed(Math.max(-last, 0)))))
  return ticks.map((tick) => {
    if (tick === null) return ''
    if (tick === 0) return '0'
    const digits = Math.min(Math.max(magnitudeOf(tick) - last, 0), 15)
    return tick.toExponential(digits).replace(/\.?0*e\+?/, 'e')
  })
}

function printed(value, last) {
  const size = magnitudeOf(value)
  if (size >= -4 && (size < 6 || last <= 0)) return value.toFixed(Math.min(Math.max(-last, 0), 15))
  return value.toExponential(Math.min(Math.max(size - last, 0), 15)).replace('e+', 'e')
}

function trimmed(text) {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

function magnitudeOf(value) {
  return Number(Math.abs(value).toExponential(2).split('e')[1])
}
