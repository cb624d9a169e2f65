/** Finds the libraries that the binaries of the output need, and that are not in it. */
import { existsSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { EngineError } from '../../../engine/index.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import type { VendorTarget } from '../plan/target.ts'
import type { Binary } from './binaries.ts'
import { readElfLibraries } from './elf.ts'
import { readMachLibraries } from './mach-o.ts'

/** Where macOS has its own libraries. */
const macosFolders = /^\/(usr\/lib|System)\//

/** The libraries of glibc and of GCC, and zlib, which the wheels of numpy need too. */
const linuxLibraries =
  /^(ld-linux-(x86-64|aarch64)|lib(z|c|m|dl|rt|util|pthread|resolv|nsl|anl|mvec|gcc_s|stdc\+\+|atomic))\.so(\.\d+)*$/

/** The binaries that need a library, by the name of the library. */
export type MissingLibraries = Record<string, string[]>

/**
 * Returns the libraries that are neither in the output nor a part of the target's system.
 *
 * @param binaries those of the packages and of the interpreter.
 */
export async function findMissingLibraries(
  binaries: readonly Binary[],
  { system, machine }: VendorTarget,
): Promise<MissingLibraries> {
  const names = new Set(binaries.map(({ name }) => basename(name)))
  const missing: MissingLibraries = {}
  for (const { path, name } of binaries) {
    const libraries =
      system === 'darwin' ? await readMachLibraries(path, machine) : await readElfLibraries(path)
    const isThere = (library: string) =>
      system === 'darwin'
        ? isOnMac(library, path, names)
        : linuxLibraries.test(library) || names.has(basename(library))
    for (const library of libraries.filter((each) => !isThere(each))) {
      missing[library] = [...(missing[library] ?? []), name]
    }
  }
  return missing
}

/** Whether a Mac finds a library. Those with `@rpath` can be anywhere in the output. */
function isOnMac(library: string, neededBy: string, names: ReadonlySet<string>): boolean {
  if (!library.startsWith('@')) return macosFolders.test(library)
  const [place, ...rest] = library.split('/')
  return place === '@loader_path'
    ? existsSync(resolve(dirname(neededBy), ...rest))
    : names.has(basename(library))
}

/**
 * Checks which libraries the output needs from the system. A user's Mac doesn't have those of the machine that built the
 * output, such as Homebrew's OpenSSL. On Linux, they can be in a package that the app requires.
 *
 * @returns the names of the libraries.
 * @throws EngineError UNSUPPORTED on macOS if there are any.
 */
export async function checkLibraries(
  binaries: readonly Binary[],
  target: VendorTarget,
  terminal: Terminal,
): Promise<string[]> {
  const missing = await findMissingLibraries(binaries, target)
  const lines = Object.entries(missing).map(([library, users]) => `  ${library}, for ${users.join(', ')}`)
  if (lines.length === 0) return []
  if (target.system === 'darwin') {
    throw new EngineError(
      'UNSUPPORTED',
      `Some libraries are not in the output, so the app would not run on another Mac:\n${lines.join('\n')}`,
      {
        hint: 'Use a relocatable CPython, such as one of python-build-standalone, and wheels that contain their libraries.',
      },
    )
  }
  terminal.note(`The system of the user must have these libraries:\n${lines.join('\n')}`)
  return Object.keys(missing)
}
