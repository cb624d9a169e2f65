import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { z } from 'zod'
import { findInterpreter, findProject } from 'mlx-app/setup'
import { Output } from './output.ts'

const project = findProject(import.meta.dirname)
export const { python } = findInterpreter(project)

/** The folder that the program is started in: the root of the project. */
export const directory = join(import.meta.dirname, '..', '..', '..')

const pairs = z
  .array(z.object({ question: z.string(), answer: z.string() }))
  .parse(JSON.parse(readFileSync(join(project.modelsDirectory, 'hello', 'answers.json'), 'utf8')))

/** The answer that the hello model knows by heart. */
export function answerTo(question: string): string {
  const pair = pairs.find((candidate) => candidate.question === question)
  if (pair === undefined) throw new Error(`The hello model was not taught "${question}".`)
  return pair.answer
}

/** The longest answer: some 250 tokens. */
export const story = 'Tell me a story.'

/** `npm run build` without npm. In the host the script lies in a layer of its own. */
export const build = [
  existsSync(join(directory, 'scripts')) ? 'scripts/bundle.mjs' : '../../bundle/scripts/bundle.mjs',
  'src/main.ts',
]

/** `npm start` without npm. */
export const chat = [...build, '--run']

/** Whatever model the project has: tests use the one that comes with it. */
export const environment: NodeJS.ProcessEnv = {
  ...process.env,
  MLX_MODEL: 'hello',
  NO_COLOR: '1',
  FORCE_COLOR: undefined,
}

export interface StartOptions {
  /** Environment variables beside the usual ones. */
  extra?: NodeJS.ProcessEnv
  /** Where it is started; default: the root of the project. */
  from?: string
}

/** Starts a program of the project on Node. */
export function start(
  commandLine: readonly string[],
  { extra = {}, from = directory }: StartOptions = {},
): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, commandLine, { cwd: from, env: { ...environment, ...extra } })
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

/** An interpreter whose worker takes its time for each token: 20 ms. */
export function makeSlowPython(folder: string): string {
  const file = join(folder, 'slow python')
  const script = join(import.meta.dirname, 'slow-worker.py')
  writeFileSync(file, `#!/bin/sh\nexec '${python}' '${script}' "$@"\n`)
  chmodSync(file, 0o755)
  return file
}
