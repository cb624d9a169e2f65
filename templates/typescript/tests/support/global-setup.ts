/** Vitest's globalSetup, which stops the test run if the Python environment is missing. */
import { isSetUp, scriptCommand } from 'mlx-app/setup'

export function setup(): void {
  if (isSetUp()) return
  console.error(
    `The tests run a real model, but the Python environment is missing. Run: ${scriptCommand('setup')}`,
  )
  process.exit(1)
}
