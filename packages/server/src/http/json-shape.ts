const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const openers = new Set([0x5b, 0x7b])
const closers = new Set([0x5d, 0x7d])

/** How deep JSON can be nested: far more than any tool schema needs, far less than recursive code can handle. */
export const maxDepth = 128

/** The nesting depth and the number of values of a JSON text. */
export interface JsonShape {
  /** The deepest nesting of lists and objects. Code that reads the value later recurses this deep. */
  depth: number
  /** The total number of values, lists and objects included. Validating each takes a microsecond or more. */
  values: number
}

/**
 * Measures a JSON text before it is parsed and stops as soon as it exceeds a limit. Invalid JSON may be counted
 * wrongly, but the parser rejects it anyway.
 */
export function measureJson(json: Buffer, most: JsonShape): JsonShape {
  const shape = { depth: 0, values: 1 }
  let depth = 0
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at] ?? 0
    if (byte === quote) at = endOfString(json, at)
    else if (byte === comma) shape.values += 1
    else if (openers.has(byte)) {
      depth += 1
      shape.values += 1
      if (depth > shape.depth) shape.depth = depth
    } else if (closers.has(byte)) depth -= 1
    if (shape.depth > most.depth || shape.values > most.values) break
  }
  return shape
}

/** Returns the index of a string's closing quote, or the end. Searching is fast, and bodies are mostly strings. */
function endOfString(json: Buffer, start: number): number {
  for (let at = json.indexOf(quote, start + 1); at !== -1; at = json.indexOf(quote, at + 1)) {
    let slashes = 0
    while (json[at - 1 - slashes] === backslash) slashes += 1
    if (slashes % 2 === 0) return at
  }
  return json.length
}
