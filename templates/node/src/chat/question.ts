import { UsageError } from './arguments.ts'

/**
 * The question that the words of the command line make; `-`, or no word at all, stands for standard input.
 *
 * @throws UsageError when nothing is asked.
 */
export async function readQuestion(
  words: readonly string[],
  input: AsyncIterable<Uint8Array | string>,
): Promise<string> {
  const fromInput = words.length === 0 || words.includes('-')
  const text = fromInput ? await readAll(input) : ''
  if (fromInput && text === '') {
    throw new UsageError('There is no question: standard input is empty, and it is no terminal to chat on.')
  }
  const question = fromInput ? joinAround(words, text) : words.join(' ').trim()
  if (question === '') throw new UsageError('The question is empty.')
  return question
}

/** Words stay on one line; the text from standard input gets lines of its own. */
function joinAround(words: readonly string[], text: string): string {
  const place = words.indexOf('-')
  const before = words.slice(0, Math.max(place, 0)).join(' ')
  const after = words.slice(place + 1).join(' ')
  return [before, text, after].filter((part) => part !== '').join('\n\n')
}

async function readAll(input: AsyncIterable<Uint8Array | string>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const block of input) {
    text += typeof block === 'string' ? block : decoder.decode(block, { stream: true })
  }
  return (text + decoder.decode()).trim()
}
