/**
 * What a model reads, as the JSON of a request: a flat list of features, step by step, or of tokens.
 */
export function inputForm({ input }) {
  const isTokens = 'tokens' in input
  return {
    schema: {
      type: 'object',
      required: ['input'],
      additionalProperties: false,
      properties: {
        input: { type: 'array', items: { type: isTokens ? 'integer' : 'number' } },
      },
    },
    read: isTokens
      ? ({ input: tokens }) => Int32Array.from(tokens)
      : ({ input: features }) => Float32Array.from(features),
  }
}
