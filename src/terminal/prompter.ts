import { InterruptedError } from '../errors.ts'

export interface SelectChoice {
  value: string
  title: string
  description?: string
}

/** Returns what is wrong with an answer; undefined when it is valid. */
type Validate = (answer: string) => string | undefined

/** Asks one question at a time. Throws an InterruptedError on Ctrl-C, Escape or the end of stdin. */
export interface Prompter {
  /** Asks until the answer is valid. */
  text(message: string, initial: string, validate: Validate): Promise<string>
  select(message: string, choices: readonly SelectChoice[], initial: string): Promise<string>
  /** Asks for any number of the choices. None is selected at first. */
  selectMany(message: string, choices: readonly SelectChoice[]): Promise<readonly string[]>
}

/** Asks on a terminal. An answer is undefined when the user left the question. */
export interface TerminalPrompter {
  text(message: string, initial: string, validate: Validate): Promise<string | undefined>
  select(message: string, choices: readonly SelectChoice[], initial: string): Promise<string | undefined>
  selectMany(message: string, choices: readonly SelectChoice[]): Promise<readonly string[] | undefined>
}

/** Wraps a terminal's prompter so that leaving a question throws. */
export function createPrompter(terminal: TerminalPrompter): Prompter {
  const requireAnswer = <Answer>(answer: Answer | undefined): Answer => {
    if (answer === undefined) throw new InterruptedError()
    return answer
  }
  return {
    text: async (message, initial, validate) =>
      requireAnswer(await terminal.text(message, initial, validate)),
    select: async (message, choices, initial) =>
      requireAnswer(await terminal.select(message, choices, initial)),
    selectMany: async (message, choices) => requireAnswer(await terminal.selectMany(message, choices)),
  }
}
