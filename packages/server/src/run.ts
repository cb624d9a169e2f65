import { constants } from 'node:os'
import { EngineError } from 'mlx-app'
import { KeyError } from './keys/records.ts'
import { StartError } from './listen-errors.ts'
import { resolveMissingModel } from './missing-model.ts'
import { readSettings, SettingError } from './settings.ts'
import { type RunningServer, type StartOptions, startServer } from './start.ts'

/**
 * Runs a server as a program of its own, with the settings of the environment: asks at a terminal for a model that is
 * not on disk, listens, writes `Listening on http://...` to standard output, and ends the process.
 *
 * The exit code is 0 after SIGINT or SIGTERM, which let answers under way end within GRACE_MS; 1 where it can't start,
 * 2 for a wrong variable, 130 for Ctrl-C before it listens. A second signal cuts what is left and ends the process with
 * the code that shells give to that signal. Nothing is thrown: what fails is told on standard error.
 */
export async function runServer(options: StartOptions = {}): Promise<void> {
  try {
    const settings = readSettings(process.env)
    if (settings.engineUrl === '') await resolveMissingModel(process.env, options.engine)
    const server = await startServer(settings, options)
    const ending = closeOnSignals(server)
    console.log(`Listening on ${server.url}`)
    server.ready.catch(async (error: unknown) => {
      // Told to end, a start that was under way fails.
      if (ending()) return
      await server.cut()
      exitWithError(error)
    })
  } catch (error) {
    exitWithError(error)
  }
}

/** The first signal lets answers under way end, a second one cuts them. */
function closeOnSignals(server: RunningServer): () => boolean {
  let asked = false
  let code = 0
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (asked) code = 128 + constants.signals[signal]
      const end = asked ? server.cut() : server.close()
      asked = true
      end.then(() => process.exit(code), exitWithError)
    })
  }
  return () => asked
}

function exitWithError(error: unknown): never {
  if (error instanceof SettingError) {
    console.error(error.message)
    process.exit(2)
  }
  // What a user can fix needs no stack; a bug does.
  if (EngineError.isInstance(error)) console.error(error.describe())
  else if (error instanceof KeyError || error instanceof StartError) console.error(error.message)
  else console.error(error)
  process.exit(EngineError.isInstance(error) && error.code === 'ABORTED' ? 130 : 1)
}
