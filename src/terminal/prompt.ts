import './no-colour.ts'
import { isatty } from 'node:tty'
import prompts from 'prompts'
import { createAbandonment } from './abandoned-prompt.ts'
import type { SelectChoice, TerminalPrompter } from './prompter.ts'
import { wrapEntry, wrapText } from './wrap.ts'

/** Creates a prompter that draws on a terminal. */
export function createTerminalPrompter(stdout: NodeJS.WriteStream, signal: AbortSignal): TerminalPrompter {
  const ask = async (question: prompts.PromptObject<'answer'>): Promise<unknown> => {
    if (signal.aborted) return undefined
    let cancelled = false
    const { abandoned, abandon } = createAbandonment()
    // A signal ends the prompt as Ctrl-C does, so that the terminal is restored. A closed terminal can't be restored,
    // and the package would fail if it tried.
    const cancel = (): void => {
      if (isatty(0)) process.stdin.emit('keypress', '\u0003', { name: 'c', ctrl: true })
      else abandon()
    }
    signal.addEventListener('abort', cancel)
    process.stdin.on('end', abandon)
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
      const answers = await Promise.race([asked, abandoned])
      return cancelled || signal.aborted ? undefined : answers?.answer
    } finally {
      signal.removeEventListener('abort', cancel)
      process.stdin.off('end', abandon)
    }
  }
  const askText = async (question: prompts.PromptObject<'answer'>): Promise<string | undefined> => {
    const answer = await ask(question)
    return typeof answer === 'string' ? answer : undefined
  }
  return {
    text: (message, initial, validate) =>
      askText({
        type: 'text',
        name: 'answer',
        message: formatHeading(message, '', stdout).message,
        initial,
        validate: (answer: string) => validate(answer) ?? true,
      }),
    select: (message, choices, initial) =>
      askText({
        type: 'select',
        name: 'answer',
        ...formatList(formatHeading(message, 'arrow keys move, Enter selects', stdout), choices, stdout),
        initial: Math.max(
          0,
          choices.findIndex((choice) => choice.value === initial),
        ),
      }),
    selectMany: async (message, choices) => {
      const answer = await ask({
        type: 'multiselect',
        name: 'answer',
        ...formatList(formatHeading(message, 'Space toggles, Enter confirms', stdout), choices, stdout),
        instructions: false,
      })
      return Array.isArray(answer) ? answer.map(String) : undefined
    },
  }
}

/** The size of the terminal; undefined where it is unknown. */
type Size = Partial<Pick<NodeJS.WriteStream, 'columns' | 'rows'>>

/** The width of what stands before each entry of a list: a mark, a scroll arrow, and spaces. */
const marginColumns = 4

/** Wraps a question and the hint about keys between words. */
function formatHeading(
  message: string,
  hint: string,
  { columns = 80 }: Size,
): { message: string; hint: string } {
  if (`? ${message} › ${hint}`.length <= columns) return { message, hint }
  // The hint, and later the answer, get lines of their own.
  return {
    message: `${wrapText(message, columns - '? '.length)}\n`,
    hint: wrapText(hint, columns - ' › '.length),
  }
}

/**
 * Returns a list as prompts takes it, and how many entries fit. prompts counts wrapped lines when it redraws, but it
 * can't move the cursor above the top of the terminal.
 */
function formatList(
  { message, hint }: { message: string; hint: string },
  choices: readonly SelectChoice[],
  { columns = 80, rows = 24 }: Size,
): { message: string; hint: string; choices: prompts.Choice[]; optionsPerPage: number } {
  const entries = choices.map(({ value, title, description }) => ({
    value,
    title: wrapEntry(title, columns - marginColumns, marginColumns),
    // Any other property could be a setting of prompts itself.
    ...(description ? { description } : {}),
  }))
  const height = Math.max(...entries.map(({ title }) => countLines(title)))
  // prompts wraps the description of the selected entry itself.
  const descriptionHeight = Math.max(
    ...entries.map(({ description = '' }) => countLines(wrapText(description, columns - marginColumns))),
  )
  const free = rows - countLines(message + hint) - descriptionHeight - 1
  const optionsPerPage = Math.min(10, Math.max(1, Math.floor(free / height)))
  return { message, hint, choices: entries, optionsPerPage }
}

function countLines(text: string): number {
  return text.split('\n').length
}
