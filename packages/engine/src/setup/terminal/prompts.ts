/** Questions on a terminal, by Node's own readline. */
import { createInterface } from 'node:readline/promises'
import { EngineError } from '../../engine/index.ts'

/** The keyboard and the screen of whoever is asked; standard output stays free for what a program reads. */
export interface PromptStreams {
  input: NodeJS.ReadStream
  output: NodeJS.WriteStream
  signal?: AbortSignal | undefined
}

export const screen: PromptStreams = { input: process.stdin, output: process.stderr }

export interface Choice<Value> {
  value: Value
  /** What can be typed in place of the number. */
  letter: string
  text: string
}

/**
 * Whether there is somebody to ask. A program that runs again at each save shares its keyboard with whatever starts
 * it, and a build machine may have a terminal and nobody before it.
 */
export function canPrompt(
  { input, output }: PromptStreams = screen,
  environment: NodeJS.ProcessEnv = process.env,
): boolean {
  return input.isTTY && output.isTTY && !environment.CI && environment.npm_lifecycle_event !== 'dev'
}

/**
 * Asks until one of the choices is given, by its number or its letter; nothing typed is the first one.
 *
 * @throws EngineError ABORTED on Ctrl-C, on Ctrl-D and when the signal comes.
 */
export async function choose<Value>(
  choices: readonly Choice<Value>[],
  where: PromptStreams = screen,
): Promise<Value> {
  const lines = choices.map(({ letter, text }, index) => `  ${index + 1} (${letter})  ${text}\n`)
  where.output.write(lines.join(''))
  while (true) {
    const answer = (await askLine(`Which one? [1] `, where)).trim().toLowerCase() || '1'
    const chosen = choices.find(({ letter }, index) => answer === letter || answer === String(index + 1))
    if (chosen !== undefined) return chosen.value
    const letters = choices.map(({ letter }) => letter).join(', ')
    where.output.write(`Type a number from 1 to ${choices.length}, or one of ${letters}.\n`)
  }
}

/**
 * Asks for yes or no; nothing typed is no.
 *
 * @throws EngineError as `choose`.
 */
export async function confirm(question: string, where: PromptStreams = screen): Promise<boolean> {
  while (true) {
    const answer = (await askLine(`${question} [y/N] `, where)).trim().toLowerCase()
    if (['y', 'yes'].includes(answer)) return true
    if (['', 'n', 'no'].includes(answer)) return false
    where.output.write('Type y or n.\n')
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
    // The prompt is still open.
    if (!answered) output.write('\n')
  }
}
