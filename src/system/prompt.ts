import prompts from 'prompts'
import { InterruptedError } from '../errors.ts'

export interface SelectChoice {
  value: string
  title: string
  description?: string
}

/** Asks one question at a time. Each throws an InterruptedError on Ctrl-C, Escape or the end of stdin. */
export interface Asker {
  /** @param check says what is wrong with an answer; the question stays until it says nothing. */
  text(message: string, initial: string, check: (answer: string) => string | undefined): Promise<string>
  select(message: string, choices: readonly SelectChoice[], initial: string): Promise<string>
}

/** Questions on a terminal. @param stdout where they are drawn. */
export function terminalAsker(stdout: NodeJS.WriteStream, signal: AbortSignal): Asker {
  const ask = async (question: prompts.PromptObject<'answer'>): Promise<string> => {
    signal.throwIfAborted()
    let cancelled = false
    // A signal ends the question as Ctrl-C does, so that the terminal is put back in order.
    const cancel = (): void => void process.stdin.emit('keypress', '\u0003', { name: 'c', ctrl: true })
    signal.addEventListener('abort', cancel)
    try {
      const answers = await prompts(
        { ...question, stdout },
        {
          onCancel: () => {
            cancelled = true
            return false
          },
        },
      )
      const answer: unknown = answers.answer
      if (cancelled || signal.aborted || typeof answer !== 'string') throw new InterruptedError()
      return answer
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  }
  return {
    text: (message, initial, check) =>
      ask({
        type: 'text',
        name: 'answer',
        message,
        initial,
        validate: (answer: string) => check(answer) ?? true,
      }),
    select: (message, choices, initial) =>
      ask({
        type: 'select',
        name: 'answer',
        message,
        choices: [...choices],
        initial: Math.max(
          0,
          choices.findIndex((choice) => choice.value === initial),
        ),
      }),
  }
}
