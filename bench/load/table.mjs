/**
 * The table of figures.
 */
const COLUMNS = {
  connections: 0,
  rate: 0,
  refusedRate: 0,
  p50: 2,
  p99: 2,
  service: 2,
  driver: 2,
}
const HEADS = ['connections', 'accepted/s', 'refused/s', 'p50', 'p99', 'service', 'driver']

const line = (name, cells) =>
  console.log(name.padEnd(17) + cells.map((cell) => cell.padStart(12)).join(''))

export function printHead({ about }) {
  console.log(`\n${about}; latencies in ms; service and driver: the cores that they took`)
  line('', HEADS)
}

export function printRow(name, figures) {
  const cells = Object.entries(COLUMNS).map(([key, digits]) => figures[key].toFixed(digits))
  line(name, cells)
}
