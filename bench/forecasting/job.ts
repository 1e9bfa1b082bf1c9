/**
 * The work of a process of the bench of forecasting, and what it answers.
 *
 * @module
 */
import type { Contender } from 'gru-native/forecasting/results'

export type Cell = 'gru' | 'lstm'

export interface ForecastingJob {
  /**
   * - 'train': trains and evaluates.
   * - 'samples': writes the samples of the training and the validation part into the folder.
   * - 'judge': evaluates a network with the parameters that are in the folder.
   */
  readonly way: 'train' | 'samples' | 'judge'
  /** A file of a table, or of an array of rows in JSON. */
  readonly file: string
  readonly target: string
  readonly horizon: number
  readonly columns?: readonly string[] | undefined
  /** The LSTM has the hidden size with which it has nearly as many parameters as the default GRU. */
  readonly cell: Cell
  readonly seed: number
  readonly folder: string
}

/** How a network was trained. */
export interface Training {
  readonly epochs: number
  /** 0: the initial parameters were the best ones. */
  readonly bestEpoch: number
  readonly validationLoss: number
  /** Of all epochs, with the validation after each. */
  readonly seconds: number
}

/** The errors on the test part. */
export interface Judgement {
  readonly parameters: number
  /** The model, then the baselines, without the errors by horizon and series. */
  readonly contenders: readonly Pick<Contender, 'name' | 'scores'>[]
}

export interface Trained extends Training, Judgement {
  /** What there is to learn from; the same for all contenders. */
  readonly step: string
  readonly rows: number
  readonly series: number
  readonly window: number
  readonly seasons: readonly number[]
  readonly difference: string
  readonly windows: number
}

/** The samples' shapes, the network and its training, for another framework. */
export interface SamplesJob {
  readonly folder: string
  readonly threads: number
  readonly seed: number
  readonly parts: Readonly<Record<'training' | 'validation', number>>
  readonly window: number
  readonly horizon: number
  readonly targets: number
  readonly pastWidth: number
  readonly futureWidth: number
  /** 0: the network has no vectors of series. */
  readonly tokens: number
  readonly hiddenSize: number
  readonly quantiles: readonly number[]
  readonly epochs: number
  readonly batch: number
  readonly patience: number
  readonly learningRate: number
  readonly weightDecay: number
  readonly clipNorm: number
  /** In the order in which the trained ones are written. */
  readonly parameters: readonly { readonly name: string; readonly count: number }[]
}
