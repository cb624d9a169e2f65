/** Vitest's globalSetup: the official clients are installed before their first test, which runs on a Node that they support. */
import { ensureClients, supportsClients } from '../../scripts/client-packages.ts'

export async function setup(): Promise<void> {
  if (!(await supportsClients(process.version)))
    throw new Error(
      `The clients don't support Node ${process.version}: npm run test:clients runs them on a newer one.`,
    )
  await ensureClients()
}
