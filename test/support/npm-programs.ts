/** Installs npm packages that tests run, once for all runs, in a folder that git and npm ignore. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

const cacheFolder = fileURLToPath(new URL('../../node_modules/.cache/create-mlx-app/', import.meta.url))

/**
 * Installs packages if needed.
 *
 * @param name the folder in the cache, which is that of these packages only.
 * @param packages such as `node@22.12.0`.
 * @returns the path of their `node_modules`.
 */
export async function installOnce(name: string, packages: readonly string[]): Promise<string> {
  const home = join(cacheFolder, name)
  const modules = join(home, 'node_modules')
  if (existsSync(modules)) return modules
  mkdirSync(join(home, '..'), { recursive: true })
  const making = mkdtempSync(join(cacheFolder, 'making-'))
  writeFileSync(join(making, 'package.json'), '{ "private": true }')
  await execa('npm', ['install', '--no-save', '--no-audit', '--no-fund', ...packages], { cwd: making })
  try {
    renameSync(making, home)
  } catch (error) {
    // Another worker may have installed them first.
    if (!existsSync(modules)) throw error
    rmSync(making, { recursive: true })
  }
  return modules
}
