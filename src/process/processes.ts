import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { systemErrorCode } from '../errors.ts'
import { explainError } from '../system-errors.ts'
import type { Commands } from './commands.ts'
import { spawnCommandFor } from './spawn-command.ts'
import { endingOf } from './terminate.ts'

/** Variable by which all that a command starts is found again; its value is another one for each command. */
const markName = 'CREATE_MLX_APP_COMMAND'

/** Commands as real processes. This file alone loads Node's part for them, so it is imported when needed. */
export const processes: Commands = {
  run: async (command, { output, signal, cwd, env }) => {
    const { program, flags, shell } = spawnCommandFor(process.platform, command)
    const stdout = output === 'stdout' ? 'inherit' : process.stderr
    const ended = await execute([program, ...flags], signal, {
      cwd,
      env,
      stdio: ['inherit', stdout, 'inherit'],
      shell,
    })
    if (ended === 'interrupted') return ended
    if (ended.error !== undefined) {
      const missing = systemErrorCode(ended.error) === 'ENOENT'
      return { failure: missing ? `${command[0]} was not found on the PATH` : explainError(ended.error) }
    }
    if (ended.exitCode === 0) return { failure: undefined }
    return { failure: ended.exitCode === null ? `it ended by ${ended.signal}` : `exit ${ended.exitCode}` }
  },

  ask: async (command, { signal, cwd, env }) => {
    const ended = await execute(command, signal, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    if (ended === 'interrupted') return ended
    const complaints = ended.complained.trim().split('\n')
    const complaint = complaints.find((line) => /^(fatal|error): /.test(line)) ?? complaints.at(-1) ?? ''
    return { printed: ended.exitCode === 0 ? ended.printed.trim() : undefined, complaint }
  },
}

interface Ended {
  /** Why it could not be started. */
  error?: Error
  exitCode: number | null
  signal: NodeJS.Signals | null
  /** What it printed on a stdout that is a pipe. */
  printed: string
  /** The same of stderr. */
  complained: string
}

/** Runs a command to its end, or ends it and all that it started on the signal. They never outlive this process. */
async function execute(
  [program = '', ...flags]: readonly string[],
  signal: AbortSignal,
  options: SpawnOptions,
): Promise<Ended | 'interrupted'> {
  if (signal.aborted) return 'interrupted'
  const mark = String(performance.timeOrigin + performance.now())
  const child = spawn(program, flags, { ...options, env: { ...options.env, [markName]: mark } })
  const ending = endingOf(child, program, `${markName}=${mark}`)
  signal.addEventListener('abort', ending.begin)
  process.on('exit', ending.abandon)
  try {
    const ended = await endOf(child)
    // A Ctrl-C in the terminal reaches the command too, sometimes before it reaches this process.
    const isInterrupted = ended.signal === 'SIGINT' || ended.exitCode === 130
    if (!signal.aborted && !isInterrupted) return ended
    if (!signal.aborted) ending.begin()
    await ending.finish()
    return 'interrupted'
  } finally {
    signal.removeEventListener('abort', ending.begin)
    process.off('exit', ending.abandon)
  }
}

function endOf(child: ChildProcess): Promise<Ended> {
  return new Promise((resolve) => {
    const texts = { printed: '', complained: '' }
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      texts.printed += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      texts.complained += text
    })
    child.on('error', (error) => resolve({ error, exitCode: null, signal: null, ...texts }))
    child.on('close', (exitCode, signal) => resolve({ exitCode, signal, ...texts }))
  })
}
