/** Downloads the wheels in the locks of a project. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { pythonDirectory } from '../../packages/engine/src/package-files.ts'
import { hashFiles, lockFiles, serverLock } from '../../packages/engine/src/setup/plan/locks.ts'
import { repository } from '../../scripts/environment.ts'
import { basePython } from './setup-project.ts'

const kept = fileURLToPath(new URL('../../node_modules/.cache/create-mlx-app/', import.meta.url))

/** The command in the README of a project. */
export const wheelsCommand =
  'python3 -m pip download --no-deps --require-hashes --dest wheels -r node_modules/mlx-app/python/requirements.lock -r node_modules/mlx-app/python/requirements-uv.lock'

/** The lock that only `mlx-app vendor` adds. */
const server = join(pythonDirectory, serverLock)

/** Returns a folder with the wheels of the locks and uv, which are downloaded once until the locks change. */
export async function lockedWheels(): Promise<string> {
  const locks = [...lockFiles(pythonDirectory, 'plain'), server]
  const folder = join(kept, `wheels-${hashFiles(locks).slice(0, 16)}`)
  if (existsSync(folder)) return folder
  const part = `${folder}.${process.pid}`
  mkdirSync(part, { recursive: true })
  const [, ...words] = wheelsCommand.split(' ')
  const download = words.map((word) => (word === 'wheels' ? part : word))
  await execa(await basePython(), [...download, '-r', server], { cwd: repository.root })
  // Another test may have downloaded them first.
  if (existsSync(folder)) rmSync(part, { recursive: true })
  else renameSync(part, folder)
  return folder
}
