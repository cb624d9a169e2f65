import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { z } from 'zod'
import { interpreterIn } from '../packages/engine/src/engine/project/index.ts'
import { bundle, type PackageOrigin } from '../scripts/bundle.ts'
import { repository } from '../scripts/environment.ts'

export const root = fileURLToPath(new URL('../', import.meta.url))
/** The repository's Python environment, made by the product's own set-up. */
export const python = interpreterIn(repository.virtualEnvironment)
/** The folder of the hello model. */
export const hello = join(root, 'packages', 'engine', 'python', 'src', 'mlx_app', 'hello')

/** A folder that is removed in the end; peers and the projects to measure are made in it. */
export async function openWorkshop(parent = tmpdir()): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(parent, 'create-mlx-app-bench-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** Installs a package of the npm registry and gives the path of its program. */
export async function installPeer(workshop: string, name: string, version: string): Promise<string> {
  const folder = join(workshop, `peer-${name}`)
  await mkdir(folder)
  await execa('npm', ['install', '--prefix', folder, `${name}@${version}`], { cwd: folder })
  const path = join(folder, 'node_modules', name, 'package.json')
  const { default: manifest } = await import(path, { with: { type: 'json' } })
  const { bin: bins } = z.object({ bin: z.record(z.string(), z.string()) }).parse(manifest)
  return join(folder, 'node_modules', name, bins[name] ?? '')
}

/**
 * The tool in a folder of its own, as it is packed; built once for each origin.
 *
 * @param origin where its projects get the packages of this repository.
 * @returns the path of the folder, which has the bin `dist/index.js`.
 */
export async function builtTool(workshop: string, origin: PackageOrigin): Promise<string> {
  const folder = join(workshop, `tool-${origin}`)
  if (existsSync(folder)) return folder
  await bundle(join(folder, 'dist'), origin)
  for (const name of ['README.md', 'LICENSE', 'package.json']) await cp(join(root, name), join(folder, name))
  return folder
}

/** Files in memory, where the system has such a folder: a disk's journal would be most of what is measured. */
export function memoryFolder(): string {
  return existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
}

/** Creates a project with everything that a user gets: dependencies installed, Python set up. */
export async function createProject(workshop: string, name: string, template = 'node'): Promise<string> {
  const folder = join(workshop, name)
  const bin = join(await builtTool(workshop, 'vendor'), 'dist', 'index.js')
  await execa('node', [bin, folder, '--yes', '--template', template, '--model', 'hello', '--no-git'])
  return folder
}
