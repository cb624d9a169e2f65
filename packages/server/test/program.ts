import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { afterEach } from 'vitest'
import * as z from 'zod'
import { program as findListed } from '../../../test/support/programs/find.ts'
import { until } from '../../engine/test/engine/support.ts'
import { serverProgram } from './server-program.ts'

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

/**
 * Runs the server in the folder of a project.
 *
 * @param program what Node is started with.
 */
export function runServer(
  folder: string,
  environment: NodeJS.ProcessEnv = {},
  program: readonly string[] = serverProgram,
): Program {
  const child = spawn(process.execPath, program, {
    cwd: folder,
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

/** Resolves once no worker runs for a project: one whose program was interrupted lives until it sees that nobody reads. */
export async function untilNoWorker(folder: string): Promise<void> {
  const ofProject = `--models ${join(folder, 'models')}`
  await until(
    async () =>
      !execFileSync(findListed('ps'), ['-A', '-ww', '-o', 'command='], { encoding: 'utf8' }).includes(
        ofProject,
      ),
  )
}
