import prompts from 'prompts'
import type { TerminalAsker } from './asker.ts'

/** Questions on a terminal. @param stdout where they are drawn. */
export function terminalAsker(stdout: NodeJS.WriteStream, signal: AbortSignal): TerminalAsker {
  const ask = async (question: prompts.PromptObject<'answer'>): Promise<string | undefined> => {
    if (signal.aborted) return undefined
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
      return cancelled || signal.aborted || typeof answer !== 'string' ? undefined : answer
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
