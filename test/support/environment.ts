/** Vitest's globalSetup: real MLX needs its Python environment before the first test. */
import { ensureEnvironment } from '../../scripts/environment.ts'

export async function setup(): Promise<void> {
  await ensureEnvironment()
}
