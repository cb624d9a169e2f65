import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { afterEach } from 'vitest'
import * as z from 'zod'
import { makeProject } from '../../engine/test/engine/support.ts'

/** Where `npm run build` is run. */
const root = join(import.meta.dirname, '..', '..')
/** In the host the script lies in a layer of its own. */
const script = existsSync(join(root, 'scripts', 'bundle.mjs'))
  ? 'scripts/bundle.mjs'
  : '../../bundle/scripts/bundle.mjs'

/** A folder with the bundle, a model and the Python half: what somebody ships. There is no node_modules above it. */
export function ship(folder: string): string {
  execFileSync(process.execPath, [script, 'src/main.ts', 'src/keys.ts'], { cwd: root })
  makeProject(folder)
  mkdirSync(join(folder, 'dist'))
  for (const file of ['main.js', 'keys.js']) cpSync(join(root, 'dist', file), join(folder, 'dist', file))
  return folder
}

export interface Program {
  child: ChildProcessByStdio<null, Readable, Readable>
  /** Where it listens, once it does. */
  url: Promise<string>
  /** Resolves with the exit code, or the signal that ended it. */
  ended: Promise<number | string>
  /** What it wrote so far. */
  stdout: () => string
  stderr: () => string
}

const running = new Set<Program['child']>()
afterEach(async () => {
  for (const child of running) {
    child.kill('SIGKILL')
    await once(child, 'close')
  }
})

/** Runs `node dist/main.js` of a shipped folder, from a folder that has nothing to do with it. */
export function runServer(folder: string, environment: NodeJS.ProcessEnv = {}): Program {
  const child = spawn(process.execPath, [join(folder, 'dist', 'main.js')], {
    cwd: '/',
    env: { ...process.env, MLX_MODEL: 'hello', PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  const written = { stdout: '', stderr: '' }
  const url = new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      written.stdout += piece
      const address = /^Listening on (\S+)\n/.exec(written.stdout)?.[1]
      if (address !== undefined) resolve(address)
    })
    child.once('close', () => reject(new Error(`It ended before it listened: ${written.stderr}`)))
  })
  // Whoever expects it to end doesn't ask where it listens.
  url.catch(() => undefined)
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    written.stderr += piece
  })
  const ended = once(child, 'close').then(([code, signal]) => {
    running.delete(child)
    return z.union([z.number(), z.string()]).parse(code ?? signal)
  })
  return { child, url, ended, stdout: () => written.stdout, stderr: () => written.stderr }
}

/** The process id of the Python worker of a program; undefined where it has none. */
export function workerOf({ child }: Program): number | undefined {
  const children = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
  const rows = children
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  return rows.find(([, parent]) => parent === child.pid)?.[0]
}
