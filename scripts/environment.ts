/**
 * The Python environment that the tests and scripts of this repository share: templates/python/.venv with the
 * development lock, made by the code that users get.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findProject, type Project } from '../templates/engine/src/engine/project.ts'
import { childEnvironment } from '../templates/setup/src/setup/children.ts'
import { findPythons, findUv } from '../templates/setup/src/setup/find.ts'
import { isBroken } from '../templates/setup/src/setup/interpreter.ts'
import { uvLock } from '../templates/setup/src/setup/locks.ts'
import { setUp } from '../templates/setup/src/setup/set-up.ts'
import { uvFolder } from '../templates/setup/src/setup/survey.ts'
import type { Terminal } from '../templates/setup/src/setup/terminal.ts'
import { fetchUv } from '../templates/setup/src/setup/uv.ts'

/** The host: the folder with the layers, which is a project in its own right. */
export const host: Project = findProject(fileURLToPath(new URL('../templates/', import.meta.url)))

/** On stderr: what a script prints on stdout stays its own. */
const terminal: Terminal = {
  done: (text) => console.error(`  ${text}`),
  note: (text) => console.error(`! ${text}`),
}

/**
 * Makes the shared environment when it is not there or its locks have changed; without a network and within a
 * second otherwise. Two processes that ask at once wait for each other.
 *
 * @returns the absolute path of its interpreter.
 * @throws EngineError
 */
export async function ensureEnvironment(): Promise<string> {
  const { MLX_PYTHON: _, MLX_SERVING_PYTHON_PATH: __, ...environment } = process.env
  const lines: string[] = []
  const quiet: Terminal = { done: (text) => lines.push(text), note: terminal.note }
  const result = await setUp(host, { dev: true, cuda: false, fresh: false }, { environment, terminal: quiet })
  if (!result.upToDate) for (const line of lines) terminal.done(line)
  return result.python
}

/** Path of a uv: the one that is there, or one fetched by pip into templates/.mlx. */
export async function obtainUv(): Promise<string> {
  const environment = childEnvironment()
  const found = await findUv(environment, uvFolder(host))
  if (found !== undefined) return found
  const python = (await findPythons(environment)).find((candidate) => !isBroken(candidate) && candidate.pip)
  if (python === undefined || isBroken(python)) throw new Error('There is neither uv nor a Python with pip.')
  const run = { environment, directory: host.root, signal: undefined }
  return await fetchUv(python, uvFolder(host), join(host.pythonDirectory, uvLock), run)
}
