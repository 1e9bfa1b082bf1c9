/**
 * Suggests the option that an unknown key was meant for.
 *
 * @module
 */

/**
 * Names of options in other libraries (PyTorch, Keras, ONNX, scikit-learn), in small letters without punctuation, each
 * with the options of the same meaning here. If there are several, the first one that the call has is suggested; a list
 * is suggested as a whole. An option within another option has that option's name before its own: `learningRate` for a
 * Trainer means its optimizer's.
 */
export const OTHER_NAMES: Readonly<Record<string, readonly (string | readonly string[])[]>> = {
  alpha: ['decay'],
  abortsignal: ['signal'],
  annealstrategy: ['anneal'],
  beamsize: ['beams'],
  beamwidth: ['beams'],
  beta: ['delta'],
  betas: [
    ['beta1', 'beta2'],
    ['optimizer.beta1', 'optimizer.beta2'],
  ],
  batch: ['batchSize'],
  batchsize: ['batch'],
  bptt: ['chunkSteps'],
  bs: ['batchSize', 'batch'],
  classes: ['size'],
  clip: ['clipNorm'],
  clipgradnorm: ['clipNorm'],
  clipgradvalue: ['clipValue'],
  criterion: ['loss'],
  divfactor: ['divide'],
  dropoutrate: ['dropout'],
  embeddim: ['embeddingSize'],
  embedding: ['embeddingSize'],
  embeddingdim: ['embeddingSize'],
  eps: ['epsilon'],
  eta: ['learningRate', 'optimizer.learningRate'],
  etamin: ['minimum'],
  finaldivfactor: ['finalDivide'],
  h0: ['initialState'],
  hidden: ['hiddenSize'],
  hiddendim: ['hiddenSize'],
  hiddenunits: ['hiddenSize'],
  hx: ['initialState'],
  ignoreindex: ['ignoredClass'],
  infeatures: ['inputSize', 'features'],
  initialh: ['initialState'],
  inputdim: ['inputSize', 'features', 'tokens'],
  inputs: ['input', 'inputSize'],
  inputsize: ['features'],
  key: ['memory'],
  labels: ['target'],
  layers: ['numLayers'],
  linearbeforereset: ['resetAfter'],
  learningrate: ['optimizer.learningRate'],
  lr: ['learningRate', 'optimizer.learningRate'],
  maxgradnorm: ['clipNorm'],
  maxlen: ['limit'],
  maxlength: ['limit'],
  maxlr: ['maximum'],
  maxnorm: ['clipNorm'],
  maxvalue: ['clipValue'],
  minlr: ['minimum'],
  mom: ['momentum', 'optimizer.momentum'],
  momentum: ['optimizer.momentum'],
  nepochs: ['epochs'],
  nlayers: ['numLayers'],
  numbeams: ['beams'],
  numclasses: ['size'],
  numembeddings: ['tokens'],
  numepochs: ['epochs'],
  objective: ['loss'],
  outfeatures: ['size'],
  outputdim: ['embeddingSize', 'size'],
  outputsize: ['size'],
  p: ['dropout', 'probability'],
  pctstart: ['warmupShare'],
  posweight: ['positiveWeights'],
  randomseed: ['seed'],
  randomstate: ['seed'],
  returnsequences: ['every'],
  rho: ['decay'],
  rate: ['learningRate', 'optimizer.learningRate', 'probability'],
  sequencelength: ['lengths'],
  sequencelengths: ['lengths'],
  seqlens: ['lengths'],
  targets: ['target'],
  timemajor: ['batchFirst'],
  tmax: ['period'],
  totalsteps: ['total'],
  truncatedbpttsteps: ['chunkSteps'],
  type: ['kind'],
  units: ['hiddenSize', 'size'],
  usebias: ['bias'],
  validationdata: ['validation'],
  vocabsize: ['tokens'],
  vocabularysize: ['tokens'],
  weight: ['classWeights', 'positiveWeights'],
  wd: ['weightDecay', 'optimizer.weightDecay'],
  weightdecay: ['optimizer.weightDecay'],
  x: ['input'],
  y: ['target'],
}

/**
 * The option that the key was meant for, or several options joined by "and". It is the option with the same letters in
 * another spelling (`hidden_size`), the option that another library calls by this name (`lr`), or the option with the
 * most similar spelling (`learningrte`).
 */
export function meantOption(key: string, allowed: readonly string[]): string | undefined {
  const written = plain(key)
  return (
    allowed.find((name) => plain(name) === written) ??
    translate(written, allowed) ??
    nearest(written, allowed)
  )
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '')
}

function translate(written: string, allowed: readonly string[]): string | undefined {
  const known = Object.hasOwn(OTHER_NAMES, written) ? OTHER_NAMES[written] : undefined
  for (const meaning of known ?? []) {
    const names = typeof meaning === 'string' ? [meaning] : meaning
    if (names.every((name) => allowed.includes(name.split('.', 1)[0]!))) return names.join(' and ')
  }
  return undefined
}

/** One wrong letter is allowed for each four letters of a key. */
const LETTERS_FOR_A_SLIP = 4
/** Longer keys are not compared: they are no typing errors, and the comparison would be slow. */
const MAX_KEY_LENGTH = 40

function nearest(written: string, allowed: readonly string[]): string | undefined {
  if (written.length > MAX_KEY_LENGTH) return undefined
  let found: string | undefined
  let least = Math.floor(written.length / LETTERS_FOR_A_SLIP) + 1
  for (const name of allowed) {
    const slips = countSlips(written, plain(name))
    if (slips < least) [found, least] = [name, slips]
  }
  return found
}

/** The Levenshtein distance: the number of letters to delete, insert or replace. */
function countSlips(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const exchanged = above[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1)
      current.push(Math.min(exchanged, above[column]! + 1, current[column - 1]! + 1))
    }
    above = current
  }
  return above[to.length]!
}
