/**
 * Wraps a text between words for a terminal of some columns. A word that is wider than a line stays whole.
 */
export function wrapText(text: string, columns: number): string {
  return wrapWords(
    text.split(' ').map((word) => [word]),
    columns,
  ).join('\n')
}

/**
 * Wraps an entry of a list. A word that is wider than a line is broken after its hyphens and slashes, as in the names of
 * models.
 *
 * @param columns width of a line without the indent.
 * @param indent spaces before all lines but the first, which has the entry's mark before it.
 */
export function wrapEntry(text: string, columns: number, indent: number): string {
  const words = text.split(' ').map((word) => (word.length <= columns ? [word] : word.split(/(?<=[-/])/)))
  return wrapWords(words, columns).join(`\n${' '.repeat(indent)}`)
}

/** @param words each split into the parts between which it may be broken. */
function wrapWords(words: readonly (readonly string[])[], columns: number): string[] {
  const lines: string[] = []
  let line: string | undefined
  for (const parts of words) {
    for (const [index, part] of parts.entries()) {
      const longer = line === undefined ? part : index > 0 ? line + part : `${line} ${part}`
      if (line === undefined || longer.length <= columns) {
        line = longer
      } else {
        lines.push(line)
        line = part
      }
    }
  }
  return [...lines, line ?? '']
}
