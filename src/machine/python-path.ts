import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { UsageError } from '../errors.ts'
import { findOnPath, isProgram } from './search-path.ts'

/**
 * Returns the absolute path of the interpreter that --python-path names, because the setup runs in another folder. A
 * bare name such as python3.12 is looked up on the PATH.
 *
 * @throws UsageError if there is no such program.
 */
export function locatePython(text: string, workingDirectory: string, environment: NodeJS.ProcessEnv): string {
  const isName = !/[/\\]/.test(text)
  const found = isName ? findOnPath(text, environment) : undefined
  if (found !== undefined) return found
  if (isName && !existsSync(resolve(workingDirectory, text))) {
    throw new UsageError(`${text} was not found on the PATH.`, {
      hints: ['You can also give the path of an interpreter: --python-path ./.venv/bin/python'],
    })
  }
  const path = /^~[/\\]/.test(text) ? join(homedir(), text.slice(1)) : resolve(workingDirectory, text)
  if (isProgram(path)) return path
  const inside = [join(path, 'bin', 'python'), join(path, 'Scripts', 'python.exe')].find(isProgram)
  const problem = existsSync(path) ? 'is not an executable file' : 'does not exist'
  throw new UsageError(`--python-path ${text}: ${path} ${problem}.`, {
    hints: [
      inside === undefined
        ? 'Give the path of the interpreter itself, for example .venv/bin/python.'
        : `Did you mean --python-path ${inside}?`,
    ],
  })
}
