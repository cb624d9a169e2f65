/** Vitest's globalSetup, which creates the Python environment before the first test. */
import { ensureEnvironment } from '../../scripts/environment.ts'

export async function setup(): Promise<void> {
  await ensureEnvironment()
}
