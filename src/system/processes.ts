import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { systemErrorCode } from '../errors.ts'
import type { Commands } from './commands.ts'

/** Time that an interrupted command has to end by itself before it is killed. */
const graceMs = 5000

/** Commands as real processes. This file alone loads Node's part for them, so it is imported when needed. */
export const processes: Commands = {
  run: async (command, { output, signal, cwd, env }) => {
    const ended = await execute(command, signal, {
      cwd,
      env,
      stdio: ['inherit', output === 'stdout' ? 'inherit' : process.stderr, 'inherit'],
      // On Windows package managers are scripts, which only a shell runs; none of their arguments needs quotes.
      shell: process.platform === 'win32',
    })
    if (ended === 'interrupted') return ended
    if (ended.error !== undefined) {
      const missing = systemErrorCode(ended.error) === 'ENOENT'
      return { failure: missing ? `${command[0]} was not found on the PATH` : ended.error.message }
    }
    // A Ctrl-C in the terminal reaches the command too, sometimes before it reaches this process.
    if (ended.signal === 'SIGINT' || ended.exitCode === 130) return 'interrupted'
    if (ended.exitCode === 0) return { failure: undefined }
    return { failure: ended.exitCode === null ? `it ended by ${ended.signal}` : `exit ${ended.exitCode}` }
  },

  ask: async (command, { signal, cwd, env }) => {
    const ended = await execute(command, signal, { cwd, env, stdio: ['ignore', 'pipe', 'ignore'] })
    if (ended === 'interrupted') return ended
    return { printed: ended.exitCode === 0 ? ended.printed.trim() : undefined }
  },
}

interface Ended {
  /** Why it could not be started. */
  error?: Error
  exitCode: number | null
  signal: NodeJS.Signals | null
  /** What it printed on a stdout that is a pipe. */
  printed: string
}

/** Runs a command to its end; on the signal it is asked to end, and ended after a grace. It never outlives this process. */
async function execute(
  [program = '', ...flags]: readonly string[],
  signal: AbortSignal,
  options: SpawnOptions,
): Promise<Ended | 'interrupted'> {
  if (signal.aborted) return 'interrupted'
  const child = spawn(program, flags, options)
  let killing: NodeJS.Timeout | undefined
  const interrupt = (): void => {
    child.kill('SIGTERM')
    killing = setTimeout(() => child.kill('SIGKILL'), graceMs)
  }
  const end = (): void => void child.kill('SIGTERM')
  signal.addEventListener('abort', interrupt)
  process.on('exit', end)
  try {
    const ended = await endOf(child)
    return signal.aborted ? 'interrupted' : ended
  } finally {
    clearTimeout(killing)
    signal.removeEventListener('abort', interrupt)
    process.off('exit', end)
  }
}

function endOf(child: ChildProcess): Promise<Ended> {
  return new Promise((resolve) => {
    let printed = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
    child.on('error', (error) => resolve({ error, exitCode: null, signal: null, printed }))
    child.on('close', (exitCode, signal) => resolve({ exitCode, signal, printed }))
  })
}
