/** Installs npm packages that tests run, once for all runs, in a folder that git and npm ignore. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { makeOnce } from './make-once.ts'

const cacheFolder = fileURLToPath(new URL('../../node_modules/.cache/create-mlx-app/', import.meta.url))

/**
 * Installs packages if needed.
 *
 * @param name the folder in the cache, which is that of these packages only.
 * @param packages such as `node@22.12.0`.
 * @returns the path of their `node_modules`.
 */
export function installOnce(name: string, packages: readonly string[]): Promise<string> {
  return makeOnce(join(cacheFolder, name), 'node_modules', async (cwd) => {
    writeFileSync(join(cwd, 'package.json'), '{ "private": true }')
    await execa('npm', ['install', '--no-save', '--no-audit', '--no-fund', ...packages], { cwd })
  })
}
