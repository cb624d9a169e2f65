import type { PythonEnvironment } from '../choices.ts'
import type { Machine } from '../machine/machine.ts'
import type { Monorepo } from '../machine/monorepo.ts'
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
  /** Returns the nearest monorepo above a folder, if any. */
  findMonorepo(folder: string): Promise<Monorepo | undefined>
  /** Returns git's user.name. */
  userName(): Promise<string | undefined>
}
