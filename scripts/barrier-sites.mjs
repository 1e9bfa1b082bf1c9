// Where the CUDA sources synchronise: what scripts/cuda-barriers.mjs takes away, one at a time.

/** A statement that does nothing but wait, order memory or tell others: it is taken out. */
const STATEMENTS = [
  /\b__sync(?:threads|warp)\([^()]*\);/g,
  /\b__threadfence(?:_block|_system)?\(\);/g,
  /\b\w*barrier\w*(?:\.|->)wait\(\);/g,
  /\barrive\([^;{}()]*\);/g,
  /\bwhile \([^;{]*\barrivals\([^;{]*;/g,
]

/** A vote that waits: each thread gets its own vote instead of all. */
const VOTES = [/\b__syncthreads_(?:or|and|count)(\((?:[^()]|\([^()]*\))*\))/g]

const withoutComments = (text) =>
  text.replaceAll(/\/\*[^]*?\*\/|\/\/[^\n]*/g, (comment) => comment.replaceAll(/[^\n]/g, ' '))

/** What stands where a statement was; a compiler warns of an `if` with a lone semicolon. */
const NOTHING = '{}'

/** The places of a file's text: { line, text, replacement, begin, end }, in their order. */
export function barrierSites(source) {
  const code = withoutComments(source)
  const found = [
    ...STATEMENTS.flatMap((pattern) =>
      [...code.matchAll(pattern)].map((match) => ({ match, replacement: NOTHING })),
    ),
    ...VOTES.flatMap((pattern) =>
      [...code.matchAll(pattern)].map((match) => ({ match, replacement: match[1] })),
    ),
  ]
  return found
    .map(({ match: { 0: text, index }, replacement }) => ({
      line: code.slice(0, index).split('\n').length,
      ...{ text, replacement, begin: index, end: index + text.length },
    }))
    .sort((one, other) => one.begin - other.begin)
}

/** The text without one of its barriers. */
export const withoutSite = (source, { begin, end, replacement }) =>
  source.slice(0, begin) + replacement + source.slice(end)
