/** Finds the folder of the project, for the engine, the setup and the doctor. */
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import * as z from 'zod'

export const configName = 'mlx.config.json'

export interface ProjectRoot {
  root: string
  /** Why this folder is the project, for the doctor. */
  reason: string
}

/**
 * Returns the project's folder: the nearest one with an mlx.config.json, otherwise the nearest one with a package.json.
 * The search goes upwards from the first of these that is set: `from`, MLX_PROJECT, the script that was started (unless
 * it is in node_modules), the working directory.
 */
export function findRoot(
  from: string | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): ProjectRoot {
  const [start, because] = startOf(from, environment)
  for (const name of [configName, 'package.json']) {
    const root = findUp(start, (folder) => existsSync(join(folder, name)))
    if (root !== undefined) return { root, reason: `${name}, ${because}` }
  }
  return { root: start, reason: because }
}

function startOf(
  from: string | undefined,
  { MLX_PROJECT }: NodeJS.ProcessEnv,
): [start: string, because: string] {
  if (from !== undefined) return [resolve(from), 'the folder that was given']
  if (MLX_PROJECT) return [resolve(MLX_PROJECT), 'MLX_PROJECT']
  const script = startedScript()
  if (script !== undefined) return [dirname(script), 'the script that was started']
  return [process.cwd(), 'the working directory']
}

/** Returns the script that Node was started with, unless it belongs to a package, such as a test runner. */
function startedScript(): string | undefined {
  const [, script] = process.argv
  if (script === undefined) return undefined
  const path = resolve(script)
  if (isInPackages(path)) return undefined
  try {
    const real = realpathSync(path)
    return isInPackages(real) ? undefined : real
  } catch {
    // It is not on disk, as with `node -`.
    return undefined
  }
}

function isInPackages(path: string): boolean {
  return path.split(sep).includes('node_modules')
}

/**
 * Returns the folders in which to look for the Python environment: the project's, and those above it up to the root of
 * its workspace. Node.js finds packages the same way.
 */
export function environmentFolders(root: string): string[] {
  const workspace = findUp(dirname(root), isWorkspaceRoot)
  if (workspace === undefined) return [root]
  const folders: string[] = []
  for (let folder = root; folder !== workspace; folder = dirname(folder)) folders.push(folder)
  return [...folders, workspace]
}

const manifestSchema = z.object({ workspaces: z.unknown() })

function isWorkspaceRoot(folder: string): boolean {
  if (existsSync(join(folder, 'pnpm-workspace.yaml'))) return true
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    return manifestSchema.safeParse(manifest).data?.workspaces !== undefined
  } catch {
    // There is no package.json, or npm can't read it either.
    return false
  }
}

function findUp(start: string, matches: (folder: string) => boolean): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    if (matches(folder)) return folder
    if (dirname(folder) === folder) return undefined
  }
}
