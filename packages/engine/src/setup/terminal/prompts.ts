/** Prompts in a terminal, with Node's own readline. */
import { createInterface } from 'node:readline/promises'
import { EngineError } from '../../engine/index.ts'

/** The streams of a prompt. Standard output is not one of them, so that programs can read it. */
export interface PromptStreams {
  input: NodeJS.ReadStream
  output: NodeJS.WriteStream
  signal?: AbortSignal | undefined
}

export const standardStreams: PromptStreams = { input: process.stdin, output: process.stderr }

export interface Choice<Value> {
  value: Value
  /** What the user can type instead of the number. */
  letter: string
  text: string
}

/**
 * Whether a user can answer a prompt. It is false for the `dev` script, which shares its keyboard with the program
 * that restarts it, and on CI, where a terminal has no user.
 */
export function canPrompt({ input, output }: PromptStreams): boolean {
  return input.isTTY && output.isTTY && !process.env.CI && process.env.npm_lifecycle_event !== 'dev'
}

/**
 * Asks the user to choose by number or letter, until the answer is valid. Enter selects the first choice.
 *
 * @throws EngineError ABORTED on Ctrl-C, on Ctrl-D and when the signal aborts.
 */
export async function choose<Value>(
  choices: readonly Choice<Value>[],
  streams: PromptStreams,
): Promise<Value> {
  const lines = choices.map(({ letter, text }, index) => `  ${index + 1} (${letter})  ${text}\n`)
  streams.output.write(lines.join(''))
  while (true) {
    const answer = (await askLine(`Which one? [1] `, streams)).trim().toLowerCase() || '1'
    const chosen = choices.find(({ letter }, index) => answer === letter || answer === String(index + 1))
    if (chosen !== undefined) return chosen.value
    const letters = choices.map(({ letter }) => letter).join(', ')
    streams.output.write(`Type a number from 1 to ${choices.length}, or one of ${letters}.\n`)
  }
}

/**
 * Asks a question with yes or no. Enter means no.
 *
 * @throws EngineError as `choose` does.
 */
export async function confirm(question: string, streams: PromptStreams): Promise<boolean> {
  while (true) {
    const answer = (await askLine(`${question} [y/N] `, streams)).trim().toLowerCase()
    if (['y', 'yes'].includes(answer)) return true
    if (['', 'n', 'no'].includes(answer)) return false
    streams.output.write('Type y or n.\n')
  }
}

async function askLine(prompt: string, { input, output, signal }: PromptStreams): Promise<string> {
  const readline = createInterface({ input, output, terminal: true })
  let answered = false
  try {
    return await new Promise<string>((resolve, reject) => {
      const stop = () => reject(new EngineError('ABORTED', 'Interrupted.'))
      readline.once('SIGINT', stop)
      readline.once('close', stop)
      if (signal?.aborted) stop()
      signal?.addEventListener('abort', stop, { once: true })
      readline.question(prompt).then((line) => {
        answered = true
        resolve(line)
      }, reject)
    })
  } finally {
    readline.close()
    // The cursor is still behind the prompt.
    if (!answered) output.write('\n')
  }
}
