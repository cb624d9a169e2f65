import { constants } from 'node:os'
import { EngineError } from 'mlx-app'
import { KeyError } from './keys/records.ts'
import { StartError } from './listen-errors.ts'
import { resolveMissingModel } from './missing-model.ts'
import { hostOfConda, readSettings, SettingError } from './settings.ts'
import { type RunningServer, type StartOptions, startServer } from './start.ts'

/**
 * Runs the server as a program with the settings from the environment. It asks in a terminal if the model is not on
 * disk, listens, writes `Listening on http://...` to standard output, and exits the process when the server stops.
 *
 * SIGINT and SIGTERM let running requests finish within GRACE_MS, and the exit code is 0. A second signal cancels
 * them and exits with the code that shells use for that signal. Other exit codes are 1 if the server fails to start,
 * 2 for an invalid setting, and 130 for Ctrl-C before it listens. Nothing is thrown: errors go to standard error.
 */
export async function runServer(options: StartOptions = {}): Promise<void> {
  try {
    const settings = readSettings(process.env)
    const foreign = hostOfConda(process.env)
    if (foreign !== undefined) {
      console.error(
        `HOST is ${foreign}, as conda's compilers set it, so it is not used. Use --host to set an address.`,
      )
    }
    if (settings.engineUrl === '') await resolveMissingModel(process.env, options.engine)
    const server = await startServer(settings, options)
    const ending = closeOnSignals(server)
    console.log(`Listening on ${server.url}`)
    server.ready.catch(async (error: unknown) => {
      // A start that is still running fails when the server is stopped.
      if (ending()) return
      await server.cut()
      exitWithError(error)
    })
  } catch (error) {
    exitWithError(error)
  }
}

/** Until then, another signal is the first one again: npm, tsx and uv pass on what the server may also get itself. */
const sameSignalMs = 500

/** Lets running requests finish on the first signal and cancels them on the second. */
function closeOnSignals(server: RunningServer): () => boolean {
  let askedAt: number | undefined
  let code = 0
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      const now = performance.now()
      const isSecond = askedAt !== undefined
      askedAt ??= now
      if (isSecond && now - askedAt < sameSignalMs) return
      if (isSecond) code = 128 + constants.signals[signal]
      const end = isSecond ? server.cut() : server.close()
      end.then(() => process.exit(code), exitWithError)
    })
  }
  return () => askedAt !== undefined
}

/** Writes an error to standard error and exits with its code: 2 for an invalid setting, 130 for Ctrl-C, otherwise 1. */
export function exitWithError(error: unknown): never {
  if (error instanceof SettingError) {
    console.error(error.message)
    process.exit(2)
  }
  // The user can fix these errors, so they need no stack. Anything else is a bug.
  if (EngineError.isInstance(error)) console.error(error.describe())
  else if (error instanceof KeyError || error instanceof StartError) console.error(error.message)
  else console.error(error)
  process.exit(EngineError.isInstance(error) && error.code === 'ABORTED' ? 130 : 1)
}
