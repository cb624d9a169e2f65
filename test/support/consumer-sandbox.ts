/** A sandbox for projects that use the package mlx-app directly, without the tool. */
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, relative } from 'node:path'
import { expect } from 'vitest'
import { obtainUv } from '../../scripts/environment.ts'
import { packPackages } from '../../scripts/packages.ts'
import type { PackageManager } from '../../src/choices.ts'
import { writeTree } from './folders.ts'
import { createSandbox, type ShellOptions, type ShellResult } from './package-manager-sandbox.ts'
import { startRegistry } from './registry.ts'

/** A sandbox and a registry with mlx-app. */
export interface ConsumerSandbox extends AsyncDisposable {
  /** The folder with the home folder and the projects. */
  folder: string
  /** The path of the tarball of mlx-app, which the registry also has. */
  tarball: string
  /** Creates a project folder with files. */
  project(name: string, files?: Readonly<Record<string, string>>): string
  /** Runs a command line. @returns its output, even if it failed. */
  shell(line: string, options: ShellOptions): Promise<ShellResult>
  /** Runs a command line that must succeed. @returns its standard output. */
  succeed(line: string, cwd: string, env?: NodeJS.ProcessEnv): Promise<string>
  /** Runs a command line until it has printed something, runs `meanwhile`, then stops it as Ctrl-C does. */
  until(printed: RegExp, line: string, cwd: string, meanwhile: (seen: string) => Promise<void>): Promise<void>
}

/** Creates a sandbox. @param manager a package manager to install, in addition to the npm that comes with Node. */
export async function createConsumerSandbox(manager?: PackageManager): Promise<ConsumerSandbox> {
  const packed = (await packPackages()).find(({ name }) => name === 'mlx-app')
  if (packed === undefined) throw new Error('mlx-app was not packed.')
  const folder = mkdtempSync(join(tmpdir(), 'mlx app é '))
  const registry = await startRegistry({ tarballs: [packed.path] })
  const machine = await createSandbox(manager, folder, registry.url)
  const environment = {
    PATH: [dirname(await obtainUv()), machine.environment.PATH].join(delimiter),
    NEXT_TELEMETRY_DISABLED: '1',
    NO_COLOR: '1',
  }
  const shell = async (line: string, options: ShellOptions) =>
    await machine.shell(line, { ...options, env: { ...environment, ...options.env } })
  return {
    folder,
    tarball: packed.path,
    project: (name, files = {}) => {
      const project = join(folder, name)
      writeTree(project, { 'package.json': '{ "private": true }', ...files })
      return project
    },
    shell,
    succeed: async (line, cwd, env = {}) => {
      const { exitCode, stdout, all } = await shell(line, { cwd, env })
      expect(exitCode, `${line}\n${all}`).toBe(0)
      return stdout
    },
    until: async (printed, line, cwd, meanwhile) => {
      await machine.until(printed, line, { cwd, env: environment }, meanwhile)
    },
    [Symbol.asyncDispose]: async () => {
      await registry[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const readme = readFileSync(new URL('../../packages/engine/README.md', import.meta.url), 'utf8')

/** Returns a file from the README of mlx-app: a code block that starts with a comment with its name. */
export function readmeFile(name: string): string {
  const blocks = Array.from(readme.matchAll(/^```\w+\n(.*?)^```$/gms), ([, code = '']) => code)
  const block = blocks.find((code) => code.startsWith(`// ${name}\n`) || code.startsWith(`# ${name}\n`))
  if (block === undefined) throw new Error(`README.md has no ${name}`)
  return block
}

/** Returns the command lines in the README of mlx-app that start with these words. */
export function readmeCommands(beginning: string): string[] {
  const blocks = Array.from(readme.matchAll(/^```sh\n(.*?)^```$/gms), ([, code = '']) => code)
  const lines = blocks.flatMap((code) => code.split('\n')).filter((line) => line.startsWith(beginning))
  if (lines.length === 0) throw new Error(`README.md has no command ${beginning}`)
  return lines.map((line) => line.replace(/ *#.*/, ''))
}

/**
 * Runs `work` and expects that it does not write to a folder.
 *
 * @param except paths of files and folders that may be written to.
 */
export async function expectNoFileWritten<Result>(
  folder: string,
  except: readonly string[],
  work: () => Promise<Result>,
): Promise<Result> {
  const before = filesBelow(folder, except)
  const result = await work()
  const after = filesBelow(folder, except)
  const paths = [...new Set([...before.keys(), ...after.keys()])]
  expect(paths.filter((path) => before.get(path) !== after.get(path))).toEqual([])
  return result
}

/** Returns the size and modification time of each file in a folder by path, or the target if it is a link. */
function filesBelow(folder: string, except: readonly string[]): Map<string, string> {
  const found = new Map<string, string>()
  const walk = (below: string): void => {
    for (const entry of readdirSync(below, { withFileTypes: true })) {
      const path = join(below, entry.name)
      const name = relative(folder, path)
      if (except.includes(name)) continue
      if (entry.isDirectory()) walk(path)
      else if (entry.isSymbolicLink()) found.set(name, readlinkSync(path))
      else {
        const { size, mtimeMs } = lstatSync(path)
        found.set(name, `${size} bytes of ${mtimeMs}`)
      }
    }
  }
  walk(folder)
  return found
}

/** The folders in a home folder that package managers and uv write to. */
export const caches = ['.npm', '.cache', '.yarn', '.local/share/pnpm', '.local/state/pnpm']

/** Returns the words to put before a command so that a folder is read-only for it, even as root. */
export function withReadOnly(folder: string): string {
  if (!existsSync(folder)) throw new Error(`${folder} does not exist`)
  const own = process.getuid?.() === 0 ? '--mount' : '--mount --user --map-root-user'
  const bind = `mount --bind '${folder}' '${folder}' && mount -o remount,bind,ro '${folder}'`
  return `unshare ${own} sh -c "${bind} && exec \\"\\$@\\"" sh`
}
