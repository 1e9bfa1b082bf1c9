/**
 * Alternating measurements: one round of every lane, then the next round, so that disturbances of the machine affect
 * all lanes equally.
 *
 * @module
 */

/** One thing that is measured together with others. */
export interface Lane {
  /** Works for some seconds. Returns a first figure. */
  readonly warm: (seconds: number) => Promise<number>
  /** Measures for some seconds. */
  readonly round: (seconds: number) => Promise<number>
}

export interface Settings {
  readonly rounds: number
  readonly roundSeconds: number
  readonly warmSeconds: number
  /** A lane with long calls gets fewer rounds, at least one, to stay within this time. */
  readonly laneSeconds: number
}

export const FULL: Settings = { rounds: 9, roundSeconds: 0.2, warmSeconds: 0.3, laneSeconds: 20 }
export const QUICK: Settings = { rounds: 2, roundSeconds: 0.02, warmSeconds: 0.02, laneSeconds: 1 }

/** The figures of a lane, one for each round, or the error that ended it. */
export type LaneResult = readonly number[] | Error

/** Warms up every lane, then measures them alternately. A lane that fails is not measured further. */
export async function measureInTurn(
  lanes: readonly Lane[],
  settings: Settings,
): Promise<LaneResult[]> {
  const runs = lanes.map((lane) => new LaneRun(lane))
  for (const run of runs) await run.warm(settings)
  for (let round = 0; round < settings.rounds; round++) {
    // Each round begins with another lane.
    for (let turn = 0; turn < runs.length; turn++) {
      await runs[(round + turn) % runs.length]!.round(round, settings)
    }
  }
  return runs.map(({ result }) => result)
}

class LaneRun {
  readonly #lane: Lane
  readonly #figures: number[] = []
  #error: Error | undefined
  #spentSeconds = 0

  constructor(lane: Lane) {
    this.#lane = lane
  }

  get result(): LaneResult {
    return this.#error ?? this.#figures
  }

  async warm({ warmSeconds }: Settings): Promise<void> {
    await this.#attempt(() => this.#lane.warm(warmSeconds))
  }

  async round(round: number, { roundSeconds, laneSeconds }: Settings): Promise<void> {
    if (round > 0 && this.#spentSeconds > laneSeconds) return
    const figure = await this.#attempt(() => this.#lane.round(roundSeconds))
    if (figure !== undefined) this.#figures.push(figure)
  }

  async #attempt(work: () => Promise<number>): Promise<number | undefined> {
    if (this.#error !== undefined) return undefined
    const start = performance.now()
    try {
      return await work()
    } catch (error) {
      this.#error = error as Error
      return undefined
    } finally {
      this.#spentSeconds += (performance.now() - start) / 1000
    }
  }
}
