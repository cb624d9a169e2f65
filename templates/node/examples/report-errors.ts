/** Prints an error of the engine without its stack: the message says what failed, and the hint how to fix it. */

import { EngineError } from 'mlx-app'

process.on('uncaughtException', (error) => {
  console.error(EngineError.isInstance(error) ? error.describe() : error)
  process.exit(1)
})
