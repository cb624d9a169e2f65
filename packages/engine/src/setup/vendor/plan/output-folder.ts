/** Which folders the output may replace. */
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, sep } from 'node:path'
import { EngineError } from '../../../engine/index.ts'

/** The record in each folder of the output. A folder without it was not made by `mlx-app vendor`. */
export const recordName = 'vendor.json'

/** Files that git and the Finder need, which are neither the user's nor part of the output. */
const unowned = new Set(['.gitignore', '.DS_Store'])

/** The name of an output that is being made. It is left behind if the process is killed. */
export const stagingPrefix = '.vendor-'

/**
 * Checks that the output replaces nothing that belongs to the user.
 *
 * @throws EngineError INVALID_REQUEST
 */
export function requireOwnOutput(root: string, dist: string, name: string, clean: boolean): void {
  const [project, output] = [realPath(root), realPath(dist)]
  if (project === output || project.startsWith(output + sep)) {
    throw refused(`The output ${dist} must be a folder of its own, not one with the project in it.`)
  }
  if (existsSync(dist) && !statSync(dist).isDirectory()) throw refused(`The output ${dist} is not a folder.`)
  if (clean && !output.startsWith(project + sep)) {
    throw refused(`--clean deletes only an output inside the project, and ${dist} is outside of ${root}.`)
  }
  const checked = clean ? entriesOf(dist) : [name, 'python']
  const foreign = checked.find((entry) => !isOwn(join(dist, entry)))
  if (foreign !== undefined) {
    throw refused(
      `${join(dist, foreign)} was not made by mlx-app vendor, so it is not ${clean ? 'deleted' : 'replaced'}.`,
    )
  }
}

function refused(message: string): EngineError {
  return new EngineError('INVALID_REQUEST', message, {
    hint: 'Choose another folder with --dist-dir (DIST_DIR).',
  })
}

/** Returns the names in a folder of what was made by `mlx-app vendor`. */
export function ownEntries(folder: string): string[] {
  return entriesOf(folder).filter((name) => isOwn(join(folder, name)))
}

function entriesOf(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => !unowned.has(name)) : []
}

function isOwn(path: string): boolean {
  return !existsSync(path) || basename(path).startsWith(stagingPrefix) || existsSync(join(path, recordName))
}

/** Returns the real path of a folder that may not exist yet. */
function realPath(path: string): string {
  if (existsSync(path)) return realpathSync(path)
  const parent = dirname(path)
  return parent === path ? path : join(realPath(parent), path.slice(parent.length).replace(/^[/\\]/, ''))
}
