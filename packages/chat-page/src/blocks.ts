/** Link definitions. Other blocks may refer to them, so a text with one is not split. */
const definition = /^ {0,3}\[[^\]\n]+\]:/m
const listItem = /^(?:[-*+]|\d{1,9}[.)])(?:\s|$)/
const fence = /^(\s*)(`{3,}|~{3,})(.*)$/

/**
 * Splits Markdown into blocks, so that complete blocks are not rendered again with each token. Joining the blocks with
 * an empty line restores the text. In unclear cases it does not split.
 */
export function splitBlocks(text: string): string[] {
  if (definition.test(text)) return [text]
  const blocks: string[] = []
  let block: string[] = []
  let blank = false
  let closing: RegExp | undefined
  for (const line of text.split('\n')) {
    if (closing === undefined && blank && startsBlock(line, block)) {
      blocks.push(block.join('\n'))
      block = []
    }
    if (closing === undefined) closing = closingFence(line)
    else if (closing.test(line)) closing = undefined
    blank = line.trim() === ''
    if (!blank || block.length > 0) block.push(line)
  }
  if (block.length > 0) blocks.push(block.join('\n'))
  return blocks
}

const manyContainers = /^(?:[ \t]*(?:>|(?:[-*+]|\d{1,9}[.)])[ \t])){50}/m

/**
 * Whether a line opens so many nested quotes or lists that rendering takes seconds (500 lists: 1.2 s) or overflows the
 * stack (about 2,000). Models that repeat themselves write such lines.
 */
export function isTooDeep(text: string): boolean {
  return manyContainers.test(text)
}

/** Whether a line after an empty one starts a new block: it is not indented, and not the next item of a list. */
function startsBlock(line: string, block: readonly string[]): boolean {
  if (block.length === 0 || line === '' || /^\s/.test(line)) return false
  return !(listItem.test(line) && listItem.test(block[0] ?? ''))
}

/** Returns a pattern for the end of a code block if the line starts one, possibly after a list marker. */
function closingFence(line: string): RegExp | undefined {
  const marker = /^(?:[-*+]|\d{1,9}[.)])\s+/.exec(line)?.[0] ?? ''
  const [, indent = '', marks = '', info = ''] = fence.exec(line.slice(marker.length)) ?? []
  const mark = marks.charAt(0)
  if (mark === '' || (mark === '`' && info.includes('`'))) return undefined
  const most = marker.length + indent.length + 3
  return new RegExp(`^\\s{0,${most}}${mark}{${marks.length},}\\s*$`)
}
