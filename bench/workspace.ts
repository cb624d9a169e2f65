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
/** The Python environment of this repository, which the setup of the engine creates. */
export const python = interpreterIn(repository.virtualEnvironment)
/** The folder of the hello model. */
export const hello = join(root, 'packages', 'engine', 'python', 'src', 'mlx_app', 'hello')

/** Creates a temporary folder for peers and projects. */
export async function createWorkspace(parent = tmpdir()): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(parent, 'create-mlx-app-bench-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** Installs an npm package and returns the path of its program. */
export async function installPeer(workspace: string, name: string, version: string): Promise<string> {
  const folder = join(workspace, `peer-${name}`)
  await mkdir(folder)
  await execa('npm', ['install', '--prefix', folder, `${name}@${version}`], { cwd: folder })
  const path = join(folder, 'node_modules', name, 'package.json')
  const { default: manifest } = await import(path, { with: { type: 'json' } })
  const { bin: bins } = z.object({ bin: z.record(z.string(), z.string()) }).parse(manifest)
  return join(folder, 'node_modules', name, bins[name] ?? '')
}

/**
 * Builds the tool in a separate folder as it is packed, once for each origin.
 *
 * @param origin where created projects get the packages of this repository from.
 * @returns the path of the folder, which contains `dist/index.js`.
 */
export async function buildTool(workspace: string, origin: PackageOrigin): Promise<string> {
  const folder = join(workspace, `tool-${origin}`)
  if (existsSync(folder)) return folder
  await bundle(join(folder, 'dist'), origin)
  for (const name of ['README.md', 'LICENSE', 'package.json']) await cp(join(root, name), join(folder, name))
  return folder
}

/** Returns a folder in memory if the system has one. On a disk, most of the time would go to its journal. */
export function memoryFolder(): string {
  return existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
}

/**
 * Creates a project as a user does, with its dependencies installed and Python set up.
 *
 * @param env variables that replace those of this process.
 */
export async function createProject(
  workspace: string,
  name: string,
  template = 'node',
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const folder = join(workspace, name)
  const bin = join(await buildTool(workspace, 'vendor'), 'dist', 'index.js')
  await execa('node', [bin, folder, '--yes', '--template', template, '--model', 'hello', '--no-git'], { env })
  return folder
}
