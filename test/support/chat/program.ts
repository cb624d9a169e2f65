/** The chat of the template `node`, run where it lies: its sources, on the sources of the packages. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { z } from 'zod'
import { findInterpreter, findProject } from '../../../packages/engine/src/engine/project/index.ts'
import { Output } from '../../../templates/node/test/support/output.ts'

/** The folder that the program is started in. */
export const directory = join(import.meta.dirname, '../../../templates/node')

export const { python, site } = findInterpreter(findProject(directory))

/** The longest answer: some 250 tokens. */
export const story = 'Tell me a story.'

const onSources = ['--conditions=mlx-app-source', '--import', import.meta.resolve('tsx')]

/** `npm start` of the template. */
export const chat = [...onSources, 'src/main.ts']

/** The command line of one of its examples. */
export const example = (name: string): string[] => [...onSources, join('examples', name)]

export const environment: NodeJS.ProcessEnv = {
  ...process.env,
  MLX_MODEL: 'hello',
  NO_COLOR: '1',
  FORCE_COLOR: undefined,
}

export interface StartOptions {
  /** Environment variables beside the usual ones. */
  extra?: NodeJS.ProcessEnv
}

/** Starts a program of the template on Node. */
export function start(
  commandLine: readonly string[],
  { extra = {} }: StartOptions = {},
): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, commandLine, { cwd: directory, env: { ...environment, ...extra } })
}

export interface Outcome {
  stdout: string
  stderr: string
  code: number | null
}

/** Runs a program of the template to its end. */
export async function run(commandLine: readonly string[], options: StartOptions = {}): Promise<Outcome> {
  const child = start(commandLine, options)
  const stdout = new Output(child.stdout)
  const stderr = new Output(child.stderr)
  child.stdin.end()
  const [code] = await once(child, 'close')
  return { stdout: stdout.text, stderr: stderr.text, code: z.number().nullable().parse(code) }
}

/** A temporary folder that is gone after the tests of a file; its name holds a space and an accent. */
export function useFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'créé ici '))
  afterAll(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** An interpreter whose worker takes 20 ms for each token. */
export function makeSlowPython(folder: string): string {
  const file = join(folder, 'slow python')
  const script = join(import.meta.dirname, 'slow-worker.py')
  writeFileSync(file, `#!/bin/sh\nexec '${python}' '${script}' "$@"\n`)
  chmodSync(file, 0o755)
  return file
}
