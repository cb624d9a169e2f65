/** Runs the chat, or answers one question, for `npm start`. This is the only file that sets the exit code. */
import { EngineError } from 'mlx-app'
import { helpText, readArguments, UsageError } from './chat/arguments.ts'
import { start } from './chat/start.ts'

// It is safe to exit at once: the worker exits when its standard input closes.
process.on('SIGINT', () => {
  if (process.stderr.isTTY) process.stderr.write('\n')
  process.exit(130)
})
process.on('SIGTERM', () => process.exit(143))
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader closed the pipe, as `| head -1` does.
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
  // An EngineError tells the user how to fix it. Anything else is a bug, and is shown with its stack.
  console.error(EngineError.isInstance(error) ? error.describe() : error)
  return EngineError.isInstance(error) && error.code === 'ABORTED' ? 130 : 1
}
