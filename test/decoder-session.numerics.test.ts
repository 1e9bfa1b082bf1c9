/**
 * Sessions of decoders: every step has the bits of a prediction of all tokens so far, by a Model of the same layers. What a
 * caller decodes with them, greedily or with beams, is what `translate` finds.
 */
import fc from 'fast-check'
import {
  type DecoderSession,
  type LayerOptions,
  Model,
  Seq2Seq,
  type Seq2SeqOptions,
  type Translation,
} from '../lib'
import { requireChosenEngine } from './support/engine-choice'
import { bitsOf, integers, randomSource, swapAxes, uniform } from './support/numbers'
import { seed } from './support/random'

requireChosenEngine()

const size = (max: number) => fc.integer({ min: 1, max })
const stack = { cell: fc.constantFrom('gru', 'lstm'), hiddenSize: size(20), numLayers: size(2) }
const TOKENS = 9

const architectures = fc.record({
  source: fc.oneof(
    fc.record({ features: size(5) }),
    fc.record({ tokens: fc.constant(TOKENS), embeddingSize: size(5) }),
  ),
  target: fc.record({
    tokens: fc.constant(TOKENS),
    embeddingSize: size(5),
    ...{ begin: fc.constant(0), end: fc.constant(1) },
  }),
  encoder: fc.record({ ...stack, bidirectional: fc.boolean() }),
  decoder: fc.record(stack),
  bridge: fc.constantFrom('none', 'tanh'),
  attention: fc.oneof(
    fc.constant(undefined),
    fc.record({ score: fc.constant('scaledDotProduct') }),
    fc.record({ score: fc.constant('additive'), size: size(8) }),
  ),
  batchFirst: fc.boolean(),
  seed: fc.nat(),
}) as fc.Arbitrary<Seq2SeqOptions>

/** The Model that a Seq2Seq is, in its own words. */
function modelOf(seq2seq: Seq2Seq): Model {
  const { source, target, encoder, decoder, bridge, attention, batchFirst } = seq2seq.options
  const { cell: encoderType = 'gru', ...encoderStack } = encoder
  const { cell: decoderType = 'gru', ...decoderStack } = decoder
  const isTokens = 'tokens' in source
  const states = (decoder.numLayers ?? 1) * decoder.hiddenSize
  const looks = {
    attention: { type: 'attention', query: 'decoder', memory: 'encoder', ...attention },
    both: { type: 'concat', inputs: ['decoder', 'attention'] },
    combine: { type: 'linear', input: 'both', size: decoder.hiddenSize, activation: 'tanh' },
  }
  const layers = {
    ...(isTokens && {
      sourceVector: { type: 'embedding', input: 'source', size: source.embeddingSize },
    }),
    encoder: { type: encoderType, input: isTokens ? 'sourceVector' : 'source', ...encoderStack },
    encoded: { type: 'select', input: 'encoder' },
    bridge: { type: 'linear', input: 'encoded', size: states, activation: bridge },
    targetVector: { type: 'embedding', input: 'target', size: target.embeddingSize },
    decoder: { type: decoderType, input: 'targetVector', initialState: 'bridge', ...decoderStack },
    ...(attention && looks),
    head: { type: 'linear', input: attention ? 'combine' : 'decoder', size: TOKENS },
  } as Record<string, LayerOptions>
  const model = new Model({
    inputs: {
      source: isTokens ? { tokens: source.tokens } : { features: source.features },
      target: { tokens: TOKENS },
    },
    layers,
    outputs: { head: { loss: 'crossEntropy' } },
    batchFirst,
  })
  model.setParameters(seq2seq.getParameters())
  return model
}

interface Sources {
  readonly batch: number
  readonly lengths: number[]
  readonly source: Int32Array | Float32Array
}

const shapes = fc.record({ batch: size(4), steps: size(6), targetSteps: size(5), data: fc.nat() })
type Drawn = typeof shapes extends fc.Arbitrary<infer T> ? T : never

function sourcesOf({ source }: Seq2SeqOptions, { batch, steps, data }: Drawn): Sources {
  const random = randomSource(data)
  const rows = steps * batch
  return {
    batch,
    lengths: [...integers(random, batch, steps + 1)],
    source:
      'tokens' in source
        ? integers(random, rows, source.tokens)
        : uniform(random, rows * source.features),
  }
}

