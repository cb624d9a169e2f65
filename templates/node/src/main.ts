/** `npm start`: a chat in the terminal, or the answer to one question. The only place that sets the exit code. */
import { EngineError } from 'mlx-app'
import { helpText, readArguments, UsageError } from './chat/arguments.ts'
import { start } from './chat/start.ts'

// The worker ends when its input does, so nothing is left behind by leaving at once.
process.on('SIGINT', () => {
  if (process.stderr.isTTY) process.stderr.write('\n')
  process.exit(130)
})
process.on('SIGTERM', () => process.exit(143))
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever read the answer has seen enough: `| head -1`.
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

try {
  const options = readArguments(process.argv.slice(2), process.env)
  if (options.help) process.stdout.write(helpText())
  else await start(options)
} catch (error) {
  process.exitCode = report(error)
}

function report(error: unknown): number {
  if (error instanceof UsageError) {
    console.error(`${error.message}\nSee --help.`)
    return 2
  }
  // What a user can fix needs no stack; a bug does.
  console.error(EngineError.isInstance(error) ? error.describe() : error)
  return EngineError.isInstance(error) && error.code === 'ABORTED' ? 130 : 1
}
