/**
 * The model from sequence to sequence.
 *
 * @module
 */
import type { NativeDecoder, NativeDecoderOptions } from '../binding'
import { abortable } from './abort'
import { namedForm } from './batch-forms'
import { BaseModel, loadModel, type LoadOptions, MODEL_OPTION_KEYS, openModel } from './base-model'
import { markClass } from './copy'
import type { ModelTrainingSequence } from './data'
import { fixProperties } from './fixed-properties'
import type { FileSource } from './formats/open-bytes'
import type { GraphModel } from './graph-model'
import type { ModelInput } from './model-batch'
import type { ModelKind } from './model-file'
import { native } from './native'
import type { DeviceOptions, ResolvedDevice } from './recurrent-options'
import {
  checkSeq2Seq,
  HEAD,
  type ResolvedSeq2SeqArchitecture,
  SEQ2SEQ_KEYS,
  type Seq2SeqArchitecture,
  SOURCE,
  TARGET,
  warnOfStacks,
} from './seq2seq-options'
import {
  checkDecoderSession,
  checkDecoderSessionSync,
  checkTranslate,
  checkTranslateSync,
  type DecoderSessionOptions,
  type DecoderSessionSyncOptions,
  type TranslateOptions,
  type TranslateSyncOptions,
  type Translation,
} from './translation'
import { DecoderSession } from './session'
import { SessionCore, type SteppedPart } from './session-core'
import { checkInt32Array, checkOptions } from './validate'

/** What a {@link Seq2Seq} is made of. */
export interface Seq2SeqOptions extends Seq2SeqArchitecture, DeviceOptions {
  /** The seed of initial values and dropout: an integer from 0 to 2^53 - 1. Default: a random one. */
  readonly seed?: number | undefined
}

/** The options of a {@link Seq2Seq} with every default filled in. */
export interface ResolvedSeq2SeqOptions extends ResolvedSeq2SeqArchitecture, ResolvedDevice {
  readonly seed: number
}

const KEYS = [...SEQ2SEQ_KEYS, ...MODEL_OPTION_KEYS] as const

/** The kind of file that holds a {@link Seq2Seq}. */
export const SEQ2SEQ_KIND: ModelKind<ResolvedSeq2SeqArchitecture> = {
  name: 'Seq2Seq',
  keys: SEQ2SEQ_KEYS,
  check: checkSeq2Seq,
}

/**
 * From a sequence to a sequence of tokens: an encoder reads the source. A decoder begins with the final state of the
 * encoder, and predicts each token of the target from the tokens before it. With attention, the decoder's state after each
 * step is the query, and the encoder's states of all steps are the memory.
 *
 * A Trainer trains it by teacher forcing: the decoder reads the tokens of the target itself, not those that it predicted.
 * The batches are those of a {@link Model}. The input `source` is the source, and the input `target` is the token `begin`
 * and then the target. The targets of the output `head` are the target and then the token `end`. {@link trainingSequence}
 * makes them for a Dataset. With `batchFirst` the first two axes of sources, targets and batches are swapped. There is no
 * `predict`.
 *
 * A model's properties cannot be set: an assignment throws a GruError, ERR_GRU_VALUE.
 */
export class Seq2Seq extends BaseModel<ResolvedSeq2SeqOptions> {
  readonly #core: GraphModel
  readonly #decoder: NativeDecoder
  readonly #steps: SteppedPart

  static {
    markClass(this)
  }

  /**
   * @throws GruError ERR_GRU_TYPE, ERR_GRU_VALUE for wrong options; ERR_GRU_DEVICE if the device is not there;
   *   ERR_GRU_MEMORY; ERR_GRU_LOAD
   */
  constructor(options: Seq2SeqOptions) {
    const given = checkOptions('options', options, KEYS)
    const checked = checkSeq2Seq(given)
    const opened = openModel(checked, given)
    super(opened, namedForm)
    this.#core = opened.core
    const { graph, native: model } = opened.core
    const places = { target: graph.inputs.findIndex(({ name }) => name === TARGET), output: 0 }
    this.#decoder = new (native().NativeDecoder)(model, places)
    this.#steps = stepsOf(this.#core, this.#decoder, places)
    warnOfStacks(given, checked.resolved)
  }

  /**
   * Loads a model from a safetensors file as {@link save} writes it, or from its bytes, as {@link SequenceModel.load} does.
   *
   * @throws GruError ERR_GRU_FORMAT if the file cannot be read, is damaged, or has other content; the message
   *   names the file and what is wrong with it; ERR_GRU_DEVICE, ERR_GRU_MEMORY as the constructor; the signal's reason
   *   if it was aborted
   */
  static async load(source: FileSource, options: LoadOptions = {}): Promise<Seq2Seq> {
    return loadModel(source, options, SEQ2SEQ_KIND, (all) => new Seq2Seq(all))
  }

