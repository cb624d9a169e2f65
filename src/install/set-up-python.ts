import type { Answers } from '../choices.ts'
import { setupCommand } from '../package-manager.ts'
import { runWatched, type Watched } from './install.ts'

/** Sets up Python by the project's own script. @returns why it failed; undefined when it did not. */
export function setUpPython(
  answers: Pick<Answers, 'packageManager' | 'env' | 'pythonPath'>,
  watched: Watched,
): Promise<string | undefined> {
  return runWatched(setupCommand(answers), watched)
}
