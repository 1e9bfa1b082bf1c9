/**
 * The figures of a run of a driver. Latencies are those of the requests that were accepted.
 */
import process from 'node:process'

export function figuresOf(answers, begin) {
  const seconds = (performance.now() - begin) / 1000
  const accepted = answers.filter(({ isAccepted }) => isAccepted)
  const sorted = accepted.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b)
  const quantile = (q) => sorted[Math.floor(q * (sorted.length - 1))]
  const { user, system } = process.cpuUsage()
  return {
    rate: accepted.length / seconds,
    refusedRate: (answers.length - accepted.length) / seconds,
    p50: quantile(0.5),
    p99: quantile(0.99),
    /** Cores that the driver took. */
    driver: (user + system) / 1e6 / seconds,
  }
}
