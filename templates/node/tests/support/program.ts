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

/** Runs `npm run build` without npm. In the repository of this template, the script is in the layer `program`. */
export const build = [
  existsSync(join(directory, 'scripts')) ? 'scripts/bundle.mjs' : '../program/scripts/bundle.mjs',
]

/** Runs `npm start` without npm. */
export const chat = [...build, '--run']

export interface StartOptions {
  /** Additional environment variables. */
  extra?: NodeJS.ProcessEnv
  /** The working directory. The default is the root of the project. */
  from?: string
}

/** Starts a program of the project with Node. */
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

/** Runs a program of the project and waits until it exits. */
export async function run(
  commandLine: readonly string[],
  { input = '', ...options }: StartOptions & { input?: string } = {},
): Promise<Outcome> {
  const child = start(commandLine, options)
  const stdout = new Output(child.stdout)
  const stderr = new Output(child.stderr)
  // A program that does not read its input may exit before all of it has been written.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const [code] = await once(child, 'close')
  return { stdout: stdout.text, stderr: stderr.text, code: z.number().nullable().parse(code) }
}

/** Creates a temporary folder for the tests in a file. Its path contains a space and accents. */
export function useFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'créé ici '))
  afterAll(() => rmSync(path, { recursive: true, force: true }))
  return path
}
