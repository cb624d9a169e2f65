/** Runs the chat of the template `node` in place, with the sources of the packages. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { findInterpreter, findProject } from '../../../packages/engine/src/engine/project/index.ts'
import { Output } from '../../../templates/node/tests/support/output.ts'
import type { Outcome } from '../../../templates/node/tests/support/program.ts'

export { useFolder } from '../../../templates/node/tests/support/program.ts'

/** The working directory of the program. */
export const directory = join(import.meta.dirname, '../../../templates/node')

export const { python, site } = findInterpreter(findProject(directory))

/** A question with the longest answer, about 250 tokens. */
export const story = 'Tell me a story.'

const onSources = ['--conditions=mlx-app-source', '--import', import.meta.resolve('tsx')]

/** The command line of `npm start`. */
export const chat = [...onSources, 'src/main.ts']

/** Returns the command line of an example. */
export const example = (name: string): string[] => [...onSources, join('examples', name)]

export const environment: NodeJS.ProcessEnv = {
  ...process.env,
  MLX_MODEL: 'hello',
  NO_COLOR: '1',
  FORCE_COLOR: undefined,
}

export interface StartOptions {
  /** Additional environment variables. */
  extra?: NodeJS.ProcessEnv
}

/** Starts a program of the template with Node. */
export function start(
  commandLine: readonly string[],
  { extra = {} }: StartOptions = {},
): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, commandLine, { cwd: directory, env: { ...environment, ...extra } })
}

/** Runs a program of the template and waits until it exits. */
export async function run(commandLine: readonly string[], options: StartOptions = {}): Promise<Outcome> {
  const child = start(commandLine, options)
  const stdout = new Output(child.stdout)
  const stderr = new Output(child.stderr)
  child.stdin.end()
  const [code] = await once(child, 'close')
  return { stdout: stdout.text, stderr: stderr.text, code: z.number().nullable().parse(code) }
}

/** Creates an interpreter whose worker takes 20 ms for each token. */
export function makeSlowPython(folder: string): string {
  const file = join(folder, 'slow python')
  const script = join(import.meta.dirname, 'slow-worker.py')
  writeFileSync(file, `#!/bin/sh\nexec '${python}' '${script}' "$@"\n`)
  chmodSync(file, 0o755)
  return file
}
