/** `npm start`: the server, until a signal ends it. The only place that sets the exit code. */
import { pino } from 'pino'
import { EngineError } from '#engine'
import { KeyError } from './server/keys/records.ts'
import { readSettings, SettingError } from './server/settings.ts'
import { startServer } from './server/start.ts'

try {
  const settings = readSettings(process.env)
  // Standard output says where the server listens, and nothing else.
  const log = pino({ level: settings.logLevel }, pino.destination(2))
  const server = await startServer(settings, { log })
  let asked = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      const end = asked ? server.cut() : server.close()
      asked = true
      end.then(() => process.exit(0), fail)
    })
  }
  console.log(`Listening on ${server.url}`)
  await server.ready
} catch (error) {
  fail(error)
}

function fail(error: unknown): void {
  if (error instanceof SettingError) {
    console.error(error.message)
    process.exit(2)
  }
  if (error instanceof KeyError) {
    console.error(error.message)
    process.exit(1)
  }
  // What a user can mend needs no stack; a bug does.
  console.error(EngineError.isInstance(error) ? error.describe() : error)
  process.exit(1)
}
