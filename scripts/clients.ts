/**
 * The official clients that the server is tried with:
 *
 *   tsx scripts/clients.ts install   puts them where their tests find them, which the type check needs too
 *   npm run test:clients             runs their tests on a Node that they support; further arguments go to Vitest
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
  console.error('Which task? There are install and test.')
  process.exitCode = 2
}
