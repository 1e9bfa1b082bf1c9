// The places where the CUDA sources synchronise. scripts/cuda-barriers.mjs removes them one at a
// time.

/** A statement that only waits, orders memory or notifies others. It is removed. */
const STATEMENTS = [
  /\b__sync(?:threads|warp)\([^()]*\);/g,
  /\b__threadfence(?:_block|_system)?\(\);/g,
  /\b\w*barrier\w*(?:\.|->)wait\(\);/g,
  /\barrive\([^;{}()]*\);/g,
  /\bwhile \([^;{]*\barrivals\([^;{]*;/g,
]

/** A vote that waits. It is replaced by the thread's own vote. */
const VOTES = [/\b__syncthreads_(?:or|and|count)(\((?:[^()]|\([^()]*\))*\))/g]

const withoutComments = (text) =>
  text.replaceAll(/\/\*[^]*?\*\/|\/\/[^\n]*/g, (comment) => comment.replaceAll(/[^\n]/g, ' '))

/** The replacement of a statement. A compiler warns about an `if` with only a semicolon. */
const NOTHING = '{}'

/** The places in a file's text, in order: { line, text, replacement, begin, end }. */
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
