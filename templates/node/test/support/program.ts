import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { z } from 'zod'
import { Output } from './output.ts'

/** The root of the project. */
export const directory = join(import.meta.dirname, '..', '..')

/** `npm run build` without npm. In the repository of the template the script lies in the layer `base`. */
export const build = [
  existsSync(join(directory, 'scripts')) ? 'scripts/bundle.mjs' : '../base/scripts/bundle.mjs',
]

/** `npm start` without npm. */
export const chat = [...build, '--run']

export interface StartOptions {
  /** Environment variables beside those of the tests. */
  extra?: NodeJS.ProcessEnv
  /** Where it is started; default: the root of the project. */
  from?: string
}

/** Starts a program of the project on Node. */
export function start(
  commandLine: readonly string[],
  { extra = {}, from = directory }: StartOptions = {},
): ChildProcessWithoutNullStreams {
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, ...extra }
  return spawn(process.execPath, commandLine, { cwd: from, env })
}

export interface Outcome {
  stdout: string
  stderr: string
  code: number | null
}

/** Runs a program of the project to its end. */
export async function run(
  commandLine: readonly string[],
  { input = '', ...options }: StartOptions & { input?: string } = {},
): Promise<Outcome> {
  const child = start(commandLine, options)
  const stdout = new Output(child.stdout)
  const stderr = new Output(child.stderr)
  // A program that does not read its input may have ended before all of it was written.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const [code] = await once(child, 'close')
  return { stdout: stdout.text, stderr: stderr.text, code: z.number().nullable().parse(code) }
}

/** A temporary folder that is gone after the tests of a file; its name holds a space and an accent. */
export function useFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'créé ici '))
  afterAll(() => rmSync(path, { recursive: true, force: true }))
  return path
}
