/** Makes the npm locks of this repository anew, as scripts/locks.ts does with those of Python. */
import { existsSync, readdirSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { z } from 'zod'
import { clientsPath } from './client-packages.ts'

const root = fileURLToPath(new URL('../', import.meta.url))

/** The folders with a lock of their own, from the repository. */
export const lockedFolders = ['.', clientsPath]

export interface NpmLockOptions {
  /** Takes the newest versions that fit package.json; otherwise those of the present lock stay. */
  upgrade: boolean
  /** Address of the registry; by default the one that npm is set to. */
  registry?: string
}

const workspacesSchema = z.looseObject({ workspaces: z.array(z.string()).default([]) })
const lockSchema = z.looseObject({ packages: z.record(z.string(), z.looseObject({})) })

/**
 * The lock of a folder as npm makes it where nothing is installed: beside a node_modules it would leave out the packages
 * of other systems.
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
    // What is made here is installed nowhere, so it doesn't matter which Node the packages need.
    await execa('npm', ['install', '--package-lock-only', '--loglevel', 'error', ...registry], {
      cwd: making,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    return withoutLibc(await readFile(join(making, 'package-lock.json'), 'utf8'))
  } finally {
    await rm(making, { recursive: true, force: true })
  }
}

/** The folders that an entry of `workspaces` means: itself, or with a star at its end what lies below. */
function foldersOf(source: string, pattern: string): string[] {
  if (!pattern.endsWith('/*')) return [pattern]
  const parent = dirname(pattern)
  const names = readdirSync(join(source, parent))
  return names
    .map((name) => join(parent, name))
    .filter((folder) => existsSync(join(source, folder, 'package.json')))
}

/**
 * A lock without `libc`, which npm 11.19 writes and npm 10 takes out again: each would change the file of the other. Neither
 * changes one without it. The price is that npm installs the binaries for musl beside those for glibc, as npm 10 always does.
 */
export function withoutLibc(lock: string): string {
  const { packages, ...rest } = lockSchema.parse(JSON.parse(lock))
  const entries = Object.entries(packages).map(([path, { libc: _, ...entry }]) => [path, entry])
  return `${JSON.stringify({ ...rest, packages: Object.fromEntries(entries) }, null, 2)}\n`
}
