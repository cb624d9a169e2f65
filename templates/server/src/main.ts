/**
 * `npm start`: the server, until a signal ends it. The only place that sets the exit code: 0 after a signal, 1 where it
 * can't start, 2 for a wrong variable, 130 for Ctrl-C before it listens; a second signal ends it with the code that
 * shells give to a signal.
 */
import { constants } from 'node:os'
import { EngineError } from 'mlx-app'
import { getModelFirst } from '../../../packages/server/src/first-model.ts'
import { KeyError } from '../../../packages/server/src/keys/records.ts'
import { StartError } from '../../../packages/server/src/listen-errors.ts'
import { createLog } from '../../../packages/server/src/log.ts'
import { readSettings, SettingError } from '../../../packages/server/src/settings.ts'
import { type RunningServer, startServer } from '../../../packages/server/src/start.ts'

try {
  const settings = readSettings(process.env)
  if (settings.engineUrl === '') await getModelFirst(process.env)
  const server = await startServer(settings, { log: createLog(settings) })
  const ending = endOnSignals(server)
  console.log(`Listening on ${server.url}`)
  server.ready.catch(async (error: unknown) => {
    // Told to end, a start that was under way fails.
    if (ending()) return
    await server.cut()
    fail(error)
  })
} catch (error) {
  fail(error)
}

/** The first signal lets answers under way end, a second one cuts them. */
function endOnSignals(server: RunningServer): () => boolean {
  let asked = false
  let code = 0
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (asked) code = 128 + constants.signals[signal]
      const end = asked ? server.cut() : server.close()
      asked = true
      end.then(() => process.exit(code), fail)
    })
  }
  return () => asked
}

function fail(error: unknown): never {
  if (error instanceof SettingError) {
    console.error(error.message)
    process.exit(2)
  }
  // What a user can mend needs no stack; a bug does.
  if (EngineError.isInstance(error)) console.error(error.describe())
  else if (error instanceof KeyError || error instanceof StartError) console.error(error.message)
  else console.error(error)
  process.exit(EngineError.isInstance(error) && error.code === 'ABORTED' ? 130 : 1)
}
