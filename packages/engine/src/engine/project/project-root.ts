/** Which folder is the project: the engine, the set-up and the doctor all ask here. */
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import * as z from 'zod'

export const configName = 'mlx.config.json'

export interface ProjectRoot {
  root: string
  /** Why it is this folder, for the doctor. */
  reason: string
}

/**
 * The project's folder: the nearest one with an mlx.config.json, else with a package.json, at or above where the search
 * begins. It begins at `from`, at MLX_PROJECT, at the script that was started (unless that lies in node_modules), or in
 * the working directory: the first of them that there is.
 */
export function findRoot(
  from: string | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): ProjectRoot {
  const [start, because] = startOf(from, environment)
  for (const name of [configName, 'package.json']) {
    const root = nearest(start, (folder) => existsSync(join(folder, name)))
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

/** The script that Node was started with; undefined for one of a package, such as a test runner or a server's command. */
function startedScript(): string | undefined {
  const [, script] = process.argv
  if (script === undefined) return undefined
  const path = resolve(script)
  if (isInPackages(path)) return undefined
  try {
    const real = realpathSync(path)
    return isInPackages(real) ? undefined : real
  } catch {
    // Nothing on disk: `node -` and the like.
    return undefined
  }
}

function isInPackages(path: string): boolean {
  return path.split(sep).includes('node_modules')
}

/**
 * Where the Python environment is looked for: in the project's folder, then in those above it up to the root of its
 * workspace, as packages are looked for.
 */
export function environmentFolders(root: string): string[] {
  const workspace = nearest(dirname(root), isWorkspaceRoot)
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
    // No package.json, or one that npm can't read either.
    return false
  }
}

function nearest(start: string, matches: (folder: string) => boolean): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    if (matches(folder)) return folder
    if (dirname(folder) === folder) return undefined
  }
}
