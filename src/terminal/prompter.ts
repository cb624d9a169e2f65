import { InterruptedError } from '../errors.ts'

export interface SelectChoice {
  value: string
  title: string
  description?: string
}

type Check = (answer: string) => string | undefined

/** Asks one question at a time. Each throws an InterruptedError on Ctrl-C, Escape or the end of stdin. */
export interface Prompter {
  /** @param check says what is wrong with an answer; the question stays until it says nothing. */
  text(message: string, initial: string, check: Check): Promise<string>
  select(message: string, choices: readonly SelectChoice[], initial: string): Promise<string>
  /** Any number of the choices, none of them at first. */
  selectMany(message: string, choices: readonly SelectChoice[]): Promise<readonly string[]>
}

/** The same as a terminal gives it: an answer is undefined when the question was left. */
export interface TerminalPrompter {
  text(message: string, initial: string, check: Check): Promise<string | undefined>
  select(message: string, choices: readonly SelectChoice[], initial: string): Promise<string | undefined>
  selectMany(message: string, choices: readonly SelectChoice[]): Promise<readonly string[] | undefined>
}

/** Makes an error of every question that was left. */
export function createPrompter(terminal: TerminalPrompter): Prompter {
  const answered = <Answer>(answer: Answer | undefined): Answer => {
    if (answer === undefined) throw new InterruptedError()
    return answer
  }
  return {
    text: async (message, initial, check) => answered(await terminal.text(message, initial, check)),
    select: async (message, choices, initial) => answered(await terminal.select(message, choices, initial)),
    selectMany: async (message, choices) => answered(await terminal.selectMany(message, choices)),
  }
}
