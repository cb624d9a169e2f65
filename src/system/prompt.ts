import './no-colour.ts'
import prompts from 'prompts'
import type { SelectChoice, TerminalAsker } from './asker.ts'

/** Questions on a terminal. @param stdout where they are drawn. */
export function terminalAsker(stdout: NodeJS.WriteStream, signal: AbortSignal): TerminalAsker {
  const ask = async (question: prompts.PromptObject<'answer'>): Promise<unknown> => {
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
      return cancelled || signal.aborted ? undefined : answers.answer
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  }
  const askText = async (question: prompts.PromptObject<'answer'>): Promise<string | undefined> => {
    const answer = await ask(question)
    return typeof answer === 'string' ? answer : undefined
  }
  return {
    text: (message, initial, check) =>
      askText({
        type: 'text',
        name: 'answer',
        message,
        initial,
        validate: (answer: string) => check(answer) ?? true,
      }),
    select: (message, choices, initial) =>
      askText({
        type: 'select',
        name: 'answer',
        message,
        choices: choices.map(shown),
        initial: Math.max(
          0,
          choices.findIndex((choice) => choice.value === initial),
        ),
      }),
    selectMany: async (message, choices) => {
      const answer = await ask({
        type: 'multiselect',
        name: 'answer',
        message,
        choices: choices.map(shown),
        instructions: false,
        hint: 'space marks, Enter goes on',
      })
      return Array.isArray(answer) ? answer.map(String) : undefined
    },
  }
}

/** What prompts knows of a choice: anything more could be one of its own settings. */
function shown({ value, title, description }: SelectChoice): prompts.Choice {
  return { value, title, ...(description ? { description } : {}) }
}
