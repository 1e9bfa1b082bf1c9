/**
 * The options of a GRU stack, for the layer and the sequence model.
 *
 * @module
 */
import type { NativeGruOptions } from '../binding'
import {
  RECURRENT_STACK_KEYS,
  type RecurrentStackOptions,
  resolveRecurrentStack,
  type Unchecked,
} from './recurrent-options'
import { checkBoolean, checkOneOf } from './validate'

/** How z mixes the old state h with the candidate n. */
export type UpdateGate = 'retain' | 'replace'

/** A stack of GRU layers, with PyTorch's names and defaults. */
export interface GruStackOptions extends RecurrentStackOptions {
  /**
   * Where the reset gate r acts. True, the default (PyTorch, cuDNN, Keras 3): n = tanh(W_n x + b_in + r * (U_n h +
   * b_hn)).
   * False (Cho et al. 2014, ONNX's default): n = tanh(W_n x + b_in + U_n (r * h) + b_hn).
   */
  readonly resetAfter?: boolean | undefined
  /**
   * 'retain', the default (every framework): h' = z * h + (1 - z) * n. 'replace' (Cho et al. as usually taught):
   * h' = (1 - z) * h + z * n.
   */
  readonly updateGate?: UpdateGate | undefined
}

export const GRU_STACK_KEYS = [...RECURRENT_STACK_KEYS, 'resetAfter', 'updateGate'] as const

/** {@link GruStackOptions} with every default filled in. */
export type ResolvedGruStack = Readonly<Omit<NativeGruOptions, 'inputSize'>>

const UPDATE_GATES = ['retain', 'replace'] as const

/** The results of {@link resolveGruStack}. */
const resolvedStacks = new WeakSet()

function isResolved(given: object): given is ResolvedGruStack {
  return resolvedStacks.has(given)
}

/**
 * Checks the options of a stack and fills in the defaults. A result of an earlier call, such as a file's options, is
 * returned unchanged.
 *
 * @param prefix - the text before each option's name in messages: '', 'gru.' or 'layers.memory.'
 */
export function resolveGruStack(
  prefix: string,
  given: Unchecked<(typeof GRU_STACK_KEYS)[number]>,
): ResolvedGruStack {
  if (isResolved(given)) return given
  const { resetAfter = true, updateGate = 'retain' } = given
  const resolved = Object.freeze({
    ...resolveRecurrentStack(prefix, given),
    resetAfter: checkBoolean(`${prefix}resetAfter`, resetAfter),
    updateGate: checkOneOf(`${prefix}updateGate`, updateGate, UPDATE_GATES),
  })
  resolvedStacks.add(resolved)
  return resolved
}
