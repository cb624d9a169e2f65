/**
 * Installs and tests the clients that the server is tested with:
 *
 *   tsx scripts/clients.ts install   installs them for their tests and the type check
 *   npm run test:clients             runs their tests on a supported Node, with further arguments for Vitest
 */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { ensureClients, nodeForClients } from './client-packages.ts'

const root = fileURLToPath(new URL('../', import.meta.url))

const [task, ...rest] = process.argv.slice(2)
if (task === 'install') {
  await ensureClients()
} else if (task === 'test') {
  const vitest = join(dirname(fileURLToPath(import.meta.resolve('vitest/package.json'))), 'vitest.mjs')
  const { exitCode } = await execa(await nodeForClients(), [vitest, 'run', '--project', 'clients', ...rest], {
    cwd: root,
    reject: false,
    stdio: 'inherit',
  })
  process.exitCode = exitCode ?? 1
} else {
  console.error('Usage: tsx scripts/clients.ts install | test [ARGUMENTS OF VITEST]')
  process.exitCode = 2
}
