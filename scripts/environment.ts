/**
 * The Python environment that the tests and scripts of this repository share: .mlx/venv with the development lock, which is
 * created by the setup of the engine.
 */
import { existsSync, readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findProject, interpreterIn, type Project } from '../packages/engine/src/engine/project/index.ts'
import { pythonDirectory } from '../packages/engine/src/package-files.ts'
import {
  createEnvironmentWithUv,
  fetchUv,
  installWithUv,
} from '../packages/engine/src/setup/environment/uv.ts'
import { findPythons, findUv, uvFolder } from '../packages/engine/src/setup/machine/find-programs.ts'
import { isBroken } from '../packages/engine/src/setup/machine/interpreter.ts'
import { lockFiles, lockHash, lockSetFor, uvLock } from '../packages/engine/src/setup/plan/locks.ts'
import { childEnvironment, processOptions } from '../packages/engine/src/setup/process/child-process.ts'
import { setUp } from '../packages/engine/src/setup/run-setup.ts'
import type { Terminal } from '../packages/engine/src/setup/terminal/terminal.ts'

/** This repository as a project. It is the root of the workspace, where packages and templates find the environment. */
export const repository: Project = findProject(fileURLToPath(new URL('../', import.meta.url)))

/** Prints to stderr, so that stdout only has the output of the script. */
const terminal: Terminal = {
  done: (text) => console.error(`  ${text}`),
  note: (text) => console.error(`! ${text}`),
}

/**
 * Creates the shared environment if it is missing or its locks have changed. Otherwise it takes less than a second and no
 * network. Concurrent processes wait for each other.
 *
 * @returns the absolute path of its interpreter.
 * @throws EngineError
 */
export async function ensureEnvironment(): Promise<string> {
  const { MLX_PYTHON: _, MLX_SERVING_PYTHON_PATH: __, ...environment } = process.env
  const lines: string[] = []
  const quiet: Terminal = { done: (text) => lines.push(text), note: terminal.note }
  const result = await setUp(
    repository,
    { dev: true, cuda: false, vision: false, fresh: false },
    { environment, terminal: quiet },
  )
  if (!result.upToDate) for (const line of lines) terminal.done(line)
  return result.python
}

/** The path of the interpreter in the environment with the extra for images and embeddings. It may not exist. */
export const visionPython = interpreterIn(join(dirname(repository.environmentFile), 'venv-vision'))

/**
 * Creates the environment with the extra for images and embeddings in .mlx/venv-vision, if it is missing or its locks have
 * changed. The shared environment doesn't have the extra, so that tests cover apps without it.
 *
 * @returns the absolute path of its interpreter.
 * @throws EngineError
 */
export async function ensureVisionEnvironment(): Promise<string> {
  const base = await ensureEnvironment()
  const folder = join(dirname(repository.environmentFile), 'venv-vision')
  const python = visionPython
  const set = lockSetFor({ dev: true, cuda: false, vision: true })
  const hash = lockHash(pythonDirectory, set)
  const installed = join(folder, 'installed-lock')
  if (existsSync(python) && existsSync(installed) && readFileSync(installed, 'utf8') === hash) return python
  const uv = await obtainUv()
  const run = processOptions(repository, { environment: childEnvironment(process.env, repository) })
  await rm(folder, { recursive: true, force: true })
  await createEnvironmentWithUv(uv, base, folder, run)
  await installWithUv(uv, python, lockFiles(pythonDirectory, set), run)
  await writeFile(installed, hash)
  terminal.done(`Packages from ${lockFiles('', set).join(' and ')} in ${folder}`)
  return python
}

/** Returns the path of uv: an installed one, or one that pip installs in `.mlx`. */
export async function obtainUv(): Promise<string> {
  const environment = childEnvironment(process.env, repository)
  const found = await findUv(repository, environment)
  if (found !== undefined) return found
  const python = (await findPythons(environment)).find((candidate) => !isBroken(candidate) && candidate.pip)
  if (python === undefined || isBroken(python)) throw new Error('Found neither uv nor a Python with pip.')
  const run = processOptions(repository, { environment })
  return await fetchUv(python, uvFolder(repository), join(pythonDirectory, uvLock), run)
}
