/** `npm run keys`: makes, lists and revokes the keys of the server. */
import { resolve } from 'node:path'
import { findProject } from 'mlx-app/setup'
import { runKeys } from '../../../packages/server/src/keys/command.ts'
import { readSettings, SettingError } from '../../../packages/server/src/settings.ts'

try {
  const { keysFile } = readSettings(process.env)
  const path = resolve(findProject().root, keysFile)
  process.exitCode = await runKeys(process.argv.slice(2), path, { say: console.log, note: console.error })
} catch (error) {
  if (!(error instanceof SettingError)) throw error
  console.error(error.message)
  process.exitCode = 2
}
