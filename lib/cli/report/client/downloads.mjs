// The numbers of the page as CSV files.
import { element } from './controls.mjs'
import { placesOf } from './times.mjs'

/** A cell of a CSV file. Text that a spreadsheet would take for a formula gets an apostrophe in front. */
function csvCell(value) {
  if (value == null) return ''
  if (typeof value === 'number') return String(value)
  const safe = /^\s*[=+\-@]|^[\t\r\n]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

function csvOf(rows) {
  return rows.map((row) => `${row.map(csvCell).join(',')}\r\n`).join('')
}

function forecastsCsv({ forecasts, targets, series, quantiles, times }) {
  const rows = forecasts.flatMap((forecast) => {
    const places = placesOf(forecast.places, forecast.quantiles[0].length)
    return places.map((place, step) => [
      series[forecast.series],
      targets[forecast.target].name,
      times[place],
      step + 1,
      ...forecast.quantiles.map((values) => values[step]),
    ])
  })
  const heads = ['series', 'target', 'time', 'step', ...quantiles.map((q) => `quantile ${q}`)]
  return csvOf([heads, ...rows])
}

function epochsCsv({ epochs: { columns } }) {
  const names = Object.keys(columns)
  const rows = columns.epoch.map((_, i) => names.map((name) => columns[name][i]))
  return csvOf([names, ...rows])
}

export function startDownloads(host, data) {
  const link = (name, text) => {
    const url = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }))
    return element('a', { href: url, download: name }, name)
  }
  host.replaceChildren(
    link('forecasts.csv', forecastsCsv(data)),
    ' ',
    link('epochs.csv', epochsCsv(data)),
  )
}
