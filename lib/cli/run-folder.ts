/**
 * The folder of a training run.
 *
 * @module
 */
import { appendFileSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import * as path from 'node:path'
import { makeFolder, unlessMissing } from '../files'
import type { Forecaster } from '../forecasting/forecaster'
import type { EpochResult, RunResults } from '../forecasting/results'
import { replaceFile } from '../replace-file'
import { epochsCsv, forecastCsv } from './forecast-output'

/** The files of the results, beside the model. */
const RESULTS = ['report.html', 'results.json', 'forecasts.csv', 'epochs.csv'] as const

/** The name of the file that other commands read. */
export const RESULTS_FILE = 'results.json'

/** The files of a run: its results, and while it trains, its checkpoints. */
export class RunFolder {
  readonly #path: string
  #isNew = false
  #goesOn = false

  constructor(folder: string) {
    this.#path = folder
  }

  get path(): string {
    return this.#path
  }

  get model(): string {
    return path.join(this.#path, 'model.safetensors')
  }

  get checkpoints(): string {
    return path.join(this.#path, 'checkpoints')
  }

  get #epochs(): string {
    return path.join(this.checkpoints, 'epochs.jsonl')
  }

  /** Makes the folder. Checkpoints of another training are removed, unless this one goes on from them. */
  async begin(resume: boolean): Promise<void> {
    this.#isNew = await makeFolder(this.#path)
    this.#goesOn = resume
    if (!resume) await this.removeCheckpoints()
  }

  /** The epochs of the training that the checkpoints are from. */
  async epochsBefore(): Promise<readonly EpochResult[]> {
    const text = (await unlessMissing(fs.readFile(this.#epochs, 'utf8'))) ?? ''
    // The last line may be incomplete, if the process was killed.
    const lines = text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line !== '')
    return lines.map((line) => JSON.parse(line) as EpochResult)
  }

  /** Remembers an epoch beside its checkpoint. */
  addEpoch(epoch: EpochResult): void {
    appendFileSync(this.#epochs, `${JSON.stringify(epoch)}\n`)
  }

  async removeCheckpoints(): Promise<void> {
    await fs.rm(this.checkpoints, { recursive: true, force: true })
  }

  /** Removes what {@link begin} made, if nothing was saved. */
  async leaveUnused(): Promise<void> {
    if (!this.#goesOn) await this.removeCheckpoints()
    if (this.#isNew) await fs.rmdir(this.#path).catch(() => undefined)
  }

  /** Saves the model. Results of another one are removed. */
  async saveModel(forecaster: Forecaster): Promise<void> {
    for (const name of RESULTS) await fs.rm(path.join(this.#path, name), { force: true })
    await forecaster.save(this.model)
  }

  /**
   * Writes the files of the results.
   *
   * @returns their paths, and that of the model
   */
  async saveResults(results: RunResults, report: string): Promise<string[]> {
    const { quantiles, forecasts, epochs } = results
    const contents: Readonly<Record<(typeof RESULTS)[number], string>> = {
      'report.html': report,
      'results.json': `${JSON.stringify(results)}\n`,
      'forecasts.csv': forecastCsv({ quantiles, paths: forecasts }),
      'epochs.csv': epochsCsv(epochs),
    }
    for (const name of RESULTS) await replaceFile(path.join(this.#path, name), contents[name])
    return [this.model, ...RESULTS.map((name) => path.join(this.#path, name))]
  }
}
