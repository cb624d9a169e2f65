/** The wheels that the locks of a project name, as `pip download` gets them from the index of this machine. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { host } from '../../scripts/environment.ts'
import { lockHash } from '../../templates/setup/src/setup/locks.ts'
import { basePython } from './setup-project.ts'

const kept = fileURLToPath(new URL('../../node_modules/.cache/create-mlx-app/', import.meta.url))

/** A folder with the wheels of requirements.lock and of uv; got once for each state of the locks. */
export async function lockedWheels(): Promise<string> {
  const folder = join(kept, `wheels-${lockHash(host.pythonDirectory, 'plain').slice(0, 16)}`)
  if (existsSync(folder)) return folder
  const part = `${folder}.${process.pid}`
  mkdirSync(part, { recursive: true })
  const locks = ['requirements.lock', 'requirements-uv.lock'].map((name) => join(host.pythonDirectory, name))
  await execa(await basePython(), [
    ...['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--require-hashes'],
    ...['--only-binary', ':all:', '--dest', part, ...locks.flatMap((lock) => ['-r', lock])],
  ])
  // Another test may have been quicker.
  if (existsSync(folder)) rmSync(part, { recursive: true })
  else renameSync(part, folder)
  return folder
}
