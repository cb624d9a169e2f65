/** Vitest's globalSetup, which installs the clients before their first test. */
import { ensureClients, supportsClients } from '../../scripts/client-packages.ts'

export async function setup(): Promise<void> {
  if (!(await supportsClients(process.version)))
    throw new Error(
      `The clients don't support Node ${process.version}. npm run test:clients uses a newer one.`,
    )
  await ensureClients()
}
