import { UsageError } from './arguments.ts'

/**
 * Returns the question made of the words on the command line. Without words, and for `-`, it reads standard input.
 *
 * @throws UsageError if the question is empty.
 */
export async function readQuestion(
  words: readonly string[],
  input: AsyncIterable<Uint8Array | string>,
): Promise<string> {
  const fromInput = words.length === 0 || words.includes('-')
  const text = fromInput ? await readAll(input) : ''
  if (fromInput && text === '') {
    throw new UsageError(
      'No question was given. Pass one as an argument or on standard input, or start a chat in a terminal.',
    )
  }
  const question = fromInput ? insertInput(words, text) : words.join(' ').trim()
  if (question === '') throw new UsageError('The question is empty.')
  return question
}

/** Joins the words on one line, with the text from standard input as a separate paragraph in place of `-`. */
function insertInput(words: readonly string[], text: string): string {
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
