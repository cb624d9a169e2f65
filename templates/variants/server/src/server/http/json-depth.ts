const quote = 0x22
const backslash = 0x5c
const openers = new Set([0x5b, 0x7b])
const closers = new Set([0x5d, 0x7d])

/**
 * True when a JSON text nests deeper than `most`: whatever walks through it later, here or in the worker, calls
 * itself once a level. What is no JSON may be told wrongly; its parser refuses it anyway.
 */
export function isDeeper(json: Buffer, most: number): boolean {
  let depth = 0
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at] ?? 0
    if (byte === quote) at = endOfString(json, at)
    else if (openers.has(byte)) {
      depth += 1
      if (depth > most) return true
    } else if (closers.has(byte)) depth -= 1
  }
  return false
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