  /**
   * A sequence for a Dataset: the source, `begin` followed by the target, and the target followed by `end`.
   *
   * @param source - features [steps, I] or tokens [steps]
   * @param target - tokens [steps], without `begin` and `end`
   * @throws GruError ERR_GRU_TYPE if the target is no Int32Array; a Dataset checks the rest
   */
  trainingSequence(source: ModelInput, target: Int32Array): ModelTrainingSequence {
    const { begin, end } = this.options.target
    const tokens = checkInt32Array('target', target)
    return {
      inputs: { [SOURCE]: source, [TARGET]: Int32Array.of(begin, ...tokens) },
      targets: { [HEAD]: Int32Array.of(...tokens, end) },
    }
  }

  /**
   * Searches the likeliest targets of some sources, in inference: greedily, or with several `beams`. At each step all
   * hypotheses of a source that have not ended are extended by every token, and the likeliest `beams` extensions stay. The
   * search for a source stops when `beams` hypotheses have ended. It also stops at the limit; then the hypotheses that have
   * not ended count as results too. The results of a source do not depend on the other sources. The source is copied
   * before the promise is returned.
   *
   * @param source - features [steps, batch, I] or tokens [steps, batch]; with `batchFirst` [batch, steps, I] or
   *   [batch, steps]. The number of steps follows from its length.
   * @returns for each source the `best` translations, or fewer if the search found fewer, those with the best scores first
   * @throws GruError ERR_GRU_SHAPE, ERR_GRU_TYPE, ERR_GRU_VALUE for wrong arguments; ERR_GRU_NONFINITE if a probability
   *   is not finite; ERR_GRU_DISPOSED; ERR_GRU_MEMORY; the signal's reason if it was aborted
   */
  async translate(source: ModelInput, options: TranslateOptions = {}): Promise<Translation[][]> {
    const { target } = this.options
    const call = checkTranslate(this.#core.graph, target, source, options)
    return abortable(call.signal, (flag) =>
      this.#decoder.decode({ batch: call.batch, inputs: call.inputs }, call.options, flag),
    )
  }

  /**
   * As {@link translate}, on the calling thread, reading the source in place.
   *
   * @throws GruError also ERR_GRU_BUSY while a promise of this model, of its trainers or of its sessions is pending
   */
  translateSync(source: ModelInput, options: TranslateSyncOptions = {}): Translation[][] {
    const { target } = this.options
    const call = checkTranslateSync(this.#core.graph, target, source, options)
    return this.#decoder.decodeSync({ batch: call.batch, inputs: call.inputs }, call.options)
  }

  /**
   * A new session of targets of some sources, which a caller decodes token by token: greedily, with beams or by samples of
   * its own, as text is generated. The sources are encoded once, and copied before the promise is returned.
   *
   * @param source - as of {@link translate}
   * @throws GruError ERR_GRU_SHAPE, ERR_GRU_TYPE, ERR_GRU_VALUE for wrong arguments; ERR_GRU_DISPOSED; ERR_GRU_MEMORY; the
   *   signal's reason if it was aborted
   */
  async session(source: ModelInput, options: DecoderSessionOptions = {}): Promise<DecoderSession> {
    const { signal, ...sources } = checkDecoderSession(this.#core.graph, source, options)
    const core = new SessionCore(this.#steps, sources.batch)
    await core.encode(sources, signal)
    return new DecoderSession(core)
  }

  /**
   * As {@link session}, on the calling thread, reading the source in place.
   *
   * @throws GruError also ERR_GRU_BUSY while a promise of this model, of its trainers or of its sessions is pending
   */
  sessionSync(source: ModelInput, options: DecoderSessionSyncOptions = {}): DecoderSession {
    const sources = checkDecoderSessionSync(this.#core.graph, source, options)
    const core = new SessionCore(this.#steps, sources.batch)
    core.encodeSync(sources)
    return new DecoderSession(core)
  }

  /** As {@link BaseModel.trim}, also of the memory of translations. */
  override async trim(): Promise<void> {
    await Promise.all([this.#decoder.trim(), super.trim()])
  }

  /** As {@link BaseModel.trimSync}. */
  override trimSync(): void {
    this.#decoder.trimSync()
    super.trimSync()
  }

  /** As {@link BaseModel.summary}. */
  override toString(): string {
    return this.summary()
  }
}

/** What a session computes in a step, with the names of its own calls. */
function stepsOf(
  model: GraphModel,
  decoder: NativeDecoder,
  { target, output }: NativeDecoderOptions,
): SteppedPart {
  const tokens = { ...model.graph.inputs[target]!, argument: 'input' }
  const logits = { ...model.graph.outputs[output]!, output: 'output' }
  return { model, inputs: [tokens], outputs: [logits], decoder }
}

fixProperties(Seq2Seq, 'options are given to new Seq2Seq')
