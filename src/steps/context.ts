import type { PythonEnvironment } from '../choices.ts'
import type { Machine } from '../machine/machine.ts'
import type { Prompter } from '../terminal/prompter.ts'

/** What resolving the answers depends on, apart from the command line. */
export interface Context {
  environment: NodeJS.ProcessEnv
  workingDirectory: string
  machine: Machine
  /** Returns the prompter; undefined if there is no terminal. */
  prompter(): Promise<Prompter | undefined>
  /** Whether defaults are used without asking: with --yes, in CI, or under a coding agent. */
  takeDefaults: boolean
  /** Returns the ways to set up Python that there is a choice from on this machine, the default first. */
  pythonChoices(): readonly PythonEnvironment[]
  /** Returns git's user.name. */
  userName(): Promise<string | undefined>
}
