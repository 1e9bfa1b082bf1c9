/**
 * Finds keys that an object has twice. JSON.parse keeps the last one silently.
 *
 * @module
 */

const CLOSING_QUOTE_OR_ESCAPE = /["\\]/g
const COLON_AFTER_SPACE = /[ \t\n\r]*:/y

/** The first key that an object of a JSON text has twice. The text must be valid JSON. */
export function findDuplicateKey(json: string): string | undefined {
  const keysOfOpenObjects: Set<string>[] = []
  for (let i = 0; i < json.length; i++) {
    if (json[i] === '{') keysOfOpenObjects.push(new Set())
    else if (json[i] === '}') keysOfOpenObjects.pop()
    else if (json[i] === '"') {
      const end = endOfString(json, i)
      if (isKey(json, end)) {
        // The key is parsed, since "a" and "\u0061" are the same key.
        const key = JSON.parse(json.slice(i, end)) as string
        const keys = keysOfOpenObjects.at(-1)
        if (keys?.has(key) === true) return key
        keys?.add(key)
      }
      i = end - 1
    }
  }
  return undefined
}

function endOfString(json: string, start: number): number {
  CLOSING_QUOTE_OR_ESCAPE.lastIndex = start + 1
  while (CLOSING_QUOTE_OR_ESCAPE.test(json)) {
    if (json[CLOSING_QUOTE_OR_ESCAPE.lastIndex - 1] === '"') break
    CLOSING_QUOTE_OR_ESCAPE.lastIndex++
  }
  return CLOSING_QUOTE_OR_ESCAPE.lastIndex
}

function isKey(json: string, end: number): boolean {
  COLON_AFTER_SPACE.lastIndex = end
  return COLON_AFTER_SPACE.test(json)
}
