import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { explainError, systemErrorCode } from '../system-errors.ts'
import type { Commands } from './commands.ts'
import { spawnCommandFor } from './spawn-command.ts'
import { prepareTermination } from './terminate.ts'

/** The variable that marks a command and everything it starts. Each command gets a value of its own. */
const markName = 'CREATE_MLX_APP_COMMAND'

/** Runs commands as real processes. It loads node:child_process, so import it only when it is needed. */
export const processes: Commands = {
  run: async (command, { output, showsOnlyFailure = false, signal, cwd, env }) => {
    const { program, flags, shell } = spawnCommandFor(process.platform, command)
    const stdout = output === 'stdout' ? 'inherit' : process.stderr
    const result = await execute([program, ...flags], signal, {
      cwd,
      env,
      stdio: showsOnlyFailure ? ['inherit', 'pipe', 'pipe'] : ['inherit', stdout, 'inherit'],
      shell,
    })
    if (result === 'interrupted') return result
    if (result.exitCode !== 0) {
      process[output].write(result.stdout)
      process.stderr.write(result.stderr)
    }
    if (result.error !== undefined) {
      const missing = systemErrorCode(result.error) === 'ENOENT'
      return { failure: missing ? `${command[0]} was not found on the PATH` : explainError(result.error) }
    }
    if (result.exitCode === 0) return { failure: undefined }
    return {
      failure: result.exitCode === null ? `killed by ${result.signal}` : `exit code ${result.exitCode}`,
    }
  },

  capture: async (command, { signal, cwd, env }) => {
    const result = await execute(command, signal, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    if (result === 'interrupted') return result
    const lines = result.stderr.trim().split('\n')
    const errorLine = lines.find((line) => /^(fatal|error): /.test(line)) ?? lines.at(-1) ?? ''
    return { stdout: result.exitCode === 0 ? result.stdout.trim() : undefined, errorLine }
  },
}

interface CommandResult {
  /** Why the command could not be started. */
  error?: Error
  exitCode: number | null
  signal: NodeJS.Signals | null
  /** What it printed to stdout, when stdout is a pipe. */
  stdout: string
  /** What it printed to stderr, when stderr is a pipe. */
  stderr: string
}

/**
 * Runs a command until it exits. When the signal is aborted, ends the command and everything that it started, so that
 * nothing outlives this process.
 */
async function execute(
  [program = '', ...flags]: readonly string[],
  signal: AbortSignal,
  options: SpawnOptions,
): Promise<CommandResult | 'interrupted'> {
  if (signal.aborted) return 'interrupted'
  const mark = String(performance.timeOrigin + performance.now())
  const child = spawn(program, flags, { ...options, env: { ...options.env, [markName]: mark } })
  const termination = prepareTermination(child, program, `${markName}=${mark}`)
  signal.addEventListener('abort', termination.start)
  process.on('exit', termination.endNow)
  try {
    const result = await waitForExit(child)
    // Ctrl-C in the terminal also reaches the command, sometimes before it reaches this process.
    const isInterrupted = result.signal === 'SIGINT' || result.exitCode === 130
    if (!signal.aborted && !isInterrupted) return result
    if (!signal.aborted) termination.start()
    await termination.waitForEnd()
    return 'interrupted'
  } finally {
    signal.removeEventListener('abort', termination.start)
    process.off('exit', termination.endNow)
  }
}

function waitForExit(child: ChildProcess): Promise<CommandResult> {
  return new Promise((resolve) => {
    const texts = { stdout: '', stderr: '' }
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      texts.stdout += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      texts.stderr += text
    })
    child.on('error', (error) => resolve({ error, exitCode: null, signal: null, ...texts }))
    child.on('close', (exitCode, signal) => resolve({ exitCode, signal, ...texts }))
  })
}
