import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll } from 'vitest'
import { z } from 'zod'
import { type Chunk, createEngine, type Engine, type EngineOptions } from '../../src/engine/index.ts'
import { findInterpreter, findProject } from '../../src/engine/project/index.ts'
import { pythonDirectory } from '../../src/package-files.ts'

const project = findProject(import.meta.dirname)

export const helloDirectory = join(pythonDirectory, 'src', 'mlx_app', 'hello')

const pairs = z
  .array(z.object({ question: z.string(), answer: z.string() }))
  .parse(JSON.parse(readFileSync(join(helloDirectory, 'answers.json'), 'utf8')))

/** What the hello model knows by heart. */
export const answers = pairs

export function answerTo(question: string): string {
  const pair = pairs.find((candidate) => candidate.question === question)
  if (pair === undefined) throw new Error(`The hello model was not taught "${question}".`)
  return pair.answer
}

/** The longest answer: some 250 tokens, so that there is time to disturb it. */
export const story = 'Tell me a story.'

export function ask(question: string) {
  return { messages: [{ role: 'user' as const, content: question }] }
}

/**
 * Options of an answer that does not end by itself: the tokens that end one are out of the question. For whatever has to
 * run still when a test comes to it, be the machine slow.
 */
export const endless = { maxTokens: 100_000, logitBias: { 0: -100, 1: -100, 2: -100 } }

/** One engine for all tests of a file. The device is the CPU, where sampling is the same in every batch. */
export function useEngine(options: EngineOptions = {}): { readonly engine: Engine } {
  let started: Engine | undefined
  beforeAll(async () => {
    started = await createEngine({ device: 'cpu', ...options })
    await started.loadModel({ model: 'hello' })
  })
  afterAll(async () => {
    await started?.dispose()
  })
  return {
    get engine() {
      if (started === undefined) throw new Error('The engine is there once the tests run.')
      return started
    },
  }
}

/** Calls that decode until `leave` ends them. */
export function occupy(engine: Engine, count: number): { leave: () => Promise<void> } {
  const clients = Array.from({ length: count }, () => new AbortController())
  const all = Promise.allSettled(
    clients.map(({ signal }) => engine.complete({ ...ask(story), ...endless, signal })),
  )
  return {
    leave: async () => {
      for (const client of clients) client.abort()
      await all
    },
  }
}

export async function textOf(chunks: AsyncIterable<Chunk>): Promise<string> {
  let text = ''
  for await (const chunk of chunks) text += chunk.text
  return text
}

/** The pause between two checks of a condition. Checking without one would take the CPU from the worker. */
const betweenLooksMs = 5

/** Resolves once the condition holds. It has to hold until the test changes it: a moment may pass between two looks. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await setTimeout(betweenLooksMs)
}

/** Returns whether a process runs. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    // ESRCH: there is none.
    return false
  }
  // On Linux, a process that has ended has the state Z until its exit code is read.
  if (process.platform !== 'linux') return true
  return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
}

/** Creates a temporary folder, deleted after the tests of the file. Its name has a space and an accent. */
export function useFolder(): { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'créé ici '))
  afterAll(() => rmSync(path, { recursive: true, force: true }))
  return { path }
}

/** Writes an executable shell script. Returns its path. */
export function writeScript(path: string, text: string): string {
  writeFileSync(path, `#!/bin/sh\n${text}\n`)
  chmodSync(path, 0o755)
  return path
}

/**
 * A model whose weights never come: reading them waits for as long as the named pipe in their place stays silent.
 * `opened` resolves once a reader has begun.
 */
export function makeEndlessModel(folder: string): { path: string; opened: () => Promise<FileHandle> } {
  const path = join(folder, 'endless')
  cpSync(helloDirectory, path, { recursive: true })
  const weights = join(path, 'model.safetensors')
  rmSync(weights)
  execFileSync('mkfifo', [weights])
  // Opening a pipe for writing waits for its reader.
  return { path, opened: () => open(weights, 'w') }
}

/** A project with the interpreter of this one, and models of its own. */
export function makeProject(folder: string, models: readonly string[] = ['hello']): string {
  mkdirSync(join(folder, 'models'), { recursive: true })
  for (const model of models) cpSync(helloDirectory, join(folder, 'models', model), { recursive: true })
  writeFileSync(join(folder, 'mlx.config.json'), JSON.stringify({ model: models[0] ?? 'hello' }))
  mkdirSync(join(folder, '.mlx'))
  const record = { method: 'existing', python: findInterpreter(project).python }
  writeFileSync(join(folder, '.mlx', 'environment.json'), JSON.stringify(record))
  return folder
}
