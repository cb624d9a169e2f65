const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const openers = new Set([0x5b, 0x7b])
const closers = new Set([0x5d, 0x7d])

/** How much there is in a JSON text, apart from the length of its strings. */
export interface JsonShape {
  /** Most levels of lists and objects. What walks through it later, here or in the worker, calls itself for each. */
  depth: number
  /** Values in all, those in lists and objects and these themselves. To check one takes a microsecond or more. */
  values: number
}

/**
 * Looks at a text before it is parsed, and stops at the first of the bounds that it exceeds. What is no JSON may be
 * counted wrongly; its parser refuses it anyway.
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

/** Where the closing quote of a string is, or the end. Most of a body is strings: they are skipped by a search. */
function endOfString(json: Buffer, start: number): number {
  for (let at = json.indexOf(quote, start + 1); at !== -1; at = json.indexOf(quote, at + 1)) {
    let slashes = 0
    while (json[at - 1 - slashes] === backslash) slashes += 1
    if (slashes % 2 === 0) return at
  }
  return json.length
}
