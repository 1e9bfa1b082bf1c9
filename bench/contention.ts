/**
 * Measures the project while as many other processes are busy as there are cores: threads that wait for each other must
 * not become very slow.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import type { Mode } from './cases'
import { own } from './children'
import type { Contenders } from './contenders'
import { enter, laneOf, type PreparedCase } from './lanes'
import type { ContentionMeasurement } from './results'
import { type Lane, measureInTurn, type Settings } from './rounds'

/** Processes that compute until they are stopped. */
class BusyProcesses {
  readonly #processes: ChildProcess[]

  constructor(count: number) {
    this.#processes = Array.from({ length: count }, () =>
      own(spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' })),
    )
    this.#signal('SIGSTOP')
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#signal('SIGCONT')
    try {
      return await work()
    } finally {
      this.#signal('SIGSTOP')
    }
  }

  end(): void {
    this.#signal('SIGKILL')
  }

  #signal(signal: NodeJS.Signals): void {
    for (const process of this.#processes) process.kill(signal)
  }
}

export async function measureContention(
  { project }: Contenders,
  prepared: PreparedCase,
  mode: Mode,
  threads: number,
  settings: Settings,
): Promise<ContentionMeasurement> {
  const busy = new BusyProcesses(availableParallelism())
  const entries = []
  try {
    for (const count of [1, threads]) entries.push(await enter(project, prepared, mode, count))
    const [alone, contended] = entries.map((entry) => {
      if (entry.kind !== 'ready') throw new Error(`${prepared.case.name}: ${entry.reason}`)
      return laneOf(entry.process)
    })
    const besideBusy: Lane = {
      warm: (seconds) => busy.during(() => contended!.warm(seconds)),
      round: (seconds) => busy.during(() => contended!.round(seconds)),
    }
    const [first, second] = await measureInTurn([alone!, besideBusy], settings)
    if (first instanceof Error) throw first
    if (second instanceof Error) throw second
    return { case: prepared.case.name, mode, threads, alone: first!, contended: second! }
  } finally {
    busy.end()
    for (const entry of entries) if (entry.kind === 'ready') entry.process.end()
  }
}
