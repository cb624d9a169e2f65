import { execa } from 'execa'
import { InterruptedError } from '../errors.ts'

export interface CommandOptions {
  cwd: string
  env: NodeJS.ProcessEnv
  /** Ends the command when it is aborted. */
  signal: AbortSignal
  /** Where its output goes: the terminal's stdout, or stderr when stdout is for a program. */
  output: 'stdout' | 'stderr'
}

/** Time that an interrupted command has to end by itself before it is killed. */
const graceMs = 5000

/**
 * Runs a command that a user watches.
 *
 * @returns why it failed, in words; undefined when it did not.
 * @throws InterruptedError when the signal ended it.
 */
export async function runCommand(
  [program = '', ...flags]: readonly string[],
  { cwd, env, signal, output }: CommandOptions,
): Promise<string | undefined> {
  signal.throwIfAborted()
  const result = await execa(program, flags, {
    cwd,
    env,
    extendEnv: false,
    stdin: 'inherit',
    stdout: output === 'stdout' ? 'inherit' : process.stderr,
    stderr: 'inherit',
    reject: false,
    cancelSignal: signal,
    forceKillAfterDelay: graceMs,
  })
  if (signal.aborted || result.isCanceled || result.signal === 'SIGINT' || result.exitCode === 130) {
    throw new InterruptedError()
  }
  if (!result.failed) return undefined
  if (result.code === 'ENOENT') return `${program} was not found on the PATH`
  return result.exitCode === undefined
    ? `it ended by ${result.signal ?? 'a failure'}`
    : `exit ${result.exitCode}`
}

/** Runs a short command quietly. @returns what it printed, trimmed; undefined when it failed or is missing. */
export async function askCommand(
  [program = '', ...flags]: readonly string[],
  options: Pick<CommandOptions, 'cwd' | 'env' | 'signal'>,
): Promise<string | undefined> {
  options.signal.throwIfAborted()
  const { cwd, env, signal } = options
  const result = await execa(program, flags, {
    cwd,
    env,
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    cancelSignal: signal,
  })
  if (signal.aborted) throw new InterruptedError()
  return result.failed ? undefined : result.stdout.trim()
}

/**
 * The environment for package managers and git. npm's settings of the command that created the project
 * (`npm create --force`, flags of ours that npm took) are not meant for them, and inside a git hook
 * GIT_DIR would lead git to another repository.
 */
export function childEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const strange =
    /^(npm_config_(template|model|env|force|yes|json|dry_run|package|call)|GIT_(DIR|WORK_TREE|INDEX_FILE|PREFIX))$/
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !strange.test(name)))
}
