/**
 * The options of a Model's layers.
 *
 * @module
 */
import type { GruStackOptions } from './gru-options'
import type { RecurrentStackOptions } from './recurrent-options'

/** Looks each token up in a table [tokens, size], which it learns. */
export interface EmbeddingLayer {
  readonly type: 'embedding'
  /** An input of tokens. */
  readonly input: string
  /** Values that stand for a token. */
  readonly size: number
}

/** What recurrent layers of every cell read. */
interface RecurrentInputs {
  /** A sequence of values. */
  readonly input: string
  /**
   * A layer with one row for each sequence. A row is the hidden state before the first step: numLayers * D * hiddenSize
   * values, first those of the first layer, and in each layer forward before reverse. D is 2 for `bidirectional` and 1
   * otherwise. A sequence without steps has no row and starts from 0. Default: all sequences start from 0. An LSTM's cell
   * state always starts from 0.
   */
  readonly initialState?: string | undefined
}

/** A stack of GRU layers. Its values are the states of the top layer, of both directions if there are two. */
export interface GruLayer extends Omit<GruStackOptions, 'batchFirst'>, RecurrentInputs {
  readonly type: 'gru'
}

/** A stack of LSTM layers. Its values are the hidden states of the top layer, of both directions if there are two. */
export interface LstmLayer extends Omit<RecurrentStackOptions, 'batchFirst'>, RecurrentInputs {
  readonly type: 'lstm'
}

/** The function that a layer applies to each of its values at the end: relu(x) = max(x, 0). */
export type Activation = 'none' | 'relu' | 'tanh' | 'sigmoid'

/** activation(W x + b) for each row. */
export interface LinearLayer {
  readonly type: 'linear'
  readonly input: string
  /** Values of a row. */
  readonly size: number
  /** Default 'none'. */
  readonly activation?: Activation | undefined
}

/**
 * In training it sets values to 0 at random and multiplies the others by 1 / (1 - probability). In inference it does
 * nothing.
 */
export interface DropoutLayer {
  readonly type: 'dropout'
  readonly input: string
  /** Probability with which each value becomes 0, from 0 to less than 1, also as float32. */
  readonly probability: number
}

/** weight * (x - mean) / sqrt(variance + 1e-5) + bias, over the values of each row, with the biased variance. */
export interface LayerNormLayer {
  readonly type: 'layerNorm'
  readonly input: string
}

/** The values of several inputs or layers side by side, in this order. */
export interface ConcatLayer {
  readonly type: 'concat'
  /** Two or more, with the same rows: the inputs that they are computed from have the same steps and lengths. */
  readonly inputs: readonly string[]
}

/** The sum of several inputs or layers. */
export interface AddLayer {
  readonly type: 'add'
  /** Two or more, with the same rows and the same number of values in a row. */
  readonly inputs: readonly string[]
}

/** One row for each sequence. A sequence without steps has no row: its predictions are 0 and do not count in a loss. */
export interface SelectLayer {
  readonly type: 'select'
  /** A sequence of values. */
  readonly input: string
  /**
   * 'last', the default: for a recurrent layer the final state of its top layer, forward then reverse; for any other
   * input the row of the last valid step. 'mean': the mean of the rows of all valid steps.
   */
  readonly step?: 'last' | 'mean' | undefined
}

/** What attention of every score reads. */
interface AttentionInputs {
  readonly type: 'attention'
  /** A sequence, or one row for each sequence. Attention computes one row for each of its rows. */
  readonly query: string
  /** A sequence of values, whose rows are averaged. Its steps and lengths may differ from those of the query. */
  readonly memory: string
}

/**
 * For each row s of the query: the mean of the rows E_i that the same sequence has in the memory, weighted by
 * softmax(e); 0 if it has no rows there. The score e_i says how well E_i fits s (Bahdanau et al. 2015, Vaswani et al. 2017):
 *
 *     additive          e_i = score . tanh(W_q s + W_k E_i)
 *     scaledDotProduct  e_i = (W_q s) . E_i / sqrt(width of E_i)
 */
export type AttentionLayer =
  | (AttentionInputs & {
      readonly score: 'additive'
      /** Values that W_q and W_k map s and E_i to. */
      readonly size: number
    })
  | (AttentionInputs & {
      /** Default 'scaledDotProduct'. */
      readonly score?: 'scaledDotProduct' | undefined
    })

/** A layer of a Model. */
export type LayerOptions =
  | EmbeddingLayer
  | GruLayer
  | LstmLayer
  | LinearLayer
  | DropoutLayer
  | LayerNormLayer
  | ConcatLayer
  | AddLayer
  | SelectLayer
  | AttentionLayer

/** Options without a default: leaving one out has its own meaning. */
type Optional = 'initialState'

/** A layer with every default filled in. */
export type ResolvedLayer = Filled<LayerOptions>

type Filled<T> = T extends unknown
  ? {
      readonly [K in keyof T as K extends Optional ? never : K]-?: Exclude<T[K], undefined>
    } & { readonly [K in keyof T as K extends Optional ? K : never]: T[K] }
  : never
