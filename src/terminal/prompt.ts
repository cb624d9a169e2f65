import './no-colour.ts'
import { isatty } from 'node:tty'
import prompts from 'prompts'
import { departure } from './abandoned-prompt.ts'
import type { SelectChoice, TerminalPrompter } from './prompter.ts'
import { wrapEntry, wrapText } from './wrap.ts'

/** Questions on a terminal. @param stdout where they are drawn. */
export function createTerminalPrompter(stdout: NodeJS.WriteStream, signal: AbortSignal): TerminalPrompter {
  const ask = async (question: prompts.PromptObject<'answer'>): Promise<unknown> => {
    if (signal.aborted) return undefined
    let cancelled = false
    const { isGone, leave } = departure()
    // A signal ends the question as Ctrl-C does, so that the terminal is put back in order. Where it has been closed
    // there is nothing to put back, and the package would fail at it.
    const cancel = (): void => {
      if (isatty(0)) process.stdin.emit('keypress', '\u0003', { name: 'c', ctrl: true })
      else leave()
    }
    signal.addEventListener('abort', cancel)
    process.stdin.on('end', leave)
    try {
      const asked = prompts(
        { ...question, stdout },
        {
          onCancel: () => {
            cancelled = true
            return false
          },
        },
      )
      const answers = await Promise.race([asked, isGone])
      return cancelled || signal.aborted ? undefined : answers?.answer
    } finally {
      signal.removeEventListener('abort', cancel)
      process.stdin.off('end', leave)
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
        message: heading(message, '', stdout).message,
        initial,
        validate: (answer: string) => check(answer) ?? true,
      }),
    select: (message, choices, initial) =>
      askText({
        type: 'select',
        name: 'answer',
        ...list(heading(message, 'arrow keys move, Enter takes', stdout), choices, stdout),
        initial: Math.max(
          0,
          choices.findIndex((choice) => choice.value === initial),
        ),
      }),
    selectMany: async (message, choices) => {
      const answer = await ask({
        type: 'multiselect',
        name: 'answer',
        ...list(heading(message, 'space marks, Enter goes on', stdout), choices, stdout),
        instructions: false,
      })
      return Array.isArray(answer) ? answer.map(String) : undefined
    },
  }
}

/** Of the terminal; undefined where it does not tell. */
type Size = Partial<Pick<NodeJS.WriteStream, 'columns' | 'rows'>>

/** What stands before each entry of a list: a mark, an arrow where there are more of them, and blanks. */
const marginColumns = 4

/** A question, and what its list is told of keys, in lines that the terminal does not break within a word. */
function heading(message: string, hint: string, { columns = 80 }: Size): { message: string; hint: string } {
  if (`? ${message} › ${hint}`.length <= columns) return { message, hint }
  // The hint, and later the answer, get lines of their own.
  return {
    message: `${wrapText(message, columns - '? '.length)}\n`,
    hint: wrapText(hint, columns - ' › '.length),
  }
}

/**
 * The entries of a list as prompts takes them, and how many of them are drawn at once: prompts counts wrapped lines when it
 * draws anew, but can't go up beyond the top of the terminal.
 */
function list(
  { message, hint }: { message: string; hint: string },
  choices: readonly SelectChoice[],
  { columns = 80, rows = 24 }: Size,
): { message: string; hint: string; choices: prompts.Choice[]; optionsPerPage: number } {
  const shown = choices.map(({ value, title, description }) => ({
    value,
    title: wrapEntry(title, columns - marginColumns, marginColumns),
    // Anything more than these could be one of the settings of prompts itself.
    ...(description ? { description } : {}),
  }))
  const height = Math.max(...shown.map(({ title }) => linesOf(title)))
  // prompts folds the description of the entry under the cursor itself.
  const descriptionHeight = Math.max(
    ...shown.map(({ description = '' }) => linesOf(wrapText(description, columns - marginColumns))),
  )
  const free = rows - linesOf(message + hint) - descriptionHeight - 1
  const optionsPerPage = Math.min(10, Math.max(1, Math.floor(free / height)))
  return { message, hint, choices: shown, optionsPerPage }
}

function linesOf(text: string): number {
  return text.split('\n').length
}
