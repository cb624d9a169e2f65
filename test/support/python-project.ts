/** A project of the template `python`, with the packages in its uv.lock and an environment. */
import { delimiter, dirname } from 'node:path'
import { execa } from 'execa'
import { obtainUv } from '../../scripts/environment.ts'
import { dateText, lockDate } from '../../scripts/lock-date.ts'
import type { FeatureId } from '../../src/choices.ts'
import { version } from '../../src/version.ts'
import { writeComposed } from './composed.ts'

/** Returns the environment for commands: with uv on the PATH, and without packages that are newer than the locks. */
export async function pythonCommandEnvironment(): Promise<NodeJS.ProcessEnv> {
  return {
    PATH: [dirname(await obtainUv()), process.env.PATH].join(delimiter),
    UV_EXCLUDE_NEWER: dateText(lockDate()),
    UV_PYTHON_DOWNLOADS: 'never',
    // No command may change an environment that is not the project's. With UV_PYTHON, uv pip would.
    UV_PYTHON: undefined,
    VIRTUAL_ENV: undefined,
    MLX_DEVICE: 'cpu',
    NO_COLOR: '1',
  }
}

/** Writes the project my-package to a folder, and completes its uv.lock. @returns its files by path. */
export async function writePythonProject(
  folder: string,
  features: FeatureId[] = [],
): Promise<Map<string, Uint8Array>> {
  const answers = { name: 'my-package', template: 'python', features } as const
  const files = await writeComposed(folder, answers, version)
  await execa(await obtainUv(), ['lock', '--quiet'], { cwd: folder, env: await pythonCommandEnvironment() })
  return files
}