test('steps have the bits of predictions of all tokens so far', async () => {
  const property = fc.asyncProperty(architectures, shapes, async (drawn, given) => {
    const { source, ...batch } = sourcesOf(drawn, given)
    const { targetSteps, data } = given
    const target = integers(randomSource(data + 1), targetSteps * batch.batch, TOKENS)
    using seq2seq = new Seq2Seq(drawn)
    using model = modelOf(seq2seq)
    const own = source.slice()
    const opened = seq2seq.session(own, batch)
    own.fill(0)
    using session = await opened
    using other = seq2seq.sessionSync(source, batch)
    const first = other.getStateSync()
    const swap = <T extends Int32Array | Float32Array>(
      values: T,
      rows: number,
      columns: number,
    ): T => (drawn.batchFirst === true ? swapAxes(values, rows, columns) : values)
    for (let step = 0; step < targetSteps; step++) {
      const tokens = target.slice(step * batch.batch, (step + 1) * batch.batch)
      const got = await session.step(tokens)
      // Another session of other states goes on beside it.
      other.stepSync(Int32Array.from(tokens, (token) => TOKENS - 1 - token))
      const count = step + 1
      const prefix = swap(target.slice(0, count * batch.batch), count, batch.batch)
      const { head } = model.predictSync(
        { source, target: prefix },
        { batch: batch.batch, lengths: { source: batch.lengths } },
      )
      const last = swap(head!, batch.batch, count).slice(-batch.batch * TOKENS)
      expect(bitsOf(got)).toBe(bitsOf(last))
    }
    other.reset()
    expect(bitsOf(other.getStateSync())).toBe(bitsOf(first))
  })
  await fc.assert(property, { seed, numRuns: 60 })
})

/** log softmax in double. */
function logProbabilities(logits: Float32Array): number[] {
  const largest = Math.max(...logits)
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - largest), 0)
  return [...logits].map((logit) => logit - largest - Math.log(sum))
}

interface Hypothesis {
  readonly tokens: readonly number[]
  readonly logProbability: number
}

interface Live extends Hypothesis {
  readonly session: DecoderSession
}

const forksOf = async (hypotheses: readonly Live[]): Promise<Live[]> =>
  Promise.all(hypotheses.map(async (one) => ({ ...one, session: await one.session.fork() })))

/** Beam search in a caller's own words: every live hypothesis is a session. */
async function search(
  session: DecoderSession,
  { begin, end }: { begin: number; end: number },
  beams: number,
  limit: number,
): Promise<Hypothesis[]> {
  const done: Hypothesis[] = []
  let live: Live[] = [{ session, tokens: [], logProbability: 0 }]
  for (let step = 1; live.length > 0; step++) {
    const extended = await Promise.all(
      live.map(async (one) => {
        const logits = await one.session.step(Int32Array.of(one.tokens.at(-1) ?? begin))
        return logProbabilities(logits).map((logProbability, token) => ({
          session: one.session,
          tokens: [...one.tokens, token],
          logProbability: one.logProbability + logProbability,
        }))
      }),
    )
    const kept = extended
      .flat()
      .sort((one, other) => other.logProbability - one.logProbability)
      .slice(0, beams)
    const hasEnded = ({ tokens }: Hypothesis): boolean => tokens.at(-1) === end
    done.push(...kept.filter(hasEnded))
    // Those that the limit stops count only if too few have ended.
    if (done.length >= beams) break
    const going = kept.filter((one) => !hasEnded(one))
    if (step === limit) done.push(...going)
    live = step === limit ? [] : await forksOf(going)
  }
  return done.sort((one, other) => other.logProbability - one.logProbability)
}

function expectSame(found: readonly Hypothesis[], wanted: readonly Translation[]): void {
  expect(found.slice(0, wanted.length).map(({ tokens }) => tokens)).toEqual(
    wanted.map(({ tokens }) => [...tokens]),
  )
  for (const [index, { logProbability }] of wanted.entries()) {
    expect(found[index]!.logProbability).toBeCloseTo(logProbability, 5)
  }
}

test.each([1, 3])('%i beams of sessions find what translate finds', async (beams) => {
  const property = fc.asyncProperty(architectures, shapes, async (drawn, given) => {
    const { source, lengths } = sourcesOf(drawn, { ...given, batch: 1 })
    using seq2seq = new Seq2Seq(drawn)
    // Larger differences between logits: no two hypotheses are as likely.
    const head = seq2seq.getParameters()['head.weight']!
    seq2seq.setParameters({ 'head.weight': head.map((weight) => weight * 20) })
    const limit = 6
    const [wanted] = await seq2seq.translate(source, { lengths, beams, best: beams, limit })
    const session = await seq2seq.session(source, { lengths })
    expectSame(await search(session, { begin: 0, end: 1 }, beams, limit), wanted!)
  })
  await fc.assert(property, { seed, numRuns: 25 })
})
