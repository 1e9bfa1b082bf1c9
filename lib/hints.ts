/**
 * Which option a key that is none was meant for.
 *
 * @module
 */

/**
 * What other libraries (PyTorch, Keras, ONNX, scikit-learn) call an option, in small letters without punctuation, and
 * the options that say the same here. Of several the first that a call knows is meant; a list is meant as a whole. An
 * option within another one has its name before its own: whoever gives `learningRate` to a Trainer means its optimizer's.
 */
export const OTHER_NAMES: Readonly<Record<string, readonly (string | readonly string[])[]>> = {
  alpha: ['decay'],
  abortsignal: ['signal'],
  betas: [
    ['beta1', 'beta2'],
    ['optimizer.beta1', 'optimizer.beta2'],
  ],
  batch: ['batchSize'],
  batchsize: ['batch'],
  bs: ['batchSize', 'batch'],
  classes: ['size'],
  clip: ['clipNorm'],
  clipgradnorm: ['clipNorm'],
  clipgradvalue: ['clipValue'],
  criterion: ['loss'],
  dropoutrate: ['dropout'],
  embeddim: ['embeddingSize'],
  embedding: ['embeddingSize'],
  embeddingdim: ['embeddingSize'],
  eps: ['epsilon'],
  eta: ['learningRate', 'optimizer.learningRate'],
  h0: ['initialState'],
  hidden: ['hiddenSize'],
  hiddendim: ['hiddenSize'],
  hiddenunits: ['hiddenSize'],
  hx: ['initialState'],
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
  maxnorm: ['clipNorm'],
  maxvalue: ['clipValue'],
  mom: ['momentum', 'optimizer.momentum'],
  momentum: ['optimizer.momentum'],
  nepochs: ['epochs'],
  nlayers: ['numLayers'],
  numclasses: ['size'],
  numembeddings: ['tokens'],
  numepochs: ['epochs'],
  objective: ['loss'],
  outfeatures: ['size'],
  outputdim: ['embeddingSize', 'size'],
  outputsize: ['size'],
  p: ['dropout', 'probability'],
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
  type: ['kind'],
  units: ['hiddenSize', 'size'],
  usebias: ['bias'],
  validationdata: ['validation'],
  vocabsize: ['tokens'],
  vocabularysize: ['tokens'],
  wd: ['weightDecay', 'optimizer.weightDecay'],
  weightdecay: ['optimizer.weightDecay'],
  x: ['input'],
  y: ['target'],
}

/**
 * The option, of those that a call knows, that a key was meant for, or the options, joined by "and": the one of the
 * same letters in another writing (`hidden_size`), one that another library calls so (`lr`), or the nearest in spelling
 * (`learningrte`).
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

/** Letters that may be wrong, for each this many that are right. */
const LETTERS_FOR_A_SLIP = 4
/** Longer keys are no slips of the pen, and comparing them takes time. */
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

/** The Levenshtein distance: letters to leave out, put in or exchange. */
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
