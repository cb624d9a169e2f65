/** Vitest's globalSetup: the tests run a real model, so they need the Python environment. */
import { isSetUp, scriptCommand } from 'mlx-app/setup'

export function setup(): void {
  if (isSetUp()) return
  console.error(
    `The tests run a real model, and the Python environment is missing. Run: ${scriptCommand('setup')}`,
  )
  process.exit(1)
}
