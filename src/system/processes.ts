import { execa } from 'execa'
import type { CommandOptions, Commands } from './commands.ts'

/** Time that an interrupted command has to end by itself before it is killed. */
const graceMs = 5000

/** Commands as real processes. This file is the only one that loads execa, so it is imported when needed. */
export const processes: Commands = {
  run: async ([program = '', ...flags], { output, signal, ...options }) => {
    const result = await execa(program, flags, {
      ...common(options, signal),
      stdin: 'inherit',
      stdout: output === 'stdout' ? 'inherit' : process.stderr,
      stderr: 'inherit',
    })
    // A Ctrl-C in the terminal reaches the command too, sometimes before it reaches this process.
    if (result.isCanceled || result.signal === 'SIGINT' || result.exitCode === 130) return 'interrupted'
    if (!result.failed) return { failure: undefined }
    if (result.code === 'ENOENT') return { failure: `${program} was not found on the PATH` }
    if (result.exitCode === undefined) return { failure: `it ended by ${result.signal ?? 'a failure'}` }
    return { failure: `exit ${result.exitCode}` }
  },

  ask: async ([program = '', ...flags], { signal, ...options }) => {
    const result = await execa(program, flags, { ...common(options, signal), stdin: 'ignore' })
    if (result.isCanceled) return 'interrupted'
    return { printed: result.failed ? undefined : result.stdout.trim() }
  },
}

function common({ cwd, env }: Pick<CommandOptions, 'cwd' | 'env'>, signal: AbortSignal) {
  return {
    cwd,
    env,
    extendEnv: false,
    reject: false,
    cancelSignal: signal,
    forceKillAfterDelay: graceMs,
  } as const
}
