/** Creates the npm locks of this repository for scripts/locks.ts. */
import { existsSync, readdirSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { z } from 'zod'
import { clientsPath } from './client-packages.ts'

const root = fileURLToPath(new URL('../', import.meta.url))

/** The folders that have a lock, relative to the repository. */
export const lockedFolders = ['.', clientsPath, 'test/desktop']

export interface NpmLockOptions {
  /** Whether to take the newest versions that package.json allows instead of those in the current lock. */
  upgrade: boolean
  /** The URL of the registry. The default is the one that npm is configured with. */
  registry?: string
}

const workspacesSchema = z.looseObject({ workspaces: z.array(z.string()).default([]) })
const lockSchema = z.looseObject({ packages: z.record(z.string(), z.looseObject({})) })

/**
 * Returns the lock that npm creates for a folder where nothing is installed. With a node_modules, npm would omit packages for
 * other platforms.
 *
 * @param folder one of `lockedFolders`.
 * @returns the text of its package-lock.json.
 */
export async function npmLock(folder: string, options: NpmLockOptions): Promise<string> {
  const source = join(root, folder)
  const making = await mkdtemp(join(tmpdir(), 'mlx-app-npm-lock-'))
  try {
    const { workspaces } = workspacesSchema.parse(
      JSON.parse(await readFile(join(source, 'package.json'), 'utf8')),
    )
    const folders = workspaces.flatMap((pattern) => foldersOf(source, pattern))
    const manifests = ['.', ...folders].map((name) => join(name, 'package.json'))
    const held =
      options.upgrade || !existsSync(join(source, 'package-lock.json')) ? [] : ['package-lock.json']
    for (const name of [...manifests, ...held, '.npmrc']) {
      await mkdir(dirname(join(making, name)), { recursive: true })
      await copyFile(join(source, name), join(making, name))
    }
    const registry = options.registry === undefined ? [] : ['--registry', options.registry]
    // Nothing is installed, so it doesn't matter which Node the packages need.
    await execa('npm', ['install', '--package-lock-only', '--loglevel', 'error', ...registry], {
      cwd: making,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    return withoutLibc(await readFile(join(making, 'package-lock.json'), 'utf8'))
  } finally {
    await rm(making, { recursive: true, force: true })
  }
}

/** Returns the folders that an entry of `workspaces` stands for: the folder itself, or its subfolders if it ends in a star. */
function foldersOf(source: string, pattern: string): string[] {
  if (!pattern.endsWith('/*')) return [pattern]
  const parent = dirname(pattern)
  const names = readdirSync(join(source, parent))
  return names
    .map((name) => join(parent, name))
    .filter((folder) => existsSync(join(source, folder, 'package.json')))
}

/**
 * Removes `libc` from a lock. npm 11.19 adds it and npm 10 removes it, but neither changes a lock without it. Without it, npm
 * installs binaries for both musl and glibc, as npm 10 always does.
 */
export function withoutLibc(lock: string): string {
  const { packages, ...rest } = lockSchema.parse(JSON.parse(lock))
  const entries = Object.entries(packages).map(([path, { libc: _, ...entry }]) => [path, entry])
  return `${JSON.stringify({ ...rest, packages: Object.fromEntries(entries) }, null, 2)}\n`
}
