/**
 * Processes that end together with the bench, however it ends. Otherwise a stopped process would
 * stay forever.
 *
 * @module
 */
import type { ChildProcess } from 'node:child_process'

const children = new Set<ChildProcess>()

/** Makes sure that a process ends with the bench. */
export function own<T extends ChildProcess>(child: T): T {
  if (children.size === 0) {
    process.on('exit', endAll)
    for (const signal of SIGNALS) process.on(signal, exit)
  }
  children.add(child)
  child.on('close', () => {
    disown(child)
  })
  return child
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

function disown(child: ChildProcess): void {
  children.delete(child)
  if (children.size > 0) return
  process.off('exit', endAll)
  for (const signal of SIGNALS) process.off(signal, exit)
}

function endAll(): void {
  for (const child of children) child.kill('SIGKILL')
}

function exit(): void {
  process.exit(1)
}
